/** How loaded this process is, and what each border answers where it is overloaded. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import type { Logger } from '../log.js';
import type { MetricsRegistry } from '../metrics.js';
import type { CheckResult } from '../rest/readiness.js';
import type { Store } from '../store/store.js';
import { createOverload, type Gauges } from './overload.js';

export interface Load {
  /** Seconds to wait; undefined: it may come in. Without a request: a new call or message. */
  readonly sipOverloaded: (request?: SipRequest) => number | undefined;
  readonly restOverloaded: () => number | undefined;
  check(): CheckResult;
  start(): void;
  close(): Promise<void>;
}

interface SipRequest {
  readonly method: string | undefined;
  readonly body: Buffer;
}

interface LoadDeps {
  readonly store: Pick<Store, 'ping'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
}

export function createLoad({ overload: limits }: Config, deps: LoadDeps): Load {
  const gauges = processGauges(deps.store);
  const overload = createOverload({ ...deps, limits, gauges });
  return {
    sipOverloaded(request) {
      const work = request?.method === 'MESSAGE' && request.body.includes('message/imdn+xml') ? 'receipt' : 'message';
      return overload.admit(work, 'sip') ? undefined : limits.retryAfterS;
    },
    restOverloaded: () => (overload.admit('message', 'rest') ? undefined : limits.retryAfterS),
    check: () => overload.check(),
    start: () => overload.start(),
    close() {
      overload.close();
      gauges.close();
      return Promise.resolve();
    },
  };
}

/** Of this process: the mean delay of its event loop, and how long the store takes to answer, the question that is open included. */
function processGauges(store: Pick<Store, 'ping'>): Gauges & { close(): void } {
  const resolutionMs = 10;
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  let loopDelayMs = 0;
  let askedMs: number | undefined;
  let tookMs = 0;
  const ask = (): void => {
    const beganMs = performance.now();
    askedMs = beganMs;
    const answered = (): void => {
      tookMs = performance.now() - beganMs;
      askedMs = undefined;
    };
    // A store that fails says so at every commit; here it is only asked how fast it is.
    store.ping().then(answered, answered);
  };
  return {
    loopDelayMs() {
      const { mean } = histogram;
      histogram.reset();
      // No sample since the last look: the loop is as late as it was. The interval of the samples is part of what is measured.
      if (!Number.isNaN(mean)) loopDelayMs = Math.max(0, mean / 1e6 - resolutionMs);
      return loopDelayMs;
    },
    storeDelayMs() {
      const openMs = askedMs === undefined ? 0 : performance.now() - askedMs;
      if (askedMs === undefined) ask();
      return Math.max(openMs, tookMs);
    },
    close: () => histogram.disable(),
  };
}
