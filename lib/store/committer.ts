/** From changes to a write and, once it is durable, to items in their lanes. */
import type { Clock } from '../clock.js';
import type { Metrics } from '../metrics.js';
import { encodeChanges, type EncodedChanges } from './encode.js';
import type { HeadState, Journal, NewItem } from './journal.js';
import type { LaneQueue } from './lane-queue.js';
import type { LaneItem } from './lanes.js';
import type { StoreLimits } from './limits.js';
import { StoreError } from './store-error.js';
import type { Changes, QueueName } from './store.js';
import type { Writer } from './writer.js';

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
  /** To be called with items that left their lane: their text is no longer in memory. */
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
      const item = { seq, lane, id, enqueuedAtMs, attempts, text: undefined };
      queues[queue].lanes.add(item, Math.max(enqueuedAtMs, dueAtMs));
      aheadMs = Math.max(aheadMs, enqueuedAtMs - nowMs);
      nextSeq = seq + 1;
    }
    // The clock was put back since: by that much at least.
    if (aheadMs > 0) for (const { lanes } of Object.values(queues)) lanes.shift(-aheadMs);
  }

  function assertRoom({ items }: EncodedChanges): void {
    const added = { outbound: new Set<string>(), notify: new Set<string>() };
    for (const { queue: name, id } of items) {
      const { lanes, reserved } = queues[name];
      const ids = added[name];
      if (lanes.item(id) || reserved.has(id) || ids.has(id))
        throw new StoreError('duplicate', `an item of this id is in the queue ${name}`);
      ids.add(id);
      if (lanes.depth() + reserved.size + ids.size > limits.maxItems) throw full(name);
    }
  }

  function full(queue: QueueName): StoreError {
    metrics?.count('limit_reached_total', { limit: 'store.maxItems' });
    return new StoreError('full', `the queue ${queue} holds ${limits.maxItems} items`);
  }

  function reserve(encoded: EncodedChanges, nowMs: number): readonly NewItem[] {
    const items = encoded.items.map((item) => ({ ...item, seq: nextSeq++, enqueuedAtMs: nowMs }));
    for (const item of items) queues[item.queue].reserved.add(item.id);
    return items;
  }

  function admit({ seq, queue, lane, id, enqueuedAtMs, text }: NewItem): void {
    const isCached = !journal.keepsItems || cachedLength + text.length <= limits.cachedLength;
    if (isCached) cachedLength += text.length;
    const item = { seq, lane, id, enqueuedAtMs, attempts: 0, text: isCached ? text : undefined };
    // The clock may have been put back while it was being written.
    queues[queue].lanes.add(item, Math.min(enqueuedAtMs, clock.now()));
    queues[queue].signal();
  }

  return {
    commit(changes, effect = noEffect) {
      const nowMs = clock.now();
      const encoded = encodeChanges(changes, limits, nowMs);
      if (encoded.items.length > 0) assertRoom(encoded);
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
      for (const item of items) cachedLength -= item.text?.length ?? 0;
    },
  };
}
