import { expect } from 'chai';
import { backoffMs, bot, Dialogue, user } from './dialogue.js';

describe('a user for whom a message waits', () => {
  let dialogue: Dialogue;

  beforeEach(async () => {
    dialogue = await Dialogue.begin();
    dialogue.network.inviteAnswers.push({ status: 480, retryAfterS: 3600 });
    await dialogue.send({ text: 'hello' });
  });
  afterEach(() => dialogue.end());

  it('gets it at once in the chat that he opens: no INVITE of ours crosses his', async () => {
    const session = await dialogue.chat();
    expect(dialogue.network.invites).to.have.length(1);
    expect(session.sent).to.have.length(1);
  });

  it('gets it at once also where his call cannot be taken', async () => {
    const call = dialogue.network.call({ botUri: bot.uri, user, firstMessage: Buffer.from('no CPIM') });
    await dialogue.clock.advance(0);
    expect(call.refused?.status).to.equal(400);
    expect(dialogue.network.sessions.map(({ sent }) => sent.length)).to.deep.equal([1]);
  });

  it('gets it at once where his call waits for a bot that decides itself', async () => {
    dialogue.decides = true;
    dialogue.network.call({ botUri: bot.uri, user });
    await dialogue.clock.advance(backoffMs);
    expect(dialogue.network.sessions.map(({ sent }) => sent.length)).to.deep.equal([1]);
  });
});
