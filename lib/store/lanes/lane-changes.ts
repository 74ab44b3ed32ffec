/** What happens to a lane that has items: ack, nack, withdraw, hasten; one at a time, the lane held until it is durable. */
import type { Clock } from '../../clock.js';
import type { Committer, LaneQueues } from '../committer.js';
import type { HeadState } from '../journal.js';
import { headItem, headItems, itemsBefore } from './lane-items.js';
import type { LaneQueue } from './lane-queue.js';
import type { Lane, LaneItem } from './lanes.js';
import type { Changes, Claim, Store } from '../store.js';

interface LaneChange {
  readonly changes?: Changes | undefined;
  readonly deletes?: readonly number[];
  readonly heads?: readonly HeadState[];
  /** To the lane in memory, once it is durable. */
  readonly apply: () => void;
}

interface LaneWork {
  readonly queue: LaneQueue;
  readonly find: () => Lane | undefined;
  /** Undefined: there is nothing to do any more. */
  readonly plan: (lane: Lane) => LaneChange | undefined;
}

export interface LaneChangesOptions {
  readonly queues: LaneQueues;
  readonly committer: Committer;
  readonly clock: Clock;
  readonly assertOpen: () => void;
  /** A due time may have been computed before the clock was put back. */
  readonly asOfNow: (atMs: number) => number;
}

export function createLaneChanges(options: LaneChangesOptions): Pick<Store, 'ack' | 'nack' | 'hasten' | 'withdraw'> {
  const { queues, committer, clock, assertOpen, asOfNow } = options;

  /** Between the look at the lane and the hold on it nothing else may run. */
  async function perform({ queue, find, plan }: LaneWork): Promise<boolean> {
    for (;;) {
      assertOpen();
      const lane = find();
      if (!lane) return false;
      const running = queue.settling.get(lane);
      if (running) {
        await running.catch(() => undefined);
        continue;
      }
      const change = plan(lane);
      return change ? settle(queue, lane, change) : false;
    }
  }

  function settle(queue: LaneQueue, lane: Lane, change: LaneChange): Promise<boolean> {
    const { changes = {}, deletes = [], heads = [] } = change;
    const begun = (): void => queue.lanes.hold(lane, true);
    const settled = (isDone: boolean): void => {
      queue.settling.delete(lane);
      if (isDone) change.apply();
      queue.lanes.hold(lane, false);
      queue.watchLeases();
      queue.signal();
    };
    const written = committer.commit(changes, { deletes, heads, begun, settled });
    if (lane.isHeld) queue.settling.set(lane, written);
    return written;
  }

  function leased(queue: LaneQueue, claim: Claim): () => Lane | undefined {
    return () => queue.lanes.leased(claim.lane, claim.token, clock.now());
  }

  function planWithdraw(queue: LaneQueue, lane: Lane, item: LaneItem): LaneChange | undefined {
    if (isLent(lane, item)) return undefined;
    const apply = (): void => {
      committer.forget([item]);
      queue.lanes.remove(lane, item);
    };
    return { deletes: [item.seq], heads: inheritedDue(lane, item), apply };
  }

  return {
    ack(claim, { count = Infinity, changes } = {}) {
      const queue = queues[claim.queue];
      const plan = (lane: Lane): LaneChange => {
        const items = headItems(lane.row, Math.max(0, Math.min(count, lane.lease?.remaining ?? 0)));
        const apply = (): void => {
          committer.forget(items);
          queue.lanes.take(lane, items.length, clock.now());
        };
        return { changes, deletes: items.map((item) => item.seq), apply };
      };
      return perform({ queue, find: leased(queue, claim), plan });
    },
    nack(claim, dueAtMs, { changes } = {}) {
      const queue = queues[claim.queue];
      const plan = (lane: Lane): LaneChange => {
        return {
          changes,
          heads: headState(lane, 1, dueAtMs),
          apply: () => queue.lanes.giveBack(lane, asOfNow(dueAtMs)),
        };
      };
      return perform({ queue, find: leased(queue, claim), plan });
    },
    async hasten(name, laneName) {
      const queue = queues[name];
      const plan = (lane: Lane): LaneChange | undefined => {
        if (lane.lease || lane.dueMs <= clock.now()) return undefined;
        return { heads: headState(lane, 0, 0), apply: () => queue.lanes.setDue(lane, clock.now()) };
      };
      await perform({ queue, find: () => queue.lanes.lane(laneName), plan });
    },
    withdraw(name, id, changes) {
      const queue = queues[name];
      const { lanes } = queue;
      const find = (): Lane | undefined => lanes.lane(lanes.item(id)?.lane ?? '');
      const plan = (lane: Lane): LaneChange | undefined => {
        const item = lanes.item(id);
        const change = item && planWithdraw(queue, lane, item);
        return change && { ...change, changes };
      };
      return perform({ queue, find, plan });
    },
  };
}

function headState(lane: Lane, attemptsMore: number, dueAtMs: number): readonly HeadState[] {
  const head = headItem(lane.row);
  return head ? [{ seq: head.seq, attempts: head.attempts + attemptsMore, dueAtMs: Math.ceil(dueAtMs) }] : [];
}

function isLent(lane: Lane, item: LaneItem): boolean {
  return lane.lease !== undefined && itemsBefore(lane.row, item) < lane.lease.remaining;
}

/** The journal keeps the due time of a lane at its head: where the head goes, the next one takes it over. */
function inheritedDue(lane: Lane, gone: LaneItem): readonly HeadState[] {
  const [head, next] = headItems(lane.row, 2);
  return head === gone && next ? [{ seq: next.seq, attempts: next.attempts, dueAtMs: Math.ceil(lane.dueMs) }] : [];
}
