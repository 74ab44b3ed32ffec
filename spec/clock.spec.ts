import { expect } from 'chai';
import { type Clock, longestDelayMs, systemClock } from '../lib/clock.js';
import { systemClock as engineClock, Timers } from '../lib/sip-engine/transaction/timers.js';
import { FakeClock } from './support/fake-clock.js';

describe('a wait beyond what Node can wait for', () => {
  for (const [whose, clock] of [
    ['the gateway', systemClock],
    ['the engine', engineClock],
  ] as const) {
    it(`of ${whose} does not end at once`, async () => {
      let ended = false;
      const long = clock.after(longestDelayMs + 1, () => (ended = true));
      await waited(clock);
      long.close();
      expect(ended).to.equal(false);
    });
  }
});

/** Longer than the 1 ms that Node makes of it. */
function waited(clock: Pick<Clock, 'after'>): Promise<void> {
  return new Promise((resolve) => void clock.after(20, resolve));
}

describe('waits of lengths that peers choose', () => {
  it('leave nothing to the clock once nobody waits', () => {
    const clock = new FakeClock(0);
    const timers = new Timers(clock);
    for (let seconds = 90; seconds < 200; seconds++) timers.after(seconds * 1000, () => undefined).close();
    expect(clock.pending).to.equal(0);
    timers.close();
  });
});
