/** A store that does not answer, as over a disk that hangs: who waits for it is told in time, though what he asked may yet be done. */
import type { Clock, Timer } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { MetricsRegistry } from '../../metrics.js';
import type { CheckResult } from '../../rest/admin/readiness.js';
import type { StorePulse } from './store-pulse.js';

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
  readonly pulse: StorePulse;
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

export function createStoreWait({ pulse, timeoutMs, clock, log, metrics }: StoreWaitDeps): StoreWait {
  /** The oldest first. */
  const waiting = new Set<Waiting>();
  /** Its silence was told. */
  let told = false;
  let timer: Timer | undefined;
  const hangs = (): boolean => pulse.silentMs() >= timeoutMs;

  const look = (): void => {
    timer = clock.after(lookMs, look);
    pulse.ask();
    if (hangs()) {
      if (!told) log.error('store does not answer', { ms: Math.round(pulse.silentMs()) });
      tell(performance.now() - timeoutMs);
    } else if (told) log.info('store answers again', { ms: Math.round(pulse.tookMs()) });
    told = hangs();
  };
  const tell = (beforeMs: number): void => {
    for (const one of waiting) {
      if (one.sinceMs > beforeMs) return;
      waiting.delete(one);
      metrics.count('store_waits_ended_total', { side: one.side });
      one.onLate();
    }
  };

  metrics.gauge('store_silent_seconds', () => pulse.silentMs() / 1000);
  return {
    watch(side, onLate) {
      const one = { sinceMs: performance.now(), side, onLate };
      waiting.add(one);
      return { close: () => void waiting.delete(one) };
    },
    check: () =>
      hangs()
        ? { state: 'failed', detail: `no answer for ${Math.round(pulse.silentMs() / 1000)} s: the disk hangs` }
        : undefined,
    start: () => (timer ??= clock.after(0, look)),
    close: () => timer?.close(),
  };
}
