/** The Store of one process: lanes and leases in memory, records and items in a journal, every change durable before it is seen. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import { createCommitter } from './committer.js';
import { decodeValue } from './encode.js';
import { createStoreHealth } from './health.js';
import type { Journal, KeptRecord, Write } from './journal.js';
import { createLaneChanges } from './lanes/lane-changes.js';
import { depthOf, headItems } from './lanes/lane-items.js';
import { createLaneQueue, type LaneQueue } from './lanes/lane-queue.js';
import type { Lane, LaneItem } from './lanes/lanes.js';
import type { StoreLimits } from './limits.js';
import { StoreError } from './store-error.js';
import type { Changes, Claim, ClaimedItem, ClaimOptions, Json, QueueName, Store, StoredRecord } from './store.js';
import { createStepClock } from './step-clock.js';
import { startSweeper } from './sweeper.js';
import { createWriter } from './writer.js';

export interface LanedStoreOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics | undefined;
  readonly limits: StoreLimits;
}

export function createLanedStore(options: LanedStoreOptions): Store {
  const { journal, log } = options;
  const clock = createStepClock(options.clock, (byMs) => {
    log.warn('clock was put back', { ms: byMs });
    for (const queue of Object.values(queues)) queue.clockPutBack(byMs);
  });
  const writer = createWriter({ ...options, noted: (outcome, length) => health.note(outcome, length) });
  const submit = (write: Write, length: number) => writer.submit({ write, length, settled: () => undefined });
  const health = createStoreHealth({ clock, log, submit });
  const queues = { outbound: queueOf('outbound'), notify: queueOf('notify') };
  const committer = createCommitter({ ...options, clock, writer, queues });
  const changes = createLaneChanges({ queues, committer, clock, assertOpen, asOfNow: (atMs) => clock.asOfNow(atMs) });
  const sweeper = startSweeper(options);
  let closing: Promise<void> | undefined;

  function queueOf(name: QueueName): LaneQueue {
    const onError = (error: unknown): void => log.error('store listener failed', { queue: name, error });
    return createLaneQueue({ name, clock, onError });
  }

  function assertOpen(): void {
    if (closing) throw new StoreError('closed', 'the store is closed');
  }

  /** Work that needs no waiting; what it throws becomes a rejection. */
  function answer<T>(work: () => T): Promise<T> {
    try {
      assertOpen();
      return Promise.resolve(work());
    } catch (error) {
      return Promise.reject(asError(error));
    }
  }

  /** What is thrown at once is a rejection, too; a promise of a promise would cost three turns. */
  function commit(wanted: Changes): Promise<boolean> {
    try {
      assertOpen();
      return committer.commit(wanted);
    } catch (error) {
      return Promise.reject(asError(error));
    }
  }

  function claim(queue: LaneQueue, { lanes, perLane, leaseMs }: ClaimOptions): readonly Claim[] {
    const nowMs = clock.now();
    const terms = { lanes, perLane: Math.max(1, perLane), untilMs: nowMs + leaseMs, token: randomUUID };
    const claimed = queue.lanes.claim(nowMs, terms);
    queue.watchLeases();
    return claimed.map((lane) => claimOf(queue, lane)).filter((each) => each !== undefined);
  }

  function claimOf(queue: LaneQueue, { name, row, lease }: Lane): Claim | undefined {
    if (!lease) return undefined;
    try {
      const items = headItems(row, lease.remaining).map(claimedItem);
      return { queue: queue.name, lane: name, token: lease.token, items };
    } catch (error) {
      // The lane comes back when its lease ends; the other lanes must not suffer.
      log.error('store cannot read an item', { queue: queue.name, error });
      return undefined;
    }
  }

  function claimedItem({ seq, id, enqueuedAtMs, attempts, kept }: LaneItem): ClaimedItem {
    return { id, value: kept ? kept.value : valueInJournal(seq), enqueuedAtMs, attempts };
  }

  function valueInJournal(seq: number): Json {
    const text = journal.itemText(seq);
    if (text === undefined) throw new StoreError('failed', `item ${seq} is not in the journal`);
    return decodeValue(text);
  }

  function renew(queue: LaneQueue, { lane: name, token }: Claim, leaseMs: number): boolean {
    const nowMs = clock.now();
    const lane = queue.lanes.leased(name, token, nowMs);
    if (!lane) return false;
    queue.lanes.prolong(lane, nowMs + leaseMs);
    queue.watchLeases();
    return true;
  }

  function nextDueMs({ lanes }: LaneQueue): number | undefined {
    lanes.expire(clock.now());
    return lanes.nextDueMs();
  }

  function laneDepth({ lanes }: LaneQueue, name: string): number {
    const lane = lanes.lane(name);
    return lane ? depthOf(lane.row) : 0;
  }

  async function shut(): Promise<void> {
    for (const queue of Object.values(queues)) queue.close();
    health.close();
    await sweeper.close();
    await writer.flushed();
    await journal.close();
  }

  return {
    durable: journal.durable,
    kind: journal.kind,
    get: (kind, key) => answer(() => decodeRecord(journal.get(kind, key, clock.now()))),
    list: (kind, prefix = '', limit = 1000, after) =>
      answer(() => journal.list({ kind, prefix, limit, after, nowMs: clock.now() }).map((kept) => storedRecord(kept))),
    commit,
    claim: (queue, terms) => answer(() => claim(queues[queue], terms)),
    ...changes,
    renew: (lent, leaseMs) => answer(() => renew(queues[lent.queue], lent, leaseMs)),
    depth: (queue) => answer(() => queues[queue].lanes.depth()),
    oldestMs: (queue) => answer(() => queues[queue].lanes.oldestMs()),
    ownerDepth: (queue, owner) => answer(() => queues[queue].lanes.ownerDepth(owner)),
    groupDepth: (queue, group) => answer(() => queues[queue].lanes.groupDepth(group)),
    laneDepth: (queue, lane) => answer(() => laneDepth(queues[queue], lane)),
    nextDueMs: (queue) => answer(() => nextDueMs(queues[queue])),
    onWork: (queue, listener) => queues[queue].listen(listener),
    ping: async () => {
      assertOpen();
      await journal.ping();
      health.check();
    },
    close: () => (closing ??= shut()),
  };
}

function storedRecord({ key, text, revision }: KeptRecord): StoredRecord {
  return { key, value: decodeValue(text), revision };
}

function decodeRecord(kept: KeptRecord | undefined): StoredRecord | undefined {
  return kept && storedRecord(kept);
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
