import { expect } from 'chai';
import type { ApiError } from '../../../lib/resources/api-error.js';
import { bot, contact, Dialogue, user } from '../dialogue.js';

/** RFC 9110 §9.2.2: PUT is idempotent, and a platform that waits too long for the answer asks again. */
describe('a session that the bot accepts twice at once', () => {
  let dialogue: Dialogue;

  beforeEach(async () => {
    dialogue = await Dialogue.begin();
    dialogue.decides = true;
  });
  afterEach(() => dialogue.end());

  const acceptTwice = async (): Promise<Promise<boolean>[]> => {
    const place = { contact, sessionId: await dialogue.invitedTo() };
    const accepted = [1, 2].map(() => dialogue.interpreter.confirmed.accept(bot, place));
    await dialogue.clock.advance(0);
    return accepted;
  };

  it('has one answer for both, once it is connected', async () => {
    const call = dialogue.network.call({ botUri: bot.uri, user });
    let release = (): void => undefined;
    call.held = new Promise((resolve) => (release = resolve));
    await dialogue.clock.advance(0);
    const accepted = await acceptTwice();
    release();
    expect(await Promise.all(accepted)).to.deep.equal([true, true]);
    expect(call.session?.open).to.equal(true);
  });

  it('has one refusal for both, where it does not come about', async () => {
    const call = dialogue.network.call({ botUri: bot.uri, user });
    let fail = (): void => undefined;
    call.held = new Promise((_resolve, reject) => (fail = () => reject(new Error('the engine is gone'))));
    await dialogue.clock.advance(0);
    const ends = Promise.allSettled(await acceptTwice());
    fail();
    const problems = (await ends).map((end) => (end.status === 'rejected' ? (end.reason as ApiError).id : end.value));
    expect(problems).to.deep.equal(['POL0001', 'POL0001']);
  });
});
