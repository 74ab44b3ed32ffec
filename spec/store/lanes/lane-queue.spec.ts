import { expect } from 'chai';
import { createLaneQueue } from '../../../lib/store/lanes/lane-queue.js';
import { FakeClock } from '../../support/fake-clock.js';

describe('a queue of lanes', () => {
  function opened() {
    const clock = new FakeClock(0);
    const errors: unknown[] = [];
    const queue = createLaneQueue({ name: 'notify', clock, onError: (error) => void errors.push(error) });
    let told = 0;
    queue.listen(() => {
      told++;
    });
    let seq = 0;
    /** A lane that is leased until then. */
    const lease = (untilMs: number): void => {
      const lane = `l${++seq}`;
      queue.lanes.add({ seq, lane, id: lane, enqueuedAtMs: 0, attempts: 0, kept: undefined }, 0);
      queue.lanes.claim(clock.now(), { lanes: 1, perLane: 1, untilMs, token: () => lane });
      queue.watchLeases();
    };
    return { clock, errors, queue, lease, told: () => told };
  }

  it('tells all who listen, once for all that happens in a turn, though one of them throws', async () => {
    const { clock, errors, queue, told } = opened();
    queue.listen(() => {
      throw new Error('a listener');
    });
    let second = 0;
    queue.listen(() => {
      second++;
    });
    for (let n = 0; n < 5; n++) queue.signal();
    expect(told()).to.equal(0);
    await clock.advance(0);
    expect([told(), second, errors.length]).to.deep.equal([1, 1, 1]);
    queue.signal();
    await clock.advance(0);
    expect([told(), second]).to.deep.equal([2, 2]);
  });

  it('has one timer for all leases, tells at the end of each, and none without a lease', async () => {
    const { clock, queue, lease, told } = opened();
    queue.watchLeases();
    expect(clock.pending).to.equal(0);
    for (const untilMs of [3000, 1000, 2000]) lease(untilMs);
    expect(clock.pending).to.equal(1);
    for (const [ms, times] of [
      [999, 0],
      [1, 1],
      [999, 1],
      [1, 2],
      [1000, 3],
    ] as const) {
      await clock.advance(ms);
      expect(told()).to.equal(times);
    }
    expect(clock.pending).to.equal(0);
  });

  it('lets leases end as late as before where the clock is put back, and tells', async () => {
    const { clock, queue, lease, told } = opened();
    lease(1000);
    await clock.advance(400);
    clock.step(-3_600_000);
    queue.clockPutBack(3_600_000);
    await clock.advance(0);
    expect(told()).to.equal(1);
    await clock.advance(599);
    expect(told()).to.equal(1);
    await clock.advance(1);
    expect(told()).to.equal(2);
  });

  it('closed, tells nobody and waits for nothing', async () => {
    const { clock, queue, lease, told } = opened();
    lease(1000);
    queue.signal();
    queue.close();
    expect(clock.pending).to.equal(0);
    lease(2000);
    await clock.advance(5000);
    expect([told(), clock.pending]).to.deep.equal([0, 0]);
  });
});
