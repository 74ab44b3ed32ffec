import { expect } from 'chai';
import { ApiError } from '../../../lib/resources/api-error.js';
import type { ChatMessage } from '../../../lib/resources/chat-message.js';
import { printImdn } from '../../../lib/wire/imdn.js';
import { backoffMs, bot, contact, cpim, Dialogue, user } from '../dialogue.js';

const typing: ChatMessage = {
  contentType: 'application/im-iscomposing+xml',
  bodyText: '<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>active</state></isComposing>',
};

function receiptFor(messageId: string): ChatMessage {
  const disposition = { notification: 'display', status: 'displayed' } as const;
  const bodyText = printImdn({ messageId, dateTime: '2026-11-22T10:00:00Z', disposition }).toString();
  return { contentType: 'message/imdn+xml', bodyText };
}

describe('what a bot posts as a message and is none', () => {
  let dialogue: Dialogue;
  beforeEach(async () => {
    dialogue = await Dialogue.begin();
  });
  afterEach(() => dialogue.end());

  for (const { contentType = '' } of [typing, receiptFor('m1')])
    it(`is refused where it cannot be read: ${contentType}`, async () => {
      const problem: unknown = await dialogue
        .send({ contentType, bodyText: '<neither' })
        .catch((error: unknown) => error);
      expect(problem).to.be.instanceOf(ApiError).and.include({ id: 'SVC0002' });
    });

  describe('typing', () => {
    it('goes bare where the peer takes it so, else in CPIM, and has no status', async () => {
      const session = await dialogue.chat();
      session.way = 'bare';
      const messageId = await dialogue.send(typing);
      session.way = 'wrapped';
      await dialogue.send(typing);
      expect(session.sent.map((one) => one.contentType)).to.deep.equal([typing.contentType, 'message/cpim']);
      expect(session.sent[0]?.content.toString()).to.equal(typing.bodyText);
      expect(session.sent[1]?.content.toString()).to.include(`Content-Type: ${typing.contentType}`);
      expect(await dialogue.statusOf(messageId)).to.equal(undefined);
    });

    it('is dropped, and no reason for a session, where none is up or its peer does not take it', async () => {
      await dialogue.send(typing);
      const session = await dialogue.chat();
      session.way = undefined;
      await dialogue.send(typing);
      expect([session.sent, dialogue.network.invites, dialogue.network.messages]).to.deep.equal([[], [], []]);
      const dropped = 'messages_total outbound composing dropped';
      expect(dialogue.counted.filter((one) => one === dropped)).to.have.length(2);
    });

    it('changes nothing where the peer refuses it', async () => {
      const session = await dialogue.chat();
      session.answers.push({ kind: 'refused', status: 415, comment: 'no' });
      await dialogue.send(typing);
      await dialogue.clock.advance(0);
      expect(session.open).to.equal(true);
    });
  });

  describe('a receipt', () => {
    const requestOf = (at: number) => dialogue.network.messages[at];

    it('goes in the session that is up, and by MESSAGE where it is lost there', async () => {
      const session = await dialogue.chat();
      await dialogue.send(receiptFor('m1'));
      expect([session.sent.length, dialogue.network.messages.length]).to.deep.equal([1, 0]);
      session.answers.push({ kind: 'lost' });
      await dialogue.send(receiptFor('m1'));
      expect([session.sent.length, dialogue.network.messages.length]).to.deep.equal([2, 1]);
    });

    it('goes by MESSAGE where the session takes none', async () => {
      const session = await dialogue.chat();
      session.way = undefined;
      await dialogue.send(receiptFor('m1'));
      expect([session.sent.length, dialogue.network.messages.length]).to.deep.equal([0, 1]);
    });

    it('goes in the conversation and the service of the message that it speaks of, to whom that came from', async () => {
      const ids = { conversationId: 'his', contributionId: 'part' };
      const uri = 'sip:+15550100001@ims.example.net;user=phone';
      const content = cpim('hello', { lines: ['imdn.Message-ID: m1', 'imdn.Disposition-Notification: display'] });
      const from = { botUri: bot.uri, user: { ...user, uri }, contentType: 'message/cpim', content };
      await dialogue.network.message({ ...from, ids, service: 'deferred' });
      await dialogue.network.message({
        ...from,
        content: cpim('later'),
        user,
        ids: { conversationId: 'later', contributionId: 'x' },
      });
      await dialogue.send(receiptFor('m1'));
      expect(requestOf(0)).to.include({ userUri: uri, service: 'deferred' });
      expect(requestOf(0)?.ids).to.include(ids);
    });

    it('of a message that is not known goes to the user as he is known, standalone', async () => {
      await dialogue.send(receiptFor('unknown'));
      expect(requestOf(0)).to.include({ userUri: contact, service: 'standalone' });
    });

    it('is tried again, as it is, while the time of messages lasts', async () => {
      dialogue.network.messageAnswers.push({ status: 480 }, { status: 480, retryAfterS: 999_999 }, { status: 480 });
      await dialogue.send(receiptFor('m1'));
      await dialogue.clock.advance(backoffMs);
      expect(dialogue.network.messages).to.have.length(2);
      await dialogue.clock.advance(86_400_000 - backoffMs - 1);
      expect(await dialogue.store.depth('outbound')).to.equal(1);
      await dialogue.clock.advance(1);
      expect([dialogue.network.messages.length, await dialogue.store.depth('outbound')]).to.deep.equal([3, 0]);
      expect(requestOf(2)?.content.toString()).to.equal(requestOf(0)?.content.toString());
      expect(dialogue.logged.map(({ event }) => event)).to.include('warn: receipt not sent');
    });

    it('is told in the log as sent once the network has it', async () => {
      await dialogue.send(receiptFor('m1'));
      expect(dialogue.logged.map(({ event }) => event)).to.include('info: receipt sent');
    });

    it('comes to nothing where the bot is no longer configured', async () => {
      dialogue.network.messageAnswers.push({ status: 480 });
      await dialogue.send(receiptFor('m1'));
      await dialogue.interpreter.drain(0);
      const { clock, store } = dialogue;
      const other = { ...bot, uri: 'sip:bank@botplatform.example.org' };
      const next = await Dialogue.begin({ chatbots: [other], store, clock });
      await clock.advance(backoffMs);
      expect([next.network.messages.length, await store.depth('outbound')]).to.deep.equal([0, 0]);
    });
  });
});
