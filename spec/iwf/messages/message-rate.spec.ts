import { expect } from 'chai';
import type { Chatbot } from '../../../lib/iwf/actions.js';
import { MessageRate } from '../../../lib/iwf/messages/message-rate.js';
import { FakeClock } from '../../support/fake-clock.js';
import { bot } from '../dialogue.js';

describe('messages of users to one chatbot a second [IWF-1723]', () => {
  const limited = (uri: string, messagesPerS?: number): Chatbot => ({
    ...bot,
    uri,
    limits: { sessionsPerBot: 1, sessionsPerUser: 1, laneLength: 1, messagesPerS },
  });
  let clock: FakeClock;
  let counted: string[];
  let rate: MessageRate;

  beforeEach(() => {
    clock = new FakeClock();
    counted = [];
    const count = (name: string, labels = {}, by = 1, who = ''): void =>
      void counted.push([name, ...Object.values(labels), by, who].join(' '));
    rate = new MessageRate({ clock, metrics: { count, observe: () => undefined } });
  });

  const admitted = (chatbot: Chatbot, asked: number): number =>
    Array.from({ length: asked }, () => rate.admits(chatbot)).filter(Boolean).length;

  it('are as many as may be, then as many as time gives; what is beyond is counted, with whose it was', async () => {
    const one = limited('sip:one@x', 4);
    expect(admitted(one, 6)).to.equal(4);
    expect(counted).to.deep.equal(Array(2).fill('limit_reached_total limits.messagesPerS 1 sip:one@x'));
    await clock.advance(500);
    expect(admitted(one, 6)).to.equal(2);
    await clock.advance(10_000);
    expect(admitted(one, 6)).to.equal(4);
  });

  it('of another are not concerned, nor those without a limit', () => {
    expect(admitted(limited('sip:one@x', 1), 3)).to.equal(1);
    expect(admitted(limited('sip:two@x', 1), 3)).to.equal(1);
    expect(admitted(limited('sip:free@x'), 100)).to.equal(100);
    expect(admitted(bot, 100)).to.equal(100);
  });
});
