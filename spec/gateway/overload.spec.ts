import { expect } from 'chai';
import { createOverload, nextShare, type Overload } from '../../lib/gateway/overload.js';
import type { Logger } from '../../lib/log.js';
import { createMetrics, type MetricsRegistry } from '../../lib/metrics.js';
import { FakeClock } from '../support/fake-clock.js';
import { silentLog } from '../support/silent.js';

const limits = { loopDelayMs: 100, storeDelayMs: 1000, answerDelayMs: 200, leastShare: 0.05, retryAfterS: 1 };

describe('overload', () => {
  let clock: FakeClock;
  let metrics: MetricsRegistry;
  let logged: string[];
  let delays: { loop: number; store: number; answer: number };
  let overload: Overload;

  beforeEach(() => {
    clock = new FakeClock();
    metrics = createMetrics({ log: silentLog });
    logged = [];
    delays = { loop: 0, store: 0, answer: 0 };
    const write = (event: string): void => void logged.push(event);
    const log: Logger = { ...silentLog, warn: write, info: write };
    const gauges = {
      loopDelayMs: () => delays.loop,
      storeDelayMs: () => delays.store,
      answerDelayMs: () => delays.answer,
    };
    overload = createOverload({ limits, clock, log, metrics, gauges });
    overload.start();
  });

  afterEach(() => overload.close());

  function takenOf(asked: number): number {
    return Array.from({ length: asked }, () => overload.admit('message', 'sip')).filter((taken) => taken).length;
  }

  it('refuses nothing as long as every delay is within its limit', async () => {
    delays = { loop: 99, store: 999, answer: 199 };
    await clock.advance(1000);
    expect(takenOf(100)).to.equal(100);
    expect(overload.check()).to.deep.equal({ state: 'ok' });
    expect(logged).to.deep.equal([]);
  });

  it('takes a share of new work where the loop, the store or the answers are late', async () => {
    for (const late of [
      { loop: 150, store: 0, answer: 0 },
      { loop: 0, store: 1500, answer: 0 },
      { loop: 0, store: 0, answer: 300 },
    ]) {
      delays = late;
      await clock.advance(100);
      expect(overload.share).to.be.closeTo(1 / 1.5, 0.001);
      expect(takenOf(300)).to.be.closeTo(200, 1);
      delays = { loop: 0, store: 0, answer: 0 };
      await clock.advance(5000);
    }
  });

  it('takes the least share while the pressure lasts, and all again within three seconds after it', async () => {
    delays.loop = 1000;
    await clock.advance(2000);
    expect(overload.share).to.equal(limits.leastShare);
    expect(takenOf(100)).to.equal(5);
    delays.loop = 0;
    await clock.advance(3000);
    expect(takenOf(100)).to.equal(100);
  });

  it('refuses receipts last', async () => {
    delays.loop = 300;
    await clock.advance(1000);
    expect(takenOf(10)).to.equal(0);
    expect(overload.admit('receipt', 'sip')).to.equal(true);
    delays.loop = 500;
    await clock.advance(100);
    expect(overload.admit('receipt', 'sip')).to.equal(false);
  });

  it('says once that it begins, and once that it is over; stays ready, and says so; counts what it refused', async () => {
    delays.loop = 200;
    await clock.advance(300);
    expect(takenOf(4)).to.equal(0);
    expect(overload.check()).to.deep.equal({ state: 'degraded', detail: 'overloaded: 13 % of new work is taken' });
    expect(await metrics.expose())
      .to.match(/^iwf_overload_refused_total\{side="sip",work="message"\} 4$/m)
      .and.match(/^iwf_overload_share 0\.125$/m);
    delays.loop = 0;
    await clock.advance(5000);
    expect(logged).to.deep.equal(['overload begins', 'overload is over']);
  });

  it('stays as it is just below the limit', () => {
    expect(nextShare(0.4, 0.9, 0.05)).to.equal(0.4);
  });

  it('never cuts by more than half at once, however long one pause was', () => {
    expect(nextShare(1, 50, 0.05)).to.equal(0.5);
    expect(nextShare(0.06, 50, 0.05)).to.equal(0.05);
  });
});
