/** From changes to a write and, once it is durable, to items in their lanes. */
import type { Clock } from '../clock.js';
import type { Metrics } from '../metrics.js';
import { encodeChanges, type EncodedChanges, type EncodedItem } from './encode.js';
import type { HeadState, Journal, NewItem } from './journal.js';
import type { LaneQueue } from './lanes/lane-queue.js';
import type { LaneItem } from './lanes/lanes.js';
import type { StoreLimits } from './limits.js';
import { StoreError } from './store-error.js';
import type { Changes, Json, QueueName } from './store.js';
import type { Writer } from './writer.js';

/** An item on its way to the disk, its value kept for who claims it. */
interface Incoming extends NewItem {
  readonly value: Json;
}

export type LaneQueues = Readonly<Record<QueueName, LaneQueue>>;

/** What a write does to items that are there, beside what it enqueues. */
export interface Effect {
  readonly deletes: readonly number[];
  readonly heads: readonly HeadState[];
  /** It will be written; `settled` will follow. */
  readonly begun: () => void;
  /** Called once; true: it is durable. */
  readonly settled: (isDone: boolean) => void;
}

export interface Committer {
  /** As Store.commit; throws StoreError, before `begun`, what cannot be written. */
  commit(changes: Changes, effect?: Effect): Promise<boolean>;
  /** To be called with items that left their lane: their value is no longer in memory. */
  forget(items: readonly LaneItem[]): void;
}

export interface CommitterOptions {
  readonly journal: Journal;
  readonly writer: Writer;
  readonly queues: LaneQueues;
  readonly limits: StoreLimits;
  readonly clock: Clock;
  readonly metrics: Metrics | undefined;
}

const noEffect: Effect = { deletes: [], heads: [], begun: () => undefined, settled: () => undefined };

/** Puts what the journal holds into the lanes, at once due but for a lane whose head was given back until later. */
export function createCommitter({ journal, writer, queues, limits, clock, metrics }: CommitterOptions): Committer {
  let nextSeq = 1;
  let cachedLength = 0;
  load();

  function load(): void {
    const nowMs = clock.now();
    let aheadMs = 0;
    for (const { seq, queue, lane, id, enqueuedAtMs, attempts, dueAtMs } of journal.items()) {
      const item = { seq, lane, id, enqueuedAtMs, attempts, kept: undefined };
      queues[queue].lanes.add(item, Math.max(enqueuedAtMs, dueAtMs));
      aheadMs = Math.max(aheadMs, enqueuedAtMs - nowMs);
      nextSeq = seq + 1;
    }
    // The clock was put back since: by that much at least.
    if (aheadMs > 0) for (const { lanes } of Object.values(queues)) lanes.shift(-aheadMs);
  }

  function encode(changes: Changes, nowMs: number): EncodedChanges {
    try {
      const encoded = encodeChanges(changes, limits, nowMs);
      if (encoded.items.length > 0) assertRoom(encoded);
      return encoded;
    } catch (error) {
      if (error instanceof StoreError) metrics?.count('store_failures_total', { reason: error.reason });
      throw error;
    }
  }

  function assertRoom({ items }: EncodedChanges): void {
    const added = { outbound: 0, notify: 0 };
    for (const [place, { queue: name, id }] of items.entries()) {
      const { lanes, reserved } = queues[name];
      if (lanes.item(id) || reserved.has(id) || isAmong(items, place, name, id))
        throw new StoreError('duplicate', `an item of this id is in the queue ${name}`);
      added[name]++;
      if (lanes.depth() + reserved.size + added[name] > limits.maxItems) throw full(name);
    }
  }

  function full(queue: QueueName): StoreError {
    metrics?.count('limit_reached_total', { limit: 'store.maxItems' });
    return new StoreError('full', `the queue ${queue} holds ${limits.maxItems} items`);
  }

  function reserve(encoded: EncodedChanges, nowMs: number): readonly Incoming[] {
    return encoded.items.map(({ queue, lane, id, text, value }) => {
      queues[queue].reserved.add(id);
      return { seq: nextSeq++, queue, lane, id, enqueuedAtMs: nowMs, text, value };
    });
  }

  function admit({ seq, queue, lane, id, enqueuedAtMs, text: { length }, value }: Incoming): void {
    const isCached = !journal.keepsItems || cachedLength + length <= limits.cachedLength;
    if (isCached) cachedLength += length;
    const item = { seq, lane, id, enqueuedAtMs, attempts: 0, kept: isCached ? { value, length } : undefined };
    // The clock may have been put back while it was being written.
    queues[queue].lanes.add(item, Math.min(enqueuedAtMs, clock.now()));
    queues[queue].signal();
  }

  return {
    commit(changes, effect = noEffect) {
      const nowMs = clock.now();
      const encoded = encode(changes, nowMs);
      const items = reserve(encoded, nowMs);
      const { deletes, heads } = effect;
      effect.begun();
      return writer.submit({
        write: { nowMs, puts: encoded.puts, removes: encoded.removes, items, deletes, heads },
        length: encoded.length,
        settled(isDone) {
          for (const item of items) queues[item.queue].reserved.delete(item.id);
          effect.settled(isDone);
          if (isDone) for (const item of items) admit(item);
        },
      });
    },
    forget(items) {
      for (const item of items) cachedLength -= item.kept?.length ?? 0;
    },
  };
}

/** Whether an item before `place` is of this queue and id. */
function isAmong(items: readonly EncodedItem[], place: number, queue: QueueName, id: string): boolean {
  for (let at = 0; at < place; at++) if (items[at]?.id === id && items[at]?.queue === queue) return true;
  return false;
}
