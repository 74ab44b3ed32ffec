import { expect } from 'chai';
import type { ChatMessageNotification } from '../../../lib/resources/notification.js';
import { bot, contact, cpim, Dialogue, user } from '../dialogue.js';

const typing = '<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>active</state></isComposing>';
const composingType = 'application/im-iscomposing+xml';
const cpimType = 'message/cpim';

describe('what a user says', () => {
  let dialogue: Dialogue;
  beforeEach(async () => {
    dialogue = await Dialogue.begin();
  });
  afterEach(() => dialogue.end());

  const messages = async (): Promise<readonly ChatMessageNotification[]> =>
    (await dialogue.told()).flatMap((one) => (one.kind === 'chatMessage' ? [one] : []));
  const said = (content: string, from = user) =>
    dialogue.network.message({ botUri: bot.uri, user: from, contentType: cpimType, content });

  it('is told once, and counted as what it was, though it comes twice', async () => {
    const content = cpim('hello', { lines: ['imdn.Message-ID: m1'] });
    expect([await said(content), await said(content)]).to.deep.equal([undefined, undefined]);
    expect(await messages()).to.have.length(1);
    const counted = ['taken', 'duplicate'].map((result) => `messages_total inbound message ${result}`);
    expect(dialogue.counted.filter((one) => one.startsWith('messages_total'))).to.deep.equal(counted);
  });

  it('is told with the name that he gives himself, unless he hides', async () => {
    const content = cpim('hello', { from: '"Alice" <sip:anonymous@anonymous.invalid>' });
    await said(content);
    const hidden = 'sip:token@anonymous.invalid';
    await said(content, { key: hidden, uri: hidden });
    expect((await messages()).map(({ senderName }) => senderName)).to.deep.equal(['Alice', undefined]);
  });

  it('is told with the contribution that it answers', async () => {
    const ids = { conversationId: 'c', contributionId: 'k', inReplyToContributionId: 'before' };
    await dialogue.network.message({ botUri: bot.uri, user, contentType: cpimType, content: cpim('hello'), ids });
    const [told] = await messages();
    expect(told?.message).to.include({ conversationID: 'c', contributionID: 'k', inReplyToContributionID: 'before' });
    await said(cpim('hello'));
    expect((await messages())[1]?.message).not.to.have.property('inReplyToContributionID');
  });

  it('gets its receipt on the way that it came, by the names that it used (RFC 5438 §8.2, §9)', async () => {
    const lines = [
      'imdn.Message-ID: m1',
      'imdn.Disposition-Notification: display',
      'imdn.Original-To: <sip:shop@elsewhere.example>',
      'imdn.IMDN-Record-Route: <sip:relay@example.net>',
    ];
    await said(cpim('hello', { lines, from: '<sip:alice@example.net>', to: '<sip:shop@example.net>' }));
    await dialogue.interpreter.botRequests.putStatus(bot, contact, { messageId: 'm1' }, 'Displayed');
    await dialogue.clock.advance(0);
    const receipt = dialogue.network.messages[0]?.content.toString() ?? '';
    expect(receipt)
      .to.match(/^From: <sip:shop@example.net>\r$/m)
      .and.match(/^To: <sip:alice@example.net>\r$/m);
    expect(receipt).to.match(/^imdn\.IMDN-Route: <sip:relay@example.net>\r$/m);
    expect(receipt).to.include('<original-recipient-uri>sip:shop@elsewhere.example</original-recipient-uri>');
  });

  it('stays with his network where the bot has no room for it, whichever way it comes', async () => {
    const session = await dialogue.chat();
    dialogue.room = 'user is full';
    expect(await said(cpim('hello'))).to.deep.include({ status: 480 });
    expect(await session.receive(cpimType, cpim('hello'))).to.include({ status: 408 });
    expect(await messages()).to.deep.equal([]);
  });

  it('is 503 where the store fails, not 400: his network keeps it', async () => {
    const session = await dialogue.chat();
    await dialogue.store.close();
    const ids = { conversationId: 'c', contributionId: 'k' };
    const message = { botUri: bot.uri, user, contentType: cpimType, content: cpim('hello'), ids };
    expect(await dialogue.network.message(message)).to.deep.include({ status: 503 });
    const problem: unknown = await session.receive(cpimType, cpim('hello')).catch((error: unknown) => error);
    expect(problem, 'MSRP 408').to.be.instanceOf(Error);
  });

  it('in a session waits for its turn among those of other bots', async () => {
    await dialogue.end();
    let release = (): void => undefined;
    const turn = new Promise<void>((resolve) => (release = resolve));
    dialogue = await Dialogue.begin({ turn: () => turn });
    const receiving = (await dialogue.chat()).receive(cpimType, cpim('hello'));
    await dialogue.clock.advance(0);
    expect(await messages()).to.deep.equal([]);
    release();
    expect([await receiving, (await messages()).length]).to.deep.equal([undefined, 1]);
  });

  it('is refused where it cannot be read, or is of no known type', async () => {
    const session = await dialogue.chat();
    expect(await session.receive(cpimType, 'no CPIM')).to.include({ status: 400 });
    expect(await session.receive('text/plain', 'hello')).to.include({ status: 415 });
    expect(dialogue.counted).to.include('messages_total inbound any undecodable');
  });

  describe('in a confirmed session', () => {
    it('is told as of that session, or as adhoc to a bot that is told nothing of sessions', async () => {
      dialogue.decides = true;
      const call = dialogue.network.call({ botUri: bot.uri, user });
      await dialogue.clock.advance(0);
      const sessionId = await dialogue.invitedTo();
      await dialogue.interpreter.confirmed.accept(bot, { contact, sessionId });
      await call.session?.receive(cpimType, cpim('one', { lines: ['imdn.Message-ID: m1'] }));
      dialogue.decides = false;
      await call.session?.receive(cpimType, cpim('two'));
      expect((await messages()).map((one) => one.sessionId)).to.deep.equal([sessionId, 'adhoc']);
      const shown = (named: object) =>
        dialogue.interpreter.botRequests.putStatus(bot, contact, { messageId: 'm1', ...named }, 'Displayed');
      expect([await shown({ sessionId }), await shown({ sessionId: 'adhoc' })]).to.deep.equal(['done', 'unknown']);
    });
  });

  describe('while he types', () => {
    const states = (): readonly string[] =>
      dialogue.toldAtOnce.flatMap((one) => (one.kind === 'isComposing' ? [one.isComposing.state] : []));

    it('is told active, and idle where no more is heard of him (RFC 3994 §3.3)', async () => {
      const session = await dialogue.chat();
      await session.receive(composingType, typing);
      expect(dialogue.toldAtOnce).to.deep.include.members([
        {
          kind: 'isComposing',
          bot: bot.uri,
          senderAddress: contact,
          sessionId: 'adhoc',
          dateTime: '2026-11-22T10:00:00.000Z',
          isComposing: { state: 'active' },
        },
      ]);
      await dialogue.clock.advance(3_600_000);
      expect(states()).to.deep.equal(['active', 'idle']);
    });

    it('is told nothing more once his message is there', async () => {
      const session = await dialogue.chat();
      await session.receive(cpimType, cpim(typing, { type: composingType }));
      await session.receive(cpimType, cpim('hello'));
      await dialogue.clock.advance(3_600_000);
      expect(states()).to.deep.equal(['active']);
    });
  });
});
