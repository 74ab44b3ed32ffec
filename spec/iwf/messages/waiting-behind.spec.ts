import { expect } from 'chai';
import { bot, contact, Dialogue } from '../dialogue.js';

/** Each message has its own time, and can be taken back, whatever the one before it waits for. */
describe('a message behind one that is to be tried again', () => {
  let dialogue: Dialogue;
  beforeEach(async () => {
    dialogue = await Dialogue.begin();
    dialogue.network.inviteAnswers.push({ status: 480, retryAfterS: 10 }, { status: 480, retryAfterS: 10 });
  });
  afterEach(() => dialogue.end());

  const givenUp = (): readonly unknown[] =>
    dialogue.logged.flatMap(({ event, fields }) => (event === 'warn: message given up' ? [fields['status']] : []));

  it('is Expired in its own time, and told as given up', async () => {
    await dialogue.send({ text: 'first' });
    const second = await dialogue.send({ text: 'second', expiry: 5, reportRequest: ['Expired'] });
    await dialogue.clock.advance(10_000);
    expect([await dialogue.statusOf(second), ...(await dialogue.statuses())]).to.deep.equal(['Expired', 'Expired']);
    expect(givenUp()).to.deep.equal(['Expired']);
    expect(await dialogue.store.depth('outbound')).to.equal(1);
  });

  it('stays while it has time, and goes behind the other', async () => {
    await dialogue.send({ text: 'first' });
    const second = await dialogue.send({ text: 'second', expiry: 60 });
    await dialogue.clock.advance(10_000);
    expect(await dialogue.statusOf(second)).to.equal('Pending');
    await dialogue.clock.advance(10_000);
    expect(
      dialogue.network.sessions.flatMap(({ sent }) => sent.map(({ content }) => content.toString().slice(-6))),
    ).to.deep.equal(['\r\nfirst', 'second'].map((text) => text.slice(-6)));
    expect(givenUp()).to.deep.equal([]);
  });

  it('is Revoked at once where its bot takes it back, and not told as given up', async () => {
    let answer = (): void => undefined;
    dialogue.network.inviteAnswers.length = 0;
    dialogue.network.inviteAnswers.push(new Promise((resolve) => (answer = () => resolve({ status: 480 }))));
    await dialogue.interpreter.botRequests.send(bot, contact, { text: 'first' });
    const { messageId } = await dialogue.interpreter.botRequests.send(bot, contact, { text: 'second' });
    await dialogue.clock.advance(0);
    await dialogue.interpreter.botRequests.putStatus(bot, contact, { messageId }, 'RevokeRequested');
    answer();
    await dialogue.clock.advance(0);
    expect([await dialogue.statusOf(messageId), ...(await dialogue.statuses())]).to.deep.equal(['Revoked', 'Revoked']);
    expect(givenUp()).to.deep.equal([]);
  });

  it('says why it was not sent where the gateway’s own time ends', async () => {
    await dialogue.end();
    dialogue = await Dialogue.begin({ limits: { validityMs: 15_000 } });
    dialogue.network.inviteAnswers.push({ status: 480, retryAfterS: 10 }, { status: 503, retryAfterS: 10 });
    const messageId = await dialogue.send({ text: 'first' });
    await dialogue.clock.advance(15_000);
    const report = await dialogue.interpreter.botRequests.status(bot, contact, { messageId });
    expect(report).to.deep.equal({ status: 'Failed', description: 'SIP 503 scripted' });
    expect(givenUp()).to.deep.equal(['Failed']);
  });

  it('that has gone out says nothing of the waits before it', async () => {
    const messageId = await dialogue.send({ text: 'first' });
    expect(await dialogue.interpreter.botRequests.status(bot, contact, { messageId })).to.have.property('description');
    await dialogue.clock.advance(20_000);
    expect(await dialogue.interpreter.botRequests.status(bot, contact, { messageId })).to.deep.equal({
      status: 'Sent',
    });
  });
});
