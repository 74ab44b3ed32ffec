import { expect } from 'chai';
import { ApiError } from '../../../lib/resources/api-error.js';
import { bot, contact, Dialogue, type DialogueOptions, user } from '../dialogue.js';
import type { Call } from '../scripted-network.js';

const aLongTimeMs = 3_600_000;

describe('sessions that a bot and a user agree on', () => {
  let dialogue: Dialogue;
  const begin = async (options?: DialogueOptions): Promise<void> => {
    dialogue = await Dialogue.begin(options);
    dialogue.decides = true;
  };
  afterEach(() => dialogue.end());

  const sessions = () => dialogue.interpreter.confirmed;
  const statusOf = async (sessionId: string): Promise<string | undefined> =>
    (await sessions().get(dialogue.bot, { contact, sessionId }))?.status;
  const problemOf = async (asking: Promise<unknown>): Promise<object> => {
    const problem: unknown = await asking.catch((error: unknown) => error);
    if (!(problem instanceof ApiError)) throw new Error('it was done');
    return { id: problem.id, status: problem.status };
  };
  const settled = async (): Promise<void> => {
    await dialogue.clock.advance(0);
  };
  const called = async (incoming: Partial<Call['invitation']> = {}): Promise<{ call: Call; sessionId: string }> => {
    const call = dialogue.network.call({ botUri: bot.uri, user, ...incoming });
    await settled();
    return { call, sessionId: await dialogue.invitedTo() };
  };
  const create = async (to = contact): Promise<string> => {
    const { id } = await sessions().create(dialogue.bot, to, {});
    await settled();
    return id;
  };

  describe('of a user who calls', () => {
    beforeEach(() => begin());

    it('is 480 once the bot has not answered in time, and no more can be accepted', async () => {
      const { call, sessionId } = await called();
      await dialogue.clock.advance(aLongTimeMs);
      expect(call.refused).to.deep.equal({ status: 480, retryAfterS: 30 });
      expect([await dialogue.events(), await statusOf(sessionId)]).to.deep.equal([['SessionFailed'], 'Disconnected']);
      expect(await problemOf(sessions().accept(bot, { contact, sessionId }))).to.include({ id: 'SVC0002' });
    });

    it('is not refused any more once it is accepted; a repeat is as the first', async () => {
      const { call, sessionId } = await called();
      const place = { contact, sessionId };
      expect([await sessions().accept(bot, place), await sessions().accept(bot, place)]).to.deep.equal([true, true]);
      const open = call.session;
      await dialogue.clock.advance(60_000);
      expect([call.refused, open?.open, await statusOf(sessionId)]).to.deep.equal([undefined, true, 'Connected']);
      open?.bye();
      await settled();
      expect([await dialogue.events(), await statusOf(sessionId)]).to.deep.equal([['SessionEnded'], 'Disconnected']);
    });

    it('is 603 where the bot declines, and nobody is told', async () => {
      const { call, sessionId } = await called();
      expect(await sessions().end(bot, { contact, sessionId })).to.equal(true);
      await dialogue.clock.advance(aLongTimeMs);
      expect([call.refused, await dialogue.events(), await statusOf(sessionId)]).to.deep.equal([
        { status: 603 },
        [],
        undefined,
      ]);
      expect(await sessions().end(bot, { contact, sessionId })).to.equal(false);
      expect(await sessions().accept(bot, { contact, sessionId })).to.equal(false);
    });

    it('is told once as cancelled where he gives up', async () => {
      const { call, sessionId } = await called();
      call.cancel();
      await dialogue.clock.advance(aLongTimeMs);
      expect([call.refused, await dialogue.events(), await statusOf(sessionId)]).to.deep.equal([
        undefined,
        ['SessionCancelled'],
        'Disconnected',
      ]);
    });

    it('is refused as its first message is, which cannot be taken, and so told', async () => {
      const { call, sessionId } = await called({ firstMessage: Buffer.from('no CPIM') });
      expect(await problemOf(sessions().accept(bot, { contact, sessionId }))).to.include({ id: 'POL0001' });
      expect([call.refused?.status, ...(await dialogue.events())]).to.deep.equal([400, 'SessionFailed']);
    });

    it('is told with his name and what it is about, his name not where he hides', async () => {
      const hidden = 'sip:token@anonymous.invalid';
      await called({ fromName: 'Alice', subject: 'My order' });
      await called({ fromName: 'Alice', user: { key: hidden, uri: hidden } });
      const told = (await dialogue.told()).flatMap((one) => (one.kind === 'chatSessionInvitation' ? [one] : []));
      expect(told.map(({ originatorName, subject }) => [originatorName, subject])).to.deep.equal([
        ['Alice', 'My order'],
        [undefined, undefined],
      ]);
    });

    it('is 503 where the gateway goes down, and told', async () => {
      const { call } = await called();
      await dialogue.interpreter.drain(0);
      expect([call.refused, await dialogue.events()]).to.deep.equal([
        { status: 503, retryAfterS: 30 },
        ['SessionFailed'],
      ]);
    });

    it('has its BYE where it is accepted as the gateway goes down', async () => {
      const { call, sessionId } = await called();
      let release = (): void => undefined;
      call.held = new Promise((resolve) => (release = resolve));
      const accepted = sessions().accept(bot, { contact, sessionId });
      await settled();
      const drained = dialogue.interpreter.drain(0);
      release();
      await accepted;
      await drained;
      expect([call.session?.open, await dialogue.events()]).to.deep.equal([false, ['SessionFailed']]);
    });

    it('is told no more of where the bot has ended it, and it does not come about', async () => {
      const { call, sessionId } = await called();
      let fail = (): void => undefined;
      call.held = new Promise((_resolve, reject) => (fail = () => reject(new Error('the engine is gone'))));
      const accepted = problemOf(sessions().accept(bot, { contact, sessionId }));
      await settled();
      await sessions().end(bot, { contact, sessionId });
      fail();
      expect(await accepted).to.include({ id: 'POL0001' });
      expect([await dialogue.events(), await statusOf(sessionId)]).to.deep.equal([[], undefined]);
    });

    it('has its BYE where the bot has ended it while it was accepted', async () => {
      const { call, sessionId } = await called();
      let release = (): void => undefined;
      call.held = new Promise((resolve) => (release = resolve));
      const accepted = sessions().accept(bot, { contact, sessionId });
      await settled();
      await sessions().end(bot, { contact, sessionId });
      release();
      await accepted;
      expect([call.session?.open, await dialogue.events()]).to.deep.equal([false, []]);
    });
  });

  describe('that the bot opens', () => {
    beforeEach(() => begin());

    it('is one with a user at a time, and none to accept', async () => {
      const sessionId = await create();
      expect([await statusOf(sessionId), await dialogue.events()]).to.deep.equal(['Connected', ['Accepted']]);
      expect(await problemOf(create())).to.deep.equal({ id: 'POL0001', status: 403 });
      expect(await problemOf(sessions().accept(bot, { contact, sessionId }))).to.include({ id: 'SVC0002' });
      await sessions().end(bot, { contact, sessionId });
      await create();
    });

    it('takes the place of the chat that is up', async () => {
      dialogue.decides = false;
      const chat = await dialogue.chat();
      await create();
      expect([chat.open, dialogue.network.invites.length]).to.deep.equal([false, 1]);
    });

    it('is cancelled where it rings as the gateway goes down, and told', async () => {
      dialogue.network.inviteAnswers.push(new Promise(() => undefined));
      await create();
      await dialogue.interpreter.drain(aLongTimeMs);
      expect(await dialogue.events()).to.deep.equal(['SessionFailed']);
      expect(await problemOf(create())).to.include({ id: 'SVC1000' });
    });

    it('carries typing, and takes none while it is not connected', async () => {
      dialogue.network.inviteAnswers.push(new Promise(() => undefined), {});
      const place = { contact, sessionId: await create() };
      expect(await problemOf(sessions().composing(bot, place, { state: 'active' }))).to.include({ id: 'SVC0002' });
      await sessions().end(bot, place);
      const next = { contact, sessionId: await create() };
      await sessions().composing(bot, next, { state: 'active' });
      expect(dialogue.network.sessions.map(({ sent }) => sent.length)).to.deep.equal([1]);
      const unknown = { contact, sessionId: 'none' };
      expect(await problemOf(sessions().composing(bot, unknown, { state: 'active' }))).to.include({ id: 'SVC2008' });
    });

    it('is told as failed where the engine cannot call', async () => {
      dialogue.network.inviteAnswers.push(Promise.reject(new Error('the engine is gone')));
      const sessionId = await create();
      expect([await dialogue.events(), await statusOf(sessionId)]).to.deep.equal([['SessionFailed'], 'Disconnected']);
    });

    it('is one for one correlator until the bot ends it, and none for another request under it', async () => {
      const ask = async (subject: string): Promise<string> => {
        const { id } = await sessions().create(bot, contact, { subject }, { correlator: 'c', fingerprint: subject });
        await settled();
        return id;
      };
      const first = await ask('one');
      expect([await ask('one'), dialogue.network.invites.length]).to.deep.equal([first, 1]);
      expect(await problemOf(ask('two'))).to.include({ id: 'SVC0005' });
      await sessions().end(bot, { contact, sessionId: first });
      expect(await ask('two')).not.to.equal(first);
    });

    it('gives a message that is repeated its first answer, when it is over, too', async () => {
      const place = { contact, sessionId: await create() };
      const post = (text: string) => sessions().send(bot, place, { text }, { correlator: 'c', fingerprint: text });
      const first = await post('hello');
      expect(await post('hello')).to.deep.equal(first);
      dialogue.network.sessions[0]?.bye();
      await settled();
      expect(await post('hello')).to.deep.equal(first);
      expect(await problemOf(post('other'))).to.include({ id: 'SVC0005' });
      expect(first.resourceURL).to.include(`/${place.sessionId}/messages/`);
    });

    it('is for the user of the path alone', async () => {
      const asked = (tParticipantAddress: string) => sessions().create(bot, contact, { tParticipantAddress });
      expect(await problemOf(asked('tel:+15550100009'))).to.include({ id: 'SVC0002' });
      expect(await asked(contact)).to.include({ status: 'Invited' });
    });
  });

  for (const [status, shown, event] of [
    [486, 'Declined', 'Declined'],
    [480, 'Disconnected', 'SessionFailed'],
  ] as const)
    it(`can be read as ${shown} for a while after ${status}, and are counted`, async () => {
      await begin({ limits: { correlatorMs: 60_000 } });
      dialogue.network.inviteAnswers.push({ status });
      const sessionId = await create();
      expect([await statusOf(sessionId), await dialogue.events()]).to.deep.equal([shown, [event]]);
      expect(dialogue.counted).to.include(`confirmed_sessions_total ${event}`);
      await dialogue.clock.advance(59_999);
      expect(await statusOf(sessionId)).to.equal(shown);
      await dialogue.clock.advance(1);
      expect(await statusOf(sessionId)).to.equal(undefined);
    });

  it('are none where the gateway has no place: 503, and counted', async () => {
    await begin({ limits: { maxSessions: 0 } });
    expect(await problemOf(create())).to.deep.equal({ id: 'SVC1000', status: 503 });
    expect(dialogue.counted).to.include('limit_reached_total msrp.maxSessions');
  });

  for (const [whose, options] of [
    ['of all', { limits: { maxSessionsPerBot: 3, maxSessionsPerUser: 2 } }],
    ['of its platform', { bot: { limits: { sessionsPerBot: 3, sessionsPerUser: 2, laneLength: 9 } } }],
  ] as const)
    it(`are as many as may be, of one user and in all, by the limits ${whose}`, async () => {
      await begin(options);
      const another = { key: 'tel:+15550100002', uri: 'tel:+15550100002' };
      const calls = [];
      for (const from of [user, user, user, another, another]) calls.push((await called({ user: from })).call);
      expect(calls.map(({ refused }) => refused?.status)).to.deep.equal([undefined, undefined, 480, undefined, 480]);
      const limits = dialogue.counted.filter((one) => one.startsWith('limit_reached_total'));
      expect(limits).to.deep.equal([
        'limit_reached_total limits.sessionsPerUser',
        'limit_reached_total limits.sessionsPerBot',
      ]);
      expect(await problemOf(create('tel:+15550100003'))).to.deep.equal({ id: 'POL0001', status: 429 });
    });
});
