import { expect } from 'chai';
import type { SessionSend } from '../../../lib/sip/network.js';
import { bot, contact, cpim, Dialogue, type DialogueOptions, user } from '../dialogue.js';
import { ScriptedSession } from '../scripted-network.js';

const patienceMs = 5_000;

describe('a user’s chat', () => {
  let dialogue: Dialogue;
  const begin = async (options?: DialogueOptions): Promise<void> => {
    dialogue = await Dialogue.begin(options);
  };
  afterEach(() => dialogue.end());

  const another = { key: 'tel:+15550100002', uri: 'tel:+15550100002' };
  const later = <T>(): { readonly answer: Promise<T>; readonly come: (value: T) => void } => {
    const resolvers: ((value: T) => void)[] = [];
    const answer = new Promise<T>((resolve) => resolvers.push(resolve));
    return { answer, come: (value) => resolvers.forEach((resolve) => resolve(value)) };
  };
  const problems = (): readonly string[] =>
    dialogue.logged.flatMap(({ event }) => (/^(error|warn)/.test(event) ? [event] : []));

  it('is taken while the bot has a place, and 480 with Retry-After beyond', async () => {
    await begin({ limits: { maxSessionsPerBot: 1 } });
    await dialogue.chat();
    const second = dialogue.network.call({ botUri: bot.uri, user: another });
    await dialogue.clock.advance(0);
    expect(second.refused).to.deep.equal({ status: 480, retryAfterS: 5 });
    expect(dialogue.counted).to.include('limit_reached_total limits.sessionsPerBot');
  });

  it('is one of so many of his, those included that are being answered', async () => {
    await begin({ limits: { maxSessionsPerUser: 2 } });
    const held = later<undefined>();
    const calls = [1, 2, 3].map(() => {
      const call = dialogue.network.call({ botUri: bot.uri, user, service: 'largeMessage' });
      call.held = held.answer;
      return call;
    });
    await dialogue.clock.advance(0);
    held.come(undefined);
    await dialogue.clock.advance(0);
    expect(calls.map(({ refused }) => refused?.status)).to.deep.equal([undefined, undefined, 480]);
    expect(dialogue.interpreter.sessionCount).to.equal(2);
  });

  it('is none where its caller has gone before the answer, and no trouble', async () => {
    await begin();
    dialogue.network.call({ botUri: bot.uri, user, accept: () => Promise.resolve(undefined) });
    await dialogue.clock.advance(0);
    expect([dialogue.interpreter.sessionCount, ...problems()]).to.deep.equal([0]);
  });

  it('is none where its BYE comes before it is known to be there', async () => {
    await begin();
    dialogue.network.call({
      botUri: bot.uri,
      user,
      accept: (_bot, delegate) => {
        const session = new ScriptedSession('inbound', delegate);
        session.bye();
        return Promise.resolve(session);
      },
    });
    await dialogue.clock.advance(0);
    expect(dialogue.interpreter.sessionCount).to.equal(0);
  });

  it('is not ended by what becomes of the one before it', async () => {
    await begin();
    const before = await dialogue.chat();
    const sending = later<SessionSend>();
    before.answers.push(sending.answer);
    await dialogue.send({ text: 'hello' });
    before.bye();
    const now = await dialogue.chat();
    sending.come({ kind: 'lost' });
    await dialogue.clock.advance(1000);
    expect([now.open, now.sent.length, dialogue.interpreter.sessionCount]).to.deep.equal([true, 1, 1]);
  });

  describe('while the gateway stops', () => {
    it('ends at once where nothing is on its way', async () => {
      await begin();
      const session = await dialogue.chat();
      await dialogue.interpreter.drain(patienceMs);
      expect(session.open).to.equal(false);
    });

    it('ends once all is answered that is on its way, in both directions', async () => {
      await begin();
      const session = await dialogue.chat();
      const sending = later<SessionSend>();
      session.answers.push(sending.answer, { kind: 'accepted' });
      await dialogue.send({ text: 'hello' });
      const drained = dialogue.interpreter.drain(patienceMs);
      expect(await session.receive('message/cpim', cpim('meanwhile'))).to.equal(undefined);
      expect(session.open).to.equal(true);
      sending.come({ kind: 'accepted' });
      await drained;
      expect(session.open).to.equal(false);
    });

    it('ends when the patience does, whatever is on its way', async () => {
      await begin();
      const session = await dialogue.chat();
      const sending = later<SessionSend>();
      session.answers.push(sending.answer);
      await dialogue.send({ text: 'hello' });
      const drained = dialogue.interpreter.drain(patienceMs);
      await dialogue.clock.advance(patienceMs - 1);
      expect(session.open).to.equal(true);
      await dialogue.clock.advance(1);
      expect(session.open).to.equal(false);
      sending.come({ kind: 'lost' });
      await drained;
    });

    it('is not waited for longer than a large message that is on its way', async () => {
      await begin({ bot: { mode: 'standalone' } });
      dialogue.network.pagerBytes = 0;
      const sending = later<SessionSend>();
      dialogue.network.largeAnswers.push(sending.answer);
      const messageId = await dialogue.send({ text: 'hello' });
      const drained = dialogue.interpreter.drain(patienceMs);
      sending.come({ kind: 'accepted' });
      await drained;
      expect(await dialogue.interpreter.botRequests.status(bot, contact, { messageId })).to.deep.equal({
        status: 'Sent',
      });
    });
  });
});
