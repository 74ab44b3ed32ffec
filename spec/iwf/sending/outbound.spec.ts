import { expect } from 'chai';
import { backoffMs, bot, contact, Dialogue, type DialogueOptions, user } from '../dialogue.js';

describe('a message to a user', () => {
  let dialogue: Dialogue;
  const begin = async (options?: DialogueOptions): Promise<void> => {
    dialogue = await Dialogue.begin(options);
  };
  afterEach(() => dialogue.end());

  const texts = (): readonly string[] =>
    dialogue.network.sessions.flatMap(({ sent }) =>
      sent.map(({ content }) => content.toString().split('\r\n').at(-1) ?? ''),
    );
  const describedAs = async (messageId: string): Promise<string | undefined> =>
    (await dialogue.interpreter.botRequests.status(bot, contact, { messageId }))?.description;

  describe('that waits to be tried again', () => {
    beforeEach(() => begin());

    it('is not sent once more where a receipt has come meanwhile: the connection died behind it', async () => {
      dialogue.network.inviteAnswers.push({ status: 480 });
      const messageId = await dialogue.send({ text: 'hello', reportRequest: ['Sent', 'Delivered'] });
      await dialogue.receipt(messageId, 'delivered');
      await dialogue.clock.advance(10 * backoffMs);
      expect(texts()).to.deep.equal([]);
      expect(await dialogue.statuses()).to.deep.equal(['Sent', 'Delivered']);
      expect(await dialogue.store.depth('outbound')).to.equal(0);
    });

    it('is Revoked where the bot took it back while it was tried in vain', async () => {
      let answer = (): void => undefined;
      dialogue.network.inviteAnswers.push(new Promise((resolve) => (answer = () => resolve({ status: 480 }))));
      const messageId = await dialogue.send({ text: 'hello' });
      expect(await dialogue.interpreter.botRequests.putStatus(bot, contact, { messageId }, 'RevokeRequested')).to.equal(
        'accepted',
      );
      expect(await dialogue.statusOf(messageId)).to.equal('Pending');
      answer();
      await dialogue.clock.advance(10 * backoffMs);
      expect([await dialogue.statusOf(messageId), ...(await dialogue.statuses())]).to.deep.equal([
        'Revoked',
        'Revoked',
      ]);
      expect(dialogue.network.invites).to.have.length(1);
    });

    it('is Failed at the third 500, whatever else was answered between', async () => {
      dialogue.network.inviteAnswers.push(...[500, 480, 480, 480, 500, 500].map((status) => ({ status })));
      const messageId = await dialogue.send({ text: 'poison' });
      for (const tries of [1, 2, 3, 4, 5]) {
        expect([tries, await dialogue.statusOf(messageId)]).to.deep.equal([tries, 'Pending']);
        await dialogue.clock.advance(backoffMs);
      }
      expect([await dialogue.statusOf(messageId), dialogue.network.invites.length]).to.deep.equal(['Failed', 6]);
      expect(await describedAs(messageId)).to.equal('SIP 500 scripted');
    });

    it('is tried when Retry-After says, not before', async () => {
      dialogue.network.inviteAnswers.push({ status: 480, retryAfterS: 7 });
      await dialogue.send({ text: 'hello' });
      await dialogue.clock.advance(6_999);
      expect(dialogue.network.invites).to.have.length(1);
      await dialogue.clock.advance(1);
      expect(texts()).to.deep.equal(['hello']);
      const sent = dialogue.logged.find(({ event }) => event === 'info: message sent');
      expect(sent?.fields).to.include({ attempts: 2, ms: 7_000 });
    });

    it('is Expired as soon as its time is over, though Retry-After says later', async () => {
      dialogue.network.inviteAnswers.push({ status: 480, retryAfterS: 3600 });
      const messageId = await dialogue.send({ text: 'hello', expiry: 5, reportRequest: ['Expired'] });
      await dialogue.clock.advance(4_999);
      expect(await dialogue.statusOf(messageId)).to.equal('Pending');
      await dialogue.clock.advance(1);
      expect([await dialogue.statusOf(messageId), ...(await dialogue.statuses())]).to.deep.equal([
        'Expired',
        'Expired',
      ]);
      expect(dialogue.network.invites).to.have.length(1);
    });

    it('says how much of its time is left at each try, a second at least', async () => {
      dialogue.network.inviteAnswers.push({ status: 415 }, { status: 415 });
      dialogue.network.messageAnswers.push({ status: 480, retryAfterS: 4 }, { status: 480, retryAfterS: 1 });
      await dialogue.send({ text: 'hello', expiry: 5 });
      await dialogue.clock.advance(4_500);
      expect(dialogue.network.messages.map(({ expiry }) => expiry?.seconds)).to.deep.equal([5, 1]);
    });
  });

  describe('while a session is up', () => {
    beforeEach(() => begin());

    it('goes in it where it names the conversation of it', async () => {
      const session = await dialogue.chat('a-conversation');
      await dialogue.send({ text: 'hello', conversationID: 'a-conversation' });
      expect([session.open, ...texts()]).to.deep.equal([true, 'hello']);
    });

    it('goes in it where the user has opened another conversation since it was posted', async () => {
      dialogue.network.inviteAnswers.push({ status: 480 });
      await dialogue.send({ text: 'hello' });
      const session = await dialogue.chat('his-conversation');
      expect([session.open, ...texts()]).to.deep.equal([true, 'hello']);
      expect(dialogue.network.invites, 'none but the first').to.have.length(1);
    });

    it('ends it where it names another conversation: it goes in one of its own', async () => {
      const session = await dialogue.chat('his-conversation');
      await dialogue.send({ text: 'hello', conversationID: 'another' });
      expect(session.open).to.equal(false);
      expect(dialogue.network.invites.map(({ ids }) => ids.conversationId)).to.deep.equal(['another']);
      expect(texts()).to.deep.equal(['hello']);
    });

    it('is Failed where the peer refuses it for good, and the session goes on', async () => {
      const session = await dialogue.chat();
      session.answers.push({ kind: 'refused', status: 413, comment: 'too long' });
      const messageId = await dialogue.send({ text: 'hello' });
      expect([await dialogue.statusOf(messageId), await describedAs(messageId)]).to.deep.equal([
        'Failed',
        'MSRP 413 too long',
      ]);
      expect(session.open).to.equal(true);
    });

    it('goes again, as it was, in a new session where that one dies', async () => {
      const session = await dialogue.chat();
      session.answers.push({ kind: 'lost' });
      await dialogue.send({ text: 'hello' });
      expect(session.open).to.equal(false);
      await dialogue.clock.advance(backoffMs);
      const [first, second] = dialogue.network.sessions.map(({ sent }) => sent[0]?.content.toString());
      expect(second).to.equal(first).and.not.to.equal(undefined);
    });

    it('that a hop behind it reports as failed is Failed, and a receipt still wins', async () => {
      const session = await dialogue.chat();
      const messageId = await dialogue.send({ text: 'hello', reportRequest: ['Failed', 'Displayed'] });
      session.sent[0]?.onLateFailure?.({ status: 408, comment: 'nobody there' });
      await dialogue.clock.advance(0);
      expect([await dialogue.statusOf(messageId), await describedAs(messageId)]).to.deep.equal([
        'Failed',
        'MSRP 408 nobody there',
      ]);
      await dialogue.receipt(messageId, 'displayed');
      expect(await dialogue.statuses()).to.deep.equal(['Failed', 'Displayed']);
    });

    it('of a confirmed session that has ended is Failed: no other may carry it', async () => {
      dialogue.decides = true;
      const call = dialogue.network.call({ botUri: bot.uri, user });
      await dialogue.clock.advance(0);
      const place = { contact, sessionId: await dialogue.invitedTo() };
      await dialogue.interpreter.confirmed.accept(bot, place);
      call.session?.answers.push({ kind: 'lost' });
      const { messageId } = await dialogue.interpreter.confirmed.send(bot, place, { text: 'inside' });
      await dialogue.clock.advance(backoffMs);
      expect([await dialogue.statusOf(messageId), await describedAs(messageId)]).to.deep.equal([
        'Failed',
        'The session has ended',
      ]);
      expect([...dialogue.network.invites, ...dialogue.network.messages]).to.deep.equal([]);
    });
  });

  describe('goes', () => {
    const ways = (): readonly string[] => {
      const { invites, messages, large } = dialogue.network;
      return [...invites.map(() => 'session'), ...messages.map(() => 'pager'), ...large.map(() => 'large')];
    };
    const service = (...ids: string[]) => ids.map((capabilityId) => ({ capabilityId, status: 'Enabled' as const }));

    for (const [capabilities, expected] of [
      [['ChatbotSA'], 'pager'],
      [['chatbotsession'], 'session'],
      [['ChatbotSession', 'ChatbotSA'], 'session'],
      [['Chat'], 'session'],
    ] as const)
      it(`as ${expected} where its serviceCapability is ${capabilities.join()}`, async () => {
        await begin();
        await dialogue.send({ text: 'hello', serviceCapability: service(...capabilities) });
        expect(ways()).to.deep.equal([expected]);
      });

    it('as pager for a bot without sessions, whatever its serviceCapability says', async () => {
      await begin({ bot: { roles: ['standalone'] } });
      await dialogue.send({ text: 'hello', serviceCapability: service('ChatbotSession') });
      expect(ways()).to.deep.equal(['pager']);
    });

    it('in a session for a bot without standalone messages, and Failed where there can be none', async () => {
      await begin({ bot: { roles: ['session'] } });
      dialogue.network.inviteAnswers.push({ status: 415 });
      const messageId = await dialogue.send({ text: 'hello', serviceCapability: service('ChatbotSA') });
      expect(ways()).to.deep.equal(['session']);
      expect(await dialogue.statusOf(messageId)).to.equal('Failed');
    });

    it('once the other way where the first is not taken', async () => {
      await begin();
      dialogue.network.inviteAnswers.push({ status: 415 });
      await dialogue.send({ text: 'one' });
      expect(ways()).to.deep.equal(['session', 'pager']);
      dialogue.network.messageAnswers.push({ status: 488 });
      await dialogue.send({ text: 'two', serviceCapability: service('ChatbotSA') });
      expect(ways()).to.deep.equal(['session', 'session', 'pager', 'pager']);
      expect(texts()).to.deep.equal(['two']);
    });

    it('no other way where the bot’s mode names one', async () => {
      await begin({ bot: { mode: 'standalone' } });
      dialogue.network.messageAnswers.push({ status: 415 });
      const messageId = await dialogue.send({ text: 'hello' });
      expect(ways()).to.deep.equal(['pager']);
      expect(await dialogue.statusOf(messageId)).to.equal('Failed');
    });

    it('as large message beyond what a pager message holds, and as what its answer says', async () => {
      await begin({ bot: { mode: 'standalone' } });
      dialogue.network.pagerBytes = 10;
      const { largeAnswers } = dialogue.network;
      largeAnswers.push({ kind: 'refused', status: 403, comment: 'no' });
      const refused = await dialogue.send({ text: 'one' });
      const sent = await dialogue.send({ text: 'two' });
      expect(ways()).to.deep.equal(['large', 'large']);
      expect(dialogue.network.large[0]).to.include({ service: 'largeMessage' });
      expect([await dialogue.statusOf(refused), await dialogue.statusOf(sent)]).to.deep.equal(['Failed', 'Sent']);
    });
  });

  it('is Revoked by the gateway that comes after, where it was taken back while the one before had it in hand', async () => {
    dialogue = new Dialogue();
    const { messageId } = await dialogue.interpreter.botRequests.send(bot, contact, { text: 'hello' });
    await dialogue.store.claim('outbound', { lanes: 1, perLane: 1, leaseMs: 1000 });
    await dialogue.interpreter.botRequests.putStatus(bot, contact, { messageId }, 'RevokeRequested');
    await dialogue.interpreter.start();
    await dialogue.clock.advance(1000);
    expect([await dialogue.statusOf(messageId), ...(await dialogue.statuses())]).to.deep.equal(['Revoked', 'Revoked']);
    expect(dialogue.network.invites).to.deep.equal([]);
  });

  it('is Failed where its bot is no longer configured, and so says its description', async () => {
    await begin();
    dialogue.network.inviteAnswers.push({ status: 480 });
    const messageId = await dialogue.send({ text: 'hello' });
    const other = { ...bot, uri: 'sip:bank@botplatform.example.org' };
    const { clock, store } = dialogue;
    const next = await Dialogue.begin({ chatbots: [other], store, clock });
    await dialogue.interpreter.drain(0);
    await clock.advance(backoffMs);
    expect(next.network.invites).to.deep.equal([]);
    expect(await describedAs(messageId)).to.equal('The chatbot is no longer configured');
  });
});
