/** How late the gateway is, as it is scraped: what waits, since when; what is due, and not taken in hand. */
import { expect } from 'chai';
import { showLateness } from '../../../lib/gateway/operators/lateness.js';
import { createMetrics } from '../../../lib/metrics.js';
import { defaultLimits } from '../../../lib/store/limits.js';
import type { QueueName, Store } from '../../../lib/store/store.js';
import { openVolatileStore } from '../../../lib/store/volatile.js';
import { FakeClock } from '../../support/fake-clock.js';
import { silentLog } from '../../support/silent.js';

describe('how late the queues are', () => {
  let clock: FakeClock;
  let store: Store;
  let scraped: (
    queue?: QueueName,
  ) => Promise<{ readonly oldest: number | undefined; readonly overdue: number | undefined }>;

  beforeEach(() => {
    clock = new FakeClock();
    store = openVolatileStore({ clock, log: silentLog, metrics: undefined, limits: defaultLimits });
    const metrics = createMetrics({ log: silentLog });
    showLateness(metrics, { store, clock });
    scraped = async (queue: QueueName = 'outbound') => {
      const text = await metrics.expose();
      const of = (name: string): number | undefined => {
        const line = text.split('\n').find((one) => one.startsWith(`iwf_queue_${name}_seconds{queue="${queue}"} `));
        return line === undefined ? undefined : Number(line.split(' ')[1]);
      };
      return { oldest: of('oldest'), overdue: of('overdue') };
    };
  });
  afterEach(() => store.close());

  const enqueue = (lane: string, id: string) => store.commit({ enqueue: [{ queue: 'outbound', lane, id, value: id }] });
  const claim = async () => (await store.claim('outbound', { lanes: 1, perLane: 16, leaseMs: 600_000 }))[0]!;

  it('is nothing where nothing waits', async () => {
    expect(await scraped()).to.deep.equal({ oldest: 0, overdue: 0 });
  });

  it('is told of each queue by itself', async () => {
    await enqueue('a', '1');
    await clock.advance(2_000);
    expect(await scraped('notify')).to.deep.equal({ oldest: 0, overdue: 0 });
  });

  it('is counted from when the oldest was enqueued, whatever came after it', async () => {
    await enqueue('a', '1');
    await clock.advance(20_000);
    await enqueue('a', '2');
    await enqueue('b', '3');
    await clock.advance(10_500);
    expect(await scraped()).to.deep.equal({ oldest: 30.5, overdue: 30.5 });
  });

  it('knows the oldest also where what came before it has gone', async () => {
    await enqueue('a', '1');
    await clock.advance(20_000);
    await enqueue('b', '2');
    await clock.advance(5_000);
    await store.withdraw('outbound', '1');
    expect(await scraped()).to.deep.equal({ oldest: 5, overdue: 5 });
  });

  it('is not overdue what is in hand, or due later on purpose; it is as old as it is', async () => {
    await enqueue('a', '1');
    const claimed = await claim();
    await clock.advance(30_000);
    expect(await scraped()).to.deep.equal({ oldest: 30, overdue: 0 });
    await store.nack(claimed, clock.now() + 60_000);
    await clock.advance(59_000);
    expect(await scraped()).to.deep.equal({ oldest: 89, overdue: 0 });
    await clock.advance(3_000);
    expect(await scraped()).to.deep.equal({ oldest: 92, overdue: 2 });
  });

  it('is that of the lane that is due longest, not of one that waits for its time', async () => {
    await enqueue('a', '1');
    await store.nack(await claim(), clock.now() + 600_000);
    await enqueue('b', '2');
    await clock.advance(7_000);
    expect(await scraped()).to.deep.equal({ oldest: 7, overdue: 7 });
  });

  it('is never less than nothing, though the clock is put back', async () => {
    await enqueue('a', '1');
    await clock.advance(5_000);
    expect(await scraped()).to.deep.equal({ oldest: 5, overdue: 5 });
    clock.step(-3_600_000);
    expect(await scraped()).to.deep.equal({ oldest: 0, overdue: 5 });
    await clock.advance(1_000);
    expect(await scraped()).to.deep.equal({ oldest: 0, overdue: 6 });
  });
});
