/** Group commit: what is asked while a batch is being written makes up the next one. */
import type { Metrics } from '../metrics.js';
import type { Journal, Outcome, Write } from './journal.js';
import type { StoreLimits } from './limits.js';
import { StoreError, type StoreFailure } from './store-error.js';

interface Pending {
  readonly write: Write;
  readonly length: number;
  readonly settle: (outcome: Outcome) => void;
}

export interface WriteRequest {
  readonly write: Write;
  /** UTF-16 units of its values. */
  readonly length: number;
  /** Called once, whatever came of it, in the order of the requests and before anybody who awaits them runs. */
  readonly settled: (isDone: boolean) => void;
}

export interface Writer {
  /** True: durable. False: a revision did not hold. Rejects with StoreError; then nothing was changed. */
  submit(request: WriteRequest): Promise<boolean>;
  /** After what was asked before, at the latest. */
  flushed(): Promise<void>;
}

/** So many writes at most share a transaction: it bounds what one waits for the others. */
const maxBatch = 512;

export interface WriterOptions {
  readonly journal: Journal;
  readonly limits: StoreLimits;
  readonly metrics: Metrics | undefined;
  /** What came of each write that the journal was given. */
  readonly noted?: (outcome: Outcome, length: number) => void;
}

export function createWriter({ journal, limits, metrics, noted }: WriterOptions): Writer {
  let pending: Pending[] = [];
  let pendingLength = 0;
  let running: Promise<void> | undefined;

  function failed(reason: StoreFailure, text: string): StoreError {
    metrics?.count('store_failures_total', { reason });
    return new StoreError(reason, text);
  }

  function refusal(request: WriteRequest): StoreError | undefined {
    if (pending.length >= limits.maxPending) {
      reached('store.maxPending');
      return failed('busy', `${pending.length} writes are waiting`);
    }
    if (pending.length > 0 && pendingLength + request.length > limits.maxPendingLength) {
      reached('store.maxPendingBytes');
      return failed('busy', `${pendingLength} characters are waiting to be written`);
    }
    return undefined;
  }

  function reached(limit: string): void {
    metrics?.count('limit_reached_total', { limit });
  }

  /** A disk that is full looks the same; where a limit is set it is nearer. */
  function failure({ reason, text }: Outcome & { readonly kind: 'failed' }): StoreError {
    if (reason === 'full' && limits.maxFileBytes !== undefined) reached('store.maxFileBytes');
    return failed(reason, text);
  }

  function enter(request: WriteRequest, answer: (outcome: Outcome) => void): void {
    pendingLength += request.length;
    const sinceMs = performance.now();
    const settle = (outcome: Outcome): void => {
      if (outcome.kind === 'done') metrics?.observe('store_commit_seconds', (performance.now() - sinceMs) / 1000);
      noted?.(outcome, request.length);
      request.settled(outcome.kind === 'done');
      answer(outcome);
    };
    pending.push({ write: request.write, length: request.length, settle });
    running ??= run();
  }

  async function run(): Promise<void> {
    // What other callbacks of this turn of the event loop ask shall be in the batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (pending.length > 0) await writeBatch();
    running = undefined;
  }

  async function writeBatch(): Promise<void> {
    const batch = pending.slice(0, maxBatch);
    pending = pending.slice(maxBatch);
    for (const each of batch) pendingLength -= each.length;
    metrics?.observe('store_batch_writes', batch.length);
    const outcomes = await outcomesOf(batch.map((each) => each.write));
    batch.forEach((each, place) => each.settle(outcomes[place] ?? lost('no outcome')));
  }

  async function outcomesOf(writes: readonly Write[]): Promise<readonly Outcome[]> {
    try {
      return await journal.write(writes);
    } catch (error) {
      return writes.map(() => lost(error instanceof Error ? error.message : String(error)));
    }
  }

  return {
    submit(request) {
      const refused = refusal(request);
      if (refused) {
        request.settled(false);
        return Promise.reject(refused);
      }
      return new Promise((resolve, reject) => {
        enter(request, (outcome) => {
          if (outcome.kind === 'failed') reject(failure(outcome));
          else resolve(outcome.kind === 'done');
        });
      });
    },
    async flushed() {
      while (running) await running;
    },
  };
}

function lost(text: string): Outcome {
  return { kind: 'failed', reason: 'failed', text };
}
