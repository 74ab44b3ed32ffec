/** Whether commits become durable now; while they do not, a write of the store's own finds out when they do again. */
import type { Clock, Timer } from '../clock.js';
import type { Logger } from '../log.js';
import type { Outcome, Write } from './journal.js';
import { StoreError } from './store-error.js';

export interface StoreHealth {
  /** What came of a write; `length` in UTF-16 units of its values. */
  note(outcome: Outcome, length: number): void;
  /** Throws StoreError while commits fail, and has a write tried: who asks again is told what came of it. */
  check(): void;
  /** Tries no more; idempotent. */
  close(): void;
}

export interface HealthDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Settled once it is known what came of the write. */
  readonly submit: (write: Write, length: number) => Promise<unknown>;
}

/** Between two tries. */
const pauseMs = 500;
/** A small write may find room where a message does not: as large as what failed, but a store without so much room is full. */
const maxProbeLength = 65_536;
/** Should it not be taken back, it is swept. */
const probeTtlMs = 60_000;
const probe = { kind: 'probe', key: 'room' } as const;

interface Failing {
  readonly reason: 'full' | 'failed';
  readonly text: string;
  /** What is as long and becomes durable ends it. */
  readonly length: number;
  readonly sinceMs: number;
}

export function createStoreHealth({ clock, log, submit }: HealthDeps): StoreHealth {
  let failing: Failing | undefined;
  let isTrying = false;
  let rest: Timer | undefined;
  let isClosed = false;

  function fail({ reason, text }: Outcome & { readonly kind: 'failed' }, length: number): void {
    const { sinceMs = performance.now(), length: before = 0 } = failing ?? {};
    if (!failing) log.error('commits fail', { reason, problem: text });
    failing = { reason, text, length: Math.max(before, Math.min(length, maxProbeLength)), sinceMs };
  }

  function recover({ sinceMs }: Failing): void {
    failing = undefined;
    log.info('commits succeed again', { ms: Math.round(performance.now() - sinceMs) });
  }

  async function tryOne(length: number): Promise<void> {
    isTrying = true;
    const put = { ...probe, text: JSON.stringify('x'.repeat(length)), expiresAtMs: clock.now() + probeTtlMs };
    try {
      await submit(writeOf(clock, { puts: [{ ...put, ifRevision: undefined }] }), length);
      await submit(writeOf(clock, { removes: [probe] }), 0);
    } catch {
      // `note` has been told.
    }
    isTrying = false;
    if (!isClosed) rest = clock.after(pauseMs, () => (rest = undefined));
  }

  return {
    note(outcome, length) {
      if (outcome.kind === 'failed') fail(outcome, length);
      else if (failing && outcome.kind === 'done' && length >= failing.length) recover(failing);
    },
    check() {
      if (!failing) return;
      if (!isTrying && !rest && !isClosed) void tryOne(failing.length);
      throw new StoreError(failing.reason, `commits fail: ${failing.text}`);
    },
    close() {
      isClosed = true;
      rest?.close();
    },
  };
}

function writeOf(clock: Clock, parts: Pick<Partial<Write>, 'puts' | 'removes'>): Write {
  return { nowMs: clock.now(), puts: [], removes: [], items: [], deletes: [], heads: [], ...parts };
}
