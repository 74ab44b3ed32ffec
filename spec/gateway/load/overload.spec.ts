import { expect } from 'chai';
import { createOverload, nextShare, type Overload } from '../../../lib/gateway/load/overload.js';
import type { Logger } from '../../../lib/log.js';
import { createMetrics, type MetricsRegistry } from '../../../lib/metrics.js';
import { FakeClock } from '../../support/fake-clock.js';
import { silentLog } from '../../support/silent.js';

const limits = {
  loopDelayMs: 100,
  storeDelayMs: 1000,
  answerDelayMs: 200,
  queueDepth: 1000,
  leastShare: 0.05,
  retryAfterS: 1,
};

describe('overload', () => {
  let clock: FakeClock;
  let metrics: MetricsRegistry;
  let logged: string[];
  let delays: { loop: number; store: number; answer: number; queued?: number };
  let overload: Overload;

  beforeEach(() => {
    clock = new FakeClock();
    metrics = createMetrics({ log: silentLog });
    logged = [];
    delays = { loop: 0, store: 0, answer: 0 };
    const write = (event: string): void => void logged.push(event);
    const log: Logger = { ...silentLog, warn: write, info: write };
    const gauges = {
      read: () => ({
        loopDelayMs: delays.loop,
        storeDelayMs: delays.store,
        answerDelayMs: delays.answer,
        queueDepth: delays.queued ?? 0,
      }),
    };
    overload = createOverload({ limits, clock, log, metrics, gauges });
    overload.start();
  });

  afterEach(() => overload.close());

  /** Of 30 messages in each tenth of a second: the part that is taken in the last of them. */
  async function takenWhile(looks: number): Promise<number> {
    let taken = 0;
    for (let look = 0; look < looks; look++) {
      const answers = Array.from({ length: 30 }, () => overload.admit('message', { side: 'sip', source: 'bot' }));
      taken = answers.filter(Boolean).length / answers.length;
      await clock.advance(100);
    }
    return taken;
  }

  it('refuses nothing as long as all is within its limit', async () => {
    delays = { loop: 99, store: 999, answer: 199, queued: 999 };
    expect(await takenWhile(10)).to.equal(1);
    expect(overload.check()).to.deep.equal({ state: 'ok' });
    expect(logged).to.deep.equal([]);
  });

  it('takes a share of new work where the loop, the store or the answers are late, or too much waits', async () => {
    for (const late of [
      { loop: 150, store: 0, answer: 0 },
      { loop: 0, store: 1500, answer: 0 },
      { loop: 0, store: 0, answer: 300 },
      { loop: 0, store: 0, answer: 0, queued: 1500 },
    ]) {
      await takenWhile(30);
      delays = late;
      await clock.advance(100);
      expect(overload.share).to.be.closeTo(1 / 1.5, 0.001);
      // Below the limit and not well below it: the share stays.
      delays = { loop: 80, store: 0, answer: 0 };
      expect(await takenWhile(30)).to.be.closeTo(1 / 1.5, 0.05);
      delays = { loop: 0, store: 0, answer: 0 };
      await clock.advance(5000);
    }
  });

  it('takes the least share while the pressure lasts, and all again within three seconds after it', async () => {
    delays.loop = 1000;
    await takenWhile(30);
    expect(overload.share).to.equal(limits.leastShare);
    delays.loop = 0;
    expect(await takenWhile(31)).to.equal(1);
  });

  it('refuses receipts last', async () => {
    delays.loop = 300;
    await takenWhile(10);
    expect(overload.admit('receipt', { side: 'sip', source: 'bot' })).to.equal(true);
    delays.loop = 500;
    await clock.advance(100);
    expect(overload.admit('receipt', { side: 'sip', source: 'bot' })).to.equal(false);
  });

  it('says once that it begins, and once that it is over; stays ready, and says so; counts what it refused', async () => {
    delays.loop = 200;
    await clock.advance(300);
    expect(overload.admit('message', { side: 'sip', source: 'bot' })).to.equal(false);
    expect(overload.check()).to.deep.equal({ state: 'degraded', detail: 'overloaded: 13 % of new work is taken' });
    expect(await metrics.expose())
      .to.match(/^iwf_overload_refused_total\{side="sip",work="message"\} 1$/m)
      .and.match(/^iwf_overload_share 0\.125$/m);
    delays.loop = 0;
    await clock.advance(5000);
    expect(logged).to.deep.equal(['overload begins', 'overload is over']);
  });

  it('never cuts by more than half at once, however long one pause was', () => {
    expect(nextShare(1, 50, 0.05)).to.equal(0.5);
    expect(nextShare(0.06, 50, 0.05)).to.equal(0.05);
  });
});
