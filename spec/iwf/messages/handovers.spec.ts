import { expect } from 'chai';
import { bot, contact, cpim, Dialogue, type DialogueOptions, user } from '../dialogue.js';

describe('a user’s message that a platform has taken, or never will', () => {
  let dialogue: Dialogue;
  const begin = async (asked: string, options?: DialogueOptions): Promise<void> => {
    dialogue = await Dialogue.begin(options);
    const lines = ['imdn.Message-ID: m1', `imdn.Disposition-Notification: ${asked}`];
    const content = cpim('hello', { lines });
    await dialogue.network.message({ botUri: bot.uri, user, contentType: 'message/cpim', content });
  };
  const sendDelivered = { bot: { sendDelivered: true } };
  afterEach(() => dialogue.end());

  /** As notify does, with its own commit; false: nothing goes with it. */
  async function end(how: 'taken' | 'lost', copies?: number, messageId = 'm1'): Promise<boolean> {
    const about = {
      kind: 'chatMessage' as const,
      bot: bot.uri,
      contact,
      messageId,
      ...(copies === undefined ? {} : { copies }),
    };
    const changes = await dialogue.interpreter.handovers[how](about);
    if (changes) await dialogue.store.commit(changes);
    await dialogue.clock.advance(0);
    return changes !== undefined;
  }
  const receipts = (): readonly string[] =>
    dialogue.network.messages.map(
      ({ content }) => /<(delivered|displayed|failed)\/>/.exec(content.toString())?.[1] ?? '',
    );
  const put = async (status: 'Delivered' | 'Displayed', sessionId?: string): Promise<string> => {
    const named = { messageId: 'm1', ...(sessionId === undefined ? {} : { sessionId }) };
    const result = await dialogue.interpreter.botRequests.putStatus(bot, contact, named, status);
    await dialogue.clock.advance(0);
    return result;
  };

  it('is told Delivered once, however many subscriptions take it, where the gateway tells that', async () => {
    await begin('positive-delivery', sendDelivered);
    await end('taken', 2);
    await end('taken', 2);
    expect(receipts()).to.deep.equal(['delivered']);
    expect(dialogue.counted).to.include('receipts_total outbound delivered queued');
    expect(await put('Delivered')).to.equal('done');
    expect(receipts()).to.deep.equal(['delivered']);
  });

  it('is told nothing where the bot tells it, or it was not asked for', async () => {
    await begin('positive-delivery');
    await end('taken');
    expect(receipts()).to.deep.equal([]);
    await dialogue.end();
    await begin('negative-delivery', sendDelivered);
    expect([await end('taken'), ...receipts()]).to.deep.equal([false]);
  });

  it('is told failed once the last subscription will never have it', async () => {
    await begin('negative-delivery');
    await end('lost', 2);
    expect(receipts()).to.deep.equal([]);
    await end('lost', 2);
    await end('lost', 2);
    expect(receipts()).to.deep.equal(['failed']);
  });

  it('is told failed at once where there was one subscription', async () => {
    await begin('negative-delivery');
    await end('lost');
    expect(receipts()).to.deep.equal(['failed']);
  });

  it('is not told failed where that was not asked for', async () => {
    await begin('positive-delivery');
    expect([await end('lost'), ...receipts()]).to.deep.equal([false]);
  });

  it('is not told failed after Delivered', async () => {
    await begin('positive-delivery, negative-delivery');
    await put('Delivered');
    await end('lost');
    expect(receipts()).to.deep.equal(['delivered']);
  });

  it('is nothing where there is no such message', async () => {
    await begin('positive-delivery, negative-delivery', sendDelivered);
    expect([await end('taken', 1, 'another'), await end('lost', 1, 'another'), ...receipts()]).to.deep.equal([
      false,
      false,
    ]);
  });

  it('is acknowledged below no session that it did not come in', async () => {
    await begin('positive-delivery, display');
    expect(await put('Displayed', '00000000-0000-4000-8000-000000000000')).to.equal('unknown');
    expect([await put('Displayed'), await put('Displayed'), receipts()]).to.deep.equal(['done', 'done', ['displayed']]);
  });

  it('is unknown where there is none', async () => {
    await begin('display');
    expect(await dialogue.interpreter.botRequests.putStatus(bot, contact, { messageId: 'm2' }, 'Displayed')).to.equal(
      'unknown',
    );
  });

  it('gets no receipt that it did not ask for', async () => {
    await begin('display');
    expect([await put('Delivered'), receipts()]).to.deep.equal(['done', []]);
  });
});

describe('a receipt of a user', () => {
  let dialogue: Dialogue;
  beforeEach(async () => {
    dialogue = await Dialogue.begin();
  });
  afterEach(() => dialogue.end());

  const hidden = 'sip:token@anonymous.invalid';
  const counts = (result: string): number =>
    dialogue.counted.filter((one) => one === `receipts_total inbound displayed ${result}`).length;

  it('is found under either of his names, the one that he calls by first', async () => {
    const messageId = await dialogue.send({ text: 'hello', reportRequest: ['Displayed'] });
    await dialogue.receipt(messageId, 'displayed', { key: hidden, uri: hidden, otherKey: contact });
    expect([await dialogue.statuses(), counts('changed')]).to.deep.equal([['Displayed'], 1]);
    await dialogue.receipt(messageId, 'displayed', { ...user, otherKey: hidden });
    expect([await dialogue.statuses(), counts('no-change')]).to.deep.equal([['Displayed'], 1]);
  });

  it('of another user changes nothing, and is counted', async () => {
    const messageId = await dialogue.send({ text: 'hello' });
    const another = { key: 'tel:+15550100009', uri: 'tel:+15550100009' };
    await dialogue.receipt(messageId, 'displayed', another);
    await dialogue.receipt(messageId, 'displayed', { ...another, otherKey: 'tel:+15550100008' });
    expect([await dialogue.statusOf(messageId), counts('unknown')]).to.deep.equal(['Sent', 2]);
  });
});
