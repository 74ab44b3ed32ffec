/**
 * Refuses new work before it is taken, where more comes than the process bears (design §2, promise 4).
 *
 *   pressure = the worst of event loop delay, store latency, time to the answer and depth of the queues, each over its limit in
 *              the configuration
 *
 *              pressure > 1                          the share is 1 again
 *   normal ───────────────────▶ shedding ───────────────────────────────────▶ normal
 *                      the share of new work that is taken: cut at once, grown step by step
 *
 * Of the new work a share is taken, fairly between bots (fair-share.ts), so that what is taken keeps its time and nothing that was taken is lost. Receipts are
 * refused last, requests in a dialog never: they end work.
 */
import type { Clock, Timer } from '../../clock.js';
import type { Config } from '../../config.js';
import type { Logger } from '../../log.js';
import type { MetricsRegistry } from '../../metrics.js';
import type { CheckResult } from '../../rest/admin/readiness.js';
import { createFairShare } from './fair-share.js';

/** `receipt`: it ends what was begun. */
export type Work = 'message' | 'receipt';

/** Where it comes from; of a bot's messages, whichever way they go, the bot is the source. */
export interface Origin {
  readonly side: 'sip' | 'rest';
  readonly source: string;
}

/** What was measured since the last reading. */
export interface Readings {
  readonly loopDelayMs: number;
  readonly storeDelayMs: number;
  readonly answerDelayMs: number;
  /** Items of the queue that holds most. */
  readonly queueDepth: number;
}

export interface Gauges {
  read(): Readings;
}

export interface OverloadDeps {
  readonly limits: Config['overload'];
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  readonly gauges: Gauges;
}

export interface Overload {
  /** May it come in? Every answer counts. */
  admit(work: Work, from: Origin): boolean;
  /** One was refused that was not asked about. */
  refuse(work: Work, side: Origin['side']): void;
  /** Of new work that is taken, 0 to 1. */
  readonly share: number;
  check(): CheckResult;
  start(): void;
  close(): void;
}

/** Between two looks. */
const lookMs = 100;
/** The share is cut to no less than this part of it in one look, lest one pause of the process shut the door. */
const hardestCut = 0.5;
/** Between this part of the limit and the limit the share stays as it is, lest it swing. */
const calm = 0.7;
/** From the least share to all within three seconds. */
const growth = { factor: 1.1, step: 0.02 };
/** At so many times the limit receipts are refused, too. */
const extreme = 4;

export function createOverload({ limits, clock, log, metrics, gauges }: OverloadDeps): Overload {
  let share = 1;
  let pressure = 0;
  const fair = createFairShare();
  let since: { readonly atMs: number; refused: number } | undefined;
  let timer: Timer | undefined;

  const look = (): void => {
    const { loopDelayMs, storeDelayMs, answerDelayMs, queueDepth } = gauges.read();
    pressure = Math.max(
      loopDelayMs / limits.loopDelayMs,
      storeDelayMs / limits.storeDelayMs,
      answerDelayMs / limits.answerDelayMs,
      queueDepth / limits.queueDepth,
    );
    share = nextShare(share, pressure, limits.leastShare);
    fair.set(share);
    if (share < 1 && !since) {
      since = { atMs: clock.now(), refused: 0 };
      log.warn('overload begins', {
        loopDelayMs: Math.round(loopDelayMs),
        storeDelayMs: Math.round(storeDelayMs),
        answerDelayMs: Math.round(answerDelayMs),
        queueDepth,
      });
    } else if (share === 1 && since) {
      log.info('overload is over', { refused: since.refused, ms: clock.now() - since.atMs });
      since = undefined;
    }
    timer = clock.after(lookMs, look);
  };

  const taken = (work: Work, source: string): boolean => (work === 'receipt' ? pressure < extreme : fair.take(source));

  const refuse = (work: Work, side: Origin['side']): void => {
    metrics.count('overload_refused_total', { side, work });
    if (since) since.refused++;
  };

  metrics.gauge('overload_share', () => share);
  return {
    admit(work, { side, source }) {
      if (taken(work, source)) return true;
      refuse(work, side);
      return false;
    },
    refuse,
    get share() {
      return share;
    },
    check: () =>
      share === 1
        ? { state: 'ok' }
        : { state: 'degraded', detail: `overloaded: ${Math.round(share * 100)} % of new work is taken` },
    start() {
      timer ??= clock.after(lookMs, look);
    },
    close: () => timer?.close(),
  };
}

/** Down as far as the pressure is above its limit, up in small steps once it is well below. */
export function nextShare(share: number, pressure: number, least: number): number {
  if (pressure > 1) return Math.max(least, share * Math.max(hardestCut, 1 / pressure));
  if (pressure > calm) return share;
  return Math.min(1, share * growth.factor + growth.step);
}
