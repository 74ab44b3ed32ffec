import { expect } from 'chai';
import { type ItemOutcome, LaneWorker } from '../../lib/iwf/lane-worker.js';
import { defaultLimits } from '../../lib/store/limits.js';
import type { ClaimedItem, Store } from '../../lib/store/store.js';
import { openVolatileStore } from '../../lib/store/volatile.js';
import { FakeClock } from '../support/fake-clock.js';
import { silentLog, silentMetrics } from '../support/silent.js';

const terms = {
  perLane: 4,
  leaseMs: 30_000,
  validityMs: 60_000,
  backoffMs: (attempts: number) => 1000 * 2 ** attempts,
};

describe('the worker of the outbound lanes', () => {
  const clock = new FakeClock();
  let store: Store;
  let worker: LaneWorker | undefined;
  const errors: string[] = [];

  beforeEach(() => {
    errors.length = 0;
    store = openVolatileStore({ clock, log: silentLog, metrics: silentMetrics, limits: defaultLimits });
  });
  afterEach(async () => {
    await worker?.stop();
    await store.close();
  });

  function work(run: (item: ClaimedItem) => Promise<ItemOutcome>, maxLanes = 10): void {
    const log = { ...silentLog, error: (event: string) => void errors.push(event) };
    worker = new LaneWorker({ store, clock, log, maxLanes, ...terms, run });
    worker.start();
  }

  const enqueue = (lane: string, ...ids: readonly string[]): Promise<boolean> =>
    store.commit({ enqueue: ids.map((id) => ({ queue: 'outbound', lane, id, value: id })) });

  it('runs the items of a lane in order, one after the other', async () => {
    const seen: string[] = [];
    let busy = 0;
    work(async ({ id }) => {
      expect(++busy).to.equal(1);
      await Promise.resolve();
      busy--;
      seen.push(id);
      return { kind: 'done' };
    });
    await enqueue('a', '1', '2', '3', '4', '5', '6');
    await clock.advance(100);
    await worker?.stop();
    expect(seen).to.deep.equal(['1', '2', '3', '4', '5', '6']);
    expect(await store.depth('outbound')).to.equal(0);
  });

  it('lets no lane wait for another', async () => {
    const seen: string[] = [];
    work(({ id }) => {
      seen.push(id);
      return id === 'stuck' ? new Promise(() => undefined) : Promise.resolve({ kind: 'done' });
    });
    await enqueue('a', 'stuck', 'behind');
    await enqueue('b', 'free');
    await clock.advance(100);
    expect(seen).to.have.members(['stuck', 'free']);
    worker = undefined; // its first lane never ends
  });

  it('tries a head again when it is due, and what follows only after it', async () => {
    const seen: string[] = [];
    work(({ id, attempts }) => {
      seen.push(`${id}#${attempts}`);
      return Promise.resolve(
        id === 'x' && attempts < 2 ? { kind: 'again', dueAtMs: clock.now() + 1000 } : { kind: 'done' },
      );
    });
    await enqueue('a', 'x', 'y');
    await clock.advance(999);
    expect(seen).to.deep.equal(['x#0']);
    await clock.advance(1100);
    expect(seen).to.deep.equal(['x#0', 'x#1', 'x#2', 'y#0']);
  });

  it('tells what waits behind a head that is to be tried again, and may be taken out of the lane', async () => {
    const seen: string[] = [];
    const log = { ...silentLog, error: (event: string) => void errors.push(event) };
    const run = ({ id, attempts }: ClaimedItem): Promise<ItemOutcome> => {
      seen.push(id);
      return Promise.resolve(
        id === '1' && attempts === 0 ? { kind: 'again', dueAtMs: clock.now() + 1000 } : { kind: 'done' },
      );
    };
    const behind = async (items: readonly ClaimedItem[]): Promise<void> => {
      expect(items.map(({ id }) => id)).to.deep.equal(['2', '3']);
      expect(await store.withdraw('outbound', '2')).to.equal(true);
    };
    worker = new LaneWorker({ store, clock, log, maxLanes: 10, ...terms, run, behind });
    worker.start();
    await enqueue('a', '1', '2', '3');
    await clock.advance(2000);
    expect(seen).to.deep.equal(['1', '1', '3']);
    expect(errors).to.deep.equal([]);
  });

  it('tries a head soon again where the user showed himself while it was being tried', async () => {
    const seen: string[] = [];
    let refuse: (() => void) | undefined;
    work(({ id, attempts }) => {
      seen.push(`${id}#${attempts}`);
      if (attempts > 0) return Promise.resolve({ kind: 'done' });
      return new Promise((resolve) => (refuse = () => resolve({ kind: 'again', dueAtMs: clock.now() + 60_000 })));
    });
    await enqueue('a', 'x');
    await clock.advance(10);
    await worker?.hasten('a');
    refuse?.();
    await clock.advance(900);
    expect(seen).to.deep.equal(['x#0']);
    await clock.advance(200);
    expect(seen).to.deep.equal(['x#0', 'x#1']);
  });

  it('keeps an item whose code failed, and rests its lane', async () => {
    let fail = true;
    const seen: string[] = [];
    work(({ id }) => {
      if (fail) throw new Error('bug');
      seen.push(id);
      return Promise.resolve({ kind: 'done' });
    });
    await enqueue('a', 'x');
    await clock.advance(500);
    fail = false;
    await clock.advance(1000);
    expect(seen).to.deep.equal(['x']);
  });

  it('makes a settlement anew where a receipt was faster', async () => {
    work(() =>
      Promise.resolve({
        kind: 'done',
        settlement: {
          changes: { put: [{ kind: 'message', key: 'm', value: 'Sent', ifRevision: 1 }] },
          anew: () => Promise.resolve({ put: [{ kind: 'message', key: 'm', value: 'Displayed', ifRevision: 2 }] }),
        },
      }),
    );
    await store.commit({ put: [{ kind: 'message', key: 'm', value: 'Pending' }] });
    await store.commit({ put: [{ kind: 'message', key: 'm', value: 'Delivered' }] });
    await enqueue('a', 'x', 'y');
    await clock.advance(100);
    expect((await store.get('message', 'm'))?.value).to.equal('Displayed');
  });

  it('works on no more lanes at once than its limit [chat.maxLanes]', async () => {
    const open: (() => void)[] = [];
    work(() => new Promise((resolve) => open.push(() => resolve({ kind: 'done' }))), 2);
    for (const lane of ['a', 'b', 'c']) await enqueue(lane, `${lane}1`);
    await clock.advance(10);
    expect(open).to.have.length(2);
    open[0]?.();
    await clock.advance(10);
    expect(open).to.have.length(3);
    for (const finish of open) finish();
  });

  it('leaves what it has not begun in the store when it stops', async () => {
    const seen: string[] = [];
    let finish: (() => void) | undefined;
    work(({ id }) => {
      seen.push(id);
      return new Promise((resolve) => (finish = () => resolve({ kind: 'done' })));
    });
    await enqueue('a', 'x', 'y');
    await clock.advance(10);
    const stopped = worker?.stop();
    finish?.();
    await stopped;
    expect(seen).to.deep.equal(['x']);
    expect(await store.depth('outbound')).to.equal(1);
  });

  it('takes what fails after it was stopped for broken off, and keeps it', async () => {
    let fail: (() => void) | undefined;
    work(() => new Promise((_, reject) => (fail = () => reject(new Error('the agent is closed')))));
    await enqueue('a', 'x');
    await clock.advance(10);
    const stopped = worker?.stop();
    fail?.();
    await stopped;
    expect(errors).to.deep.equal([]);
    expect(await store.depth('outbound')).to.equal(1);
  });

  it('calls nothing an error of what ends when the store is closed already', async () => {
    let end: ((outcome: ItemOutcome) => void) | undefined;
    work(() => new Promise((resolve) => (end = resolve)));
    await enqueue('a', 'x');
    await clock.advance(10);
    const stopped = worker?.stop();
    await store.close();
    end?.({ kind: 'again', dueAtMs: clock.now() });
    await stopped;
    expect(errors).to.deep.equal([]);
  });

  it('says of what fails while it works that it is a bug', async () => {
    work(() => Promise.reject(new Error('a bug')));
    await enqueue('a', 'x');
    await clock.advance(10);
    expect(errors).to.deep.equal(['outbound item failed']);
  });

  it('tries what fails by a fault of ours less and less often, and drops it when its time is over', async () => {
    const triedAtS: number[] = [];
    const startedMs = clock.now();
    const seen: string[] = [];
    work(({ id }) => {
      seen.push(id);
      if (id !== 'poison') return Promise.resolve({ kind: 'done' });
      triedAtS.push(Math.round((clock.now() - startedMs) / 1000));
      return Promise.reject(new Error('a bug'));
    });
    await enqueue('a', 'poison', 'behind');
    await clock.advance(62_000);
    expect(triedAtS).to.deep.equal([0, 1, 3, 7, 15, 31]);
    expect(seen).not.to.include('behind');
    await clock.advance(2_000);
    expect(triedAtS.at(-1)).to.equal(63);
    expect(seen.at(-1)).to.equal('behind');
    expect(errors.at(-1)).to.equal('outbound item dropped');
    expect(await store.depth('outbound')).to.equal(0);
  });

  it("waits with each item for its bot's turn", async () => {
    const asked: string[] = [];
    const seen: string[] = [];
    let go = (): void => undefined;
    worker = new LaneWorker({
      ...{ store, clock, log: silentLog, maxLanes: 10, ...terms },
      turn: (bot) => {
        asked.push(bot);
        return bot === 'sip:crowded' ? new Promise((resolve) => (go = resolve)) : undefined;
      },
      run: ({ id }) => {
        seen.push(id);
        return Promise.resolve({ kind: 'done' });
      },
    });
    worker.start();
    await enqueue('message|sip:crowded|tel:+1', 'one', 'two');
    await enqueue('message|sip:calm|tel:+1', 'three');
    await enqueue('deadline|an-id', 'four');
    await clock.advance(100);
    expect(seen).to.have.members(['three', 'four']);
    expect(asked).to.have.members(['sip:crowded', 'sip:calm', '']);
    go();
    await clock.advance(100);
    expect(seen).to.have.members(['one', 'three', 'four']);
    const stopped = worker.stop();
    go();
    await stopped;
    expect(seen, 'what had to wait until the end stays for the next start').not.to.include('two');
  });
});
