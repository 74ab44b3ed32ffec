/** What every part of the gateway is given, and where it leaves the way to close it. */
import { systemClock, type Clock } from '../clock.js';
import type { Config } from '../config.js';
import type { Logger } from '../log.js';
import { seldomLog, type SeldomLog } from '../log/seldom-log.js';
import { createMetrics } from '../metrics.js';
import { createTraceRing, type TraceRing } from '../trace/ring.js';
import { type LimitWatch, watchLimits } from './load/limit-watch.js';

export interface Foundation {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: SeldomLog;
  readonly metrics: LimitWatch;
  readonly trace: TraceRing | undefined;
  /** Ways to close what has started, for a start that fails: the last one goes first. */
  readonly started: (() => Promise<void>)[];
}

/** Whoever may connect by MSRP can have them as often as he likes. */
const warningsOfPeers: ReadonlySet<string> = new Set(['msrp garbage', 'msrp connection cut', 'msrp connect refused']);

export function openFoundation(config: Config, everyLine: Logger): Foundation {
  const clock = systemClock;
  const log = seldomLog(everyLine, clock, warningsOfPeers);
  const metrics = watchLimits(createMetrics({ log, process: true }), { log, clock });
  const trace = config.trace.conversations > 0 ? createTraceRing(config.trace) : undefined;
  return { config, clock, log, metrics, trace, started: [closing(log), closing(metrics)] };
}

/** Of what closes at once. */
export function closing(part: { close(): void }): () => Promise<void> {
  return () => {
    part.close();
    return Promise.resolve();
  };
}
