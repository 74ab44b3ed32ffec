/** A store that does not answer, as over a disk that hangs: who waits for it is told in time, though what he asked may yet be done. */
import type { Clock, Timer } from '../clock.js';
import type { Logger } from '../log.js';
import type { MetricsRegistry } from '../metrics.js';
import type { CheckResult } from '../rest/readiness.js';
import type { Store } from '../store/store.js';

/** Who may wait for the store. */
export type Side = 'rest' | 'sip' | 'admin';

export interface StoreWait {
  /** `onLate` comes once, where he waits as long as one may, and the store has been silent so long. Whoever has his answer closes it. */
  watch(side: Side, onLate: () => void): Timer;
  /** Undefined: it answers. */
  check(): CheckResult | undefined;
  start(): void;
  close(): void;
}

export interface StoreWaitDeps {
  readonly store: Pick<Store, 'ping'>;
  /** The longest that anybody waits. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
}

interface Waiting {
  readonly sinceMs: number;
  readonly side: Side;
  readonly onLate: () => void;
}

/** Between two looks. */
const lookMs = 250;

export function createStoreWait({ store, timeoutMs, clock, log, metrics }: StoreWaitDeps): StoreWait {
  /** The oldest first. */
  const waiting = new Set<Waiting>();
  /** The question that is open; it goes the way of every commit. */
  let askedMs: number | undefined;
  let hangs = false;
  let timer: Timer | undefined;
  const silentMs = (): number => (askedMs === undefined ? 0 : performance.now() - askedMs);

  const answered = (): void => {
    if (hangs) log.info('store answers again', { ms: Math.round(silentMs()) });
    hangs = false;
    askedMs = undefined;
  };
  const look = (): void => {
    timer = clock.after(lookMs, look);
    if (askedMs === undefined) {
      askedMs = performance.now();
      // One that fails says so at every commit.
      store.ping().then(answered, answered);
    }
    if (silentMs() < timeoutMs) return;
    if (!hangs) log.error('store does not answer', { ms: Math.round(silentMs()) });
    hangs = true;
    tell(performance.now() - timeoutMs);
  };
  const tell = (beforeMs: number): void => {
    for (const one of waiting) {
      if (one.sinceMs > beforeMs) return;
      waiting.delete(one);
      metrics.count('store_waits_ended_total', { side: one.side });
      one.onLate();
    }
  };

  metrics.gauge('store_silent_seconds', () => silentMs() / 1000);
  return {
    watch(side, onLate) {
      const one = { sinceMs: performance.now(), side, onLate };
      waiting.add(one);
      return { close: () => void waiting.delete(one) };
    },
    check: () =>
      hangs
        ? { state: 'failed', detail: `no answer for ${Math.round(silentMs() / 1000)} s: the disk hangs` }
        : undefined,
    start: () => (timer ??= clock.after(0, look)),
    close: () => timer?.close(),
  };
}
