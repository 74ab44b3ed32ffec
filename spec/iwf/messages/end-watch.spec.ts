/** The end of messages that wait behind others. */
import { expect } from 'chai';
import { longestDelayMs } from '../../../lib/clock.js';
import { EndWatch } from '../../../lib/iwf/messages/end-watch.js';
import { until } from '../../support/ask-again.js';
import { FakeClock } from '../../support/fake-clock.js';
import { silentLog } from '../../support/silent.js';

describe('the end of a message that waits behind others', () => {
  let clock: FakeClock;
  let watch: EndWatch;
  let ended: string[];
  const end = (id: string) => () => {
    ended.push(id);
    return Promise.resolve();
  };
  beforeEach(() => {
    clock = new FakeClock();
    ended = [];
    watch = new EndWatch({ clock, log: silentLog });
  });

  it('is noted when it comes, once', async () => {
    watch.watch('a', clock.now() + 1_000, end('a'));
    watch.watch('a', clock.now() + 1_000, end('a again'));
    await clock.advance(999);
    expect(ended).to.deep.equal([]);
    await clock.advance(1);
    expect(ended).to.deep.equal(['a']);
    expect(clock.pending).to.equal(0);
  });

  it('is not noted of what was forgotten, nor after the close', async () => {
    watch.watch('a', clock.now() + 1_000, end('a'));
    watch.watch('b', clock.now() + 1_000, end('b'));
    watch.forget('a');
    expect(clock.pending).to.equal(1);
    watch.close();
    watch.watch('c', clock.now() + 1_000, end('c'));
    expect(clock.pending).to.equal(0);
    await clock.advance(5_000);
    expect(ended).to.deep.equal([]);
  });

  it('comes by the wall clock: later where that is put back', async () => {
    watch.watch('a', clock.now() + 1_000, end('a'));
    clock.step(-60_000);
    await clock.advance(60_999);
    expect(ended).to.deep.equal([]);
    await clock.advance(1);
    expect(ended).to.deep.equal(['a']);
  });

  it('may be further away than a timer waits', async () => {
    const cut = { now: () => clock.now(), after: cutAfter };
    function cutAfter(delayMs: number, action: () => void) {
      return clock.after(Math.min(delayMs, longestDelayMs), action);
    }
    watch = new EndWatch({ clock: cut, log: silentLog });
    watch.watch('a', clock.now() + 2 * longestDelayMs, end('a'));
    await clock.advance(2 * longestDelayMs - 1);
    expect(ended).to.deep.equal([]);
    await clock.advance(1);
    expect(ended).to.deep.equal(['a']);
  });

  it('is noted again a second later where the store failed', async () => {
    const warned: string[] = [];
    watch = new EndWatch({ clock, log: { ...silentLog, warn: (event) => void warned.push(event) } });
    let tries = 0;
    watch.watch('a', clock.now() + 1_000, () =>
      ++tries < 3 ? Promise.reject(new Error('disk full')) : Promise.resolve(),
    );
    await clock.advance(1_000);
    expect([tries, warned.length]).to.deep.equal([1, 1]);
    await clock.advance(1_999);
    expect(tries).to.equal(2);
    await clock.advance(1);
    expect([tries, warned.length, clock.pending]).to.deep.equal([3, 2, 0]);
  });

  it('of a crowd is settled some at a time, and of all while the store fails a few times a second', async () => {
    let isFailing = true;
    let underWay = 0;
    let most = 0;
    let tries = 0;
    const atEnd = async (): Promise<void> => {
      tries++;
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay--;
      if (isFailing) throw new Error('disk full');
    };
    for (let at = 0; at < 500; at++) watch.watch(String(at), clock.now() + 1_000, atEnd);
    await clock.advance(3_500);
    // The first one by itself, for it came first.
    expect([most, tries]).to.deep.equal([32, 1 + 32 + 32]);
    isFailing = false;
    await clock.advance(1_000);
    await until(() => tries === 65 + 500);
    expect(most).to.equal(32);
    expect(clock.pending).to.equal(0);
  });
});
