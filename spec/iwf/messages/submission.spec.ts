import { expect } from 'chai';
import { ApiError } from '../../../lib/resources/api-error.js';
import type { ChatMessage } from '../../../lib/resources/chat-message.js';
import { bot, contact, Dialogue, type DialogueOptions } from '../dialogue.js';

describe('a message that a bot posts', () => {
  let dialogue: Dialogue;
  const begin = async (options?: DialogueOptions): Promise<void> => {
    dialogue = await Dialogue.begin(options);
    dialogue.network.inviteAnswers.push({ status: 480, retryAfterS: 3600 });
  };
  afterEach(() => dialogue.end());

  const post = (message: ChatMessage, correlator?: string, fingerprint = message.text ?? ''): Promise<string> =>
    dialogue.interpreter.botRequests
      .send(dialogue.bot, contact, message, correlator === undefined ? undefined : { correlator, fingerprint })
      .then(({ messageId }) => messageId);
  const problemOf = async (posting: Promise<unknown>): Promise<object> => {
    const problem: unknown = await posting.catch((error: unknown) => error);
    if (!(problem instanceof ApiError)) throw new Error('it was taken');
    const { id, status, retryAfterS } = problem;
    return { id, status, retryAfterS };
  };

  it('is one with one answer for one correlator, also where it comes twice at once', async () => {
    await begin();
    const twice = await Promise.all([post({ text: 'hello' }, 'c'), post({ text: 'hello' }, 'c')]);
    expect(new Set([...twice, await post({ text: 'hello' }, 'c')]).size).to.equal(1);
    expect(await dialogue.store.depth('outbound')).to.equal(1);
    expect(await post({ text: 'hello' }, 'd')).not.to.equal(twice[0]);
  });

  it('is refused where its correlator was another message’s', async () => {
    await begin();
    await post({ text: 'hello' }, 'c');
    expect(await problemOf(post({ text: 'other' }, 'c'))).to.include({ id: 'SVC0005', status: 409 });
  });

  for (const part of ['conversationID', 'contributionID', 'inReplyToContributionID'])
    it(`is refused for a ${part} that no header could carry`, async () => {
      await begin();
      expect(await problemOf(post({ text: 'hello', [part]: 'two\r\nlines' }))).to.include({ id: 'SVC0002' });
    });

  for (const [whose, options] of [
    ['of all', { limits: { maxLaneDepth: 2 } }],
    ['of its platform', { bot: { limits: { laneLength: 2, sessionsPerBot: 9, sessionsPerUser: 9 } } }],
  ] as const)
    it(`is refused where as many wait for the user as may, by the limit ${whose}`, async () => {
      await begin(options);
      for (const text of ['one', 'two']) await post({ text });
      expect(await problemOf(post({ text: 'three' }))).to.deep.equal({ id: 'POL0001', status: 429, retryAfterS: 5 });
      expect(dialogue.counted).to.include('limit_reached_total limits.laneLength');
    });

  it('is refused where as many wait as the store may hold', async () => {
    await begin({ limits: { maxQueueDepth: 2 } });
    for (const text of ['one', 'two']) await post({ text });
    expect(await problemOf(post({ text: 'three' }))).to.include({ id: 'SVC1000', status: 503 });
    expect(dialogue.counted).to.include('limit_reached_total store.maxItems');
  });

  it('is refused where all that waits is the bot’s share, not where one user’s callbacks wait', async () => {
    await begin();
    dialogue.room = 'user is full';
    await post({ text: 'hello' });
    dialogue.room = 'bot is full';
    expect(await problemOf(post({ text: 'hello' }))).to.include({ id: 'SVC1000', retryAfterS: 5 });
  });

  it('is refused above msrp.maxMessageBytes, and taken up to it', async () => {
    await begin({ limits: { maxMessageBytes: 10 } });
    await post({ text: 'x'.repeat(10) });
    expect(await problemOf(post({ text: 'x'.repeat(11) }))).to.include({ id: 'SVC0280' });
  });

  it('is refused for a hidden user of whom nothing is remembered', async () => {
    await begin();
    const sending = dialogue.interpreter.botRequests.send(bot, 'sip:token@anonymous.invalid', { text: 'hello' });
    expect(await problemOf(sending)).to.include({ id: 'SVC0004' });
  });
});
