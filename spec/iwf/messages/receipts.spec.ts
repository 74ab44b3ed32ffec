import { expect } from 'chai';
import { backoffMs, bot, contact, cpim, Dialogue, user } from '../dialogue.js';

describe('a receipt of a bot for a user’s message', () => {
  let dialogue: Dialogue;
  beforeEach(async () => {
    dialogue = await Dialogue.begin();
    const lines = ['imdn.Message-ID: m1', 'imdn.Disposition-Notification: positive-delivery, display'];
    const content = cpim('hello', { lines });
    await dialogue.network.message({ botUri: bot.uri, user, contentType: 'message/cpim', content });
  });
  afterEach(() => dialogue.end());

  const put = async (status: 'Delivered' | 'Displayed'): Promise<string> => {
    const result = await dialogue.interpreter.botRequests.putStatus(bot, contact, { messageId: 'm1' }, status);
    await dialogue.clock.advance(0);
    return result;
  };
  const depth = (): Promise<number> => dialogue.store.depth('outbound');

  it('goes by MESSAGE without a session, once, though it is said twice at once', async () => {
    expect(await Promise.all([put('Delivered'), put('Delivered')])).to.deep.equal(['done', 'done']);
    expect(await put('Delivered')).to.equal('done');
    expect(
      dialogue.network.messages.map(({ content }) => /<(delivered|displayed)\/>/.exec(content.toString())?.[1]),
    ).to.deep.equal(['delivered']);
  });

  it('goes in the session that is up, and by MESSAGE where that one is lost', async () => {
    const session = await dialogue.chat();
    await put('Delivered');
    session.answers.push({ kind: 'lost' });
    await put('Displayed');
    expect([session.sent.length, dialogue.network.messages.length]).to.deep.equal([2, 1]);
  });

  it('comes to nothing where the bot is no longer configured', async () => {
    dialogue.network.messageAnswers.push({ status: 480 });
    await put('Delivered');
    await dialogue.interpreter.drain(0);
    const { clock, store } = dialogue;
    const next = await Dialogue.begin({
      chatbots: [{ ...bot, uri: 'sip:bank@botplatform.example.org' }],
      store,
      clock,
    });
    await clock.advance(backoffMs);
    expect([next.network.messages.length, await depth()]).to.deep.equal([0, 0]);
  });

  it('goes by MESSAGE where the session takes no receipts', async () => {
    const session = await dialogue.chat();
    session.way = undefined;
    await put('Delivered');
    expect([session.sent.length, dialogue.network.messages.length]).to.deep.equal([0, 1]);
  });

  it('is the same at each try, until the network takes it', async () => {
    dialogue.network.messageAnswers.push({ status: 480 }, { status: 480, retryAfterS: 60 });
    await put('Delivered');
    await dialogue.clock.advance(backoffMs);
    expect([dialogue.network.messages.length, await depth()]).to.deep.equal([2, 1]);
    await dialogue.clock.advance(60_000);
    expect(await depth()).to.equal(0);
    expect(new Set(dialogue.network.messages.map(({ content }) => content.toString())).size).to.equal(1);
    expect(dialogue.network.messages).to.have.length(3);
  });

  it('is tried no longer than messages are, and not after a definite no', async () => {
    dialogue.network.messageAnswers.push({ status: 403 });
    await put('Delivered');
    expect(await depth()).to.equal(0);
    expect(dialogue.logged.map(({ event }) => event)).to.include('warn: receipt not sent');
    dialogue.network.messageAnswers.push({ status: 480, retryAfterS: 999_999 }, { status: 480 });
    await put('Displayed');
    await dialogue.clock.advance(86_400_000 - 1);
    expect([dialogue.network.messages.length, await depth()]).to.deep.equal([2, 1]);
    await dialogue.clock.advance(1);
    expect([dialogue.network.messages.length, await depth()]).to.deep.equal([3, 0]);
  });
});
