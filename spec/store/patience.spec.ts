import { expect } from 'chai';
import { StoreError } from '../../lib/store/store-error.js';
import type { Store } from '../../lib/store/store.js';
import { openVolatileStore } from '../../lib/store/volatile.js';
import { defaultLimits } from '../../lib/store/limits.js';
import { withPatience } from '../../lib/store/patience.js';
import { FakeClock } from '../support/fake-clock.js';
import { claimOne, enqueue, quietLog, rejection } from './harness.js';

describe('ack and nack while the store fails', () => {
  let clock: FakeClock;
  let below: Store;
  let broken: StoreError | undefined;
  let over: boolean;
  let tries: number;
  let store: Store;

  beforeEach(() => {
    clock = new FakeClock();
    broken = new StoreError('full', 'database or disk is full');
    over = false;
    tries = 0;
    below = openVolatileStore({ clock, log: quietLog, metrics: undefined, limits: defaultLimits });
    const fail = <T>(work: () => Promise<T>): Promise<T> => {
      tries++;
      return broken ? Promise.reject(broken) : work();
    };
    const failing: Store = {
      ...below,
      ack: (claim, options) => fail(() => below.ack(claim, options)),
      nack: (claim, dueAtMs) => fail(() => below.nack(claim, dueAtMs)),
    };
    store = withPatience(failing, { clock, log: quietLog, isOver: () => over });
  });

  afterEach(() => store.close());

  it('are tried again until they are durable, so that nothing is done twice', async () => {
    await enqueue(store, 'lane', 'a', 'b');
    const acked = store.ack(await claimOne(store, { perLane: 1 }));
    await clock.advance(1_000);
    expect(tries).to.be.above(3);
    broken = undefined;
    await clock.advance(250);
    expect(await acked).to.equal(true);
    expect(await store.depth('outbound')).to.equal(1);
  });

  it('end with the lease', async () => {
    await enqueue(store, 'lane', 'a');
    const claim = await claimOne(store, { leaseMs: 500 });
    const nacked = store.nack(claim, clock.now());
    await clock.advance(600);
    broken = undefined;
    await clock.advance(250);
    expect(await nacked).to.equal(false);
  });

  it('reject at once what is a bug, or when the gateway goes down', async () => {
    await enqueue(store, 'lane', 'a');
    const claim = await claimOne(store);
    broken = new StoreError('invalid', 'no such key');
    expect(await rejection(store.ack(claim))).to.have.property('reason', 'invalid');
    broken = new StoreError('failed', 'disk I/O error');
    over = true;
    expect(await rejection(store.ack(claim))).to.have.property('reason', 'failed');
    expect(tries).to.equal(2);
  });
});
