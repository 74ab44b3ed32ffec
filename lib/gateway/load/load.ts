/** How loaded this process is, and what each border answers where it is overloaded. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../../clock.js';
import type { Config } from '../../config.js';
import type { Logger } from '../../log.js';
import type { MetricsRegistry } from '../../metrics.js';
import type { CheckResult } from '../../rest/admin/readiness.js';
import type { Store } from '../../store/store.js';
import type { Origins } from './origins.js';
import type { StorePulse } from './store-pulse.js';
import { createOverload, type Gauges, type Origin, type Readings, type Work } from './overload.js';

export interface Load {
  /** Seconds to wait; undefined: it may come in. Without a request: a new call or message. */
  readonly sipOverloaded: (request?: SipRequest) => number | undefined;
  /** What came in has its answer. */
  readonly sipSettled: (request: SipRequest) => void;
  /** Of a request that would wait about so long for its turn: it costs least to refuse it before it does. */
  readonly restOverdue: (waitMs: number) => number | undefined;
  /** `waitedMs`: for its turn, until now. */
  readonly restOverloaded: (bot: string, platformId: string, waitedMs: number) => number | undefined;
  readonly restSettled: () => void;
  check(): CheckResult;
  /** Once all else has: what the start has cost is no overload. */
  start(): void;
  close(): Promise<void>;
}

/** Of the time to the answer that overload is measured by: the rest is for the work itself. */
const waitingPart = 0.5;

interface SipRequest {
  readonly method: string | undefined;
  readonly uri: string | undefined;
  readonly body: Buffer;
}

interface LoadDeps {
  readonly store: Pick<Store, 'depth'>;
  readonly pulse: StorePulse;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  readonly origins: Origins;
}

export function createLoad({ overload: limits }: Config, deps: LoadDeps): Load {
  const { origins } = deps;
  const flow = createFlow();
  const gauges = processGauges(
    deps,
    flow,
    pausesPassed(limits, () => overload.share < 1),
  );
  const overload = createOverload({ ...deps, limits, gauges });
  const refused = (work: Work, from: Origin): number | undefined =>
    overload.admit(work, from) ? undefined : limits.retryAfterS;
  return {
    sipOverloaded(request) {
      const work = isMessage(request) && request.body.includes('message/imdn+xml') ? 'receipt' : 'message';
      const waitS = refused(work, { side: 'sip', source: origins.ofUser(request?.uri ?? '') });
      if (waitS === undefined && isMessage(request)) flow.begin();
      return waitS;
    },
    sipSettled(request) {
      if (isMessage(request)) flow.end();
    },
    restOverdue(waitMs) {
      if (waitMs <= limits.answerDelayMs * waitingPart) return undefined;
      overload.refuse('message', 'rest');
      return limits.retryAfterS;
    },
    restOverloaded(bot, platformId, waitedMs) {
      const waitS = refused('message', { side: 'rest', source: origins.ofPlatform(platformId, bot) });
      if (waitS === undefined) flow.begin(waitedMs);
      return waitS;
    },
    restSettled: () => flow.end(),
    check: () => overload.check(),
    start() {
      gauges.start();
      overload.start();
    },
    close() {
      overload.close();
      gauges.close();
      return Promise.resolve();
    },
  };
}

/** An INVITE may wait for a bot, or a user, to decide. */
function isMessage(request: SipRequest | undefined): request is SipRequest {
  return request?.method === 'MESSAGE';
}

interface Flow {
  /** One is in, and has been for so long. */
  begin(sinceMs?: number): void;
  end(): void;
  /** Of those since the last look, those that are still in included: Little's law, without a note for each. */
  meanMs(): number;
}

function createFlow(): Flow {
  let inside = 0;
  let ended = 0;
  let spentMs = 0;
  let atMs = performance.now();
  const pass = (): void => {
    const nowMs = performance.now();
    spentMs += inside * (nowMs - atMs);
    atMs = nowMs;
  };
  return {
    begin(sinceMs = 0) {
      pass();
      spentMs += sinceMs;
      inside++;
    },
    end() {
      pass();
      inside--;
      ended++;
    },
    meanMs() {
      pass();
      const meanMs = spentMs / Math.max(1, ended);
      spentMs = 0;
      ended = 0;
      return meanMs;
    },
  };
}

/** Below it the process waits for others more than it works: for a processor, or the store. To refuse work would not help. */
const busyShare = 0.7;

/** In the second after the start nearly all code runs for the first time, some ten times as slow as later. */
const firstLooks = 10;

/**
 * One pause is no overload: what is done for the first time, a collection of garbage. A look at which the process is
 * late counts where one of the two before was late, too, or `isOver` says that there is overload anyway, and none of the
 * first; else its delays count as their limits.
 */
export function pausesPassed(
  limits: Pick<Readings, 'loopDelayMs' | 'answerDelayMs'>,
  isOver: () => boolean,
): (one: Readings) => Readings {
  let before: readonly boolean[] = [];
  let looks = 0;
  return (readings) => {
    const { loopDelayMs, answerDelayMs } = readings;
    const isLate = loopDelayMs > limits.loopDelayMs || answerDelayMs > limits.answerDelayMs;
    const isAlone = ++looks <= firstLooks || (!before.includes(true) && !isOver());
    before = [...before.slice(-1), isLate];
    if (!isLate || !isAlone) return readings;
    return {
      ...readings,
      loopDelayMs: Math.min(loopDelayMs, limits.loopDelayMs),
      answerDelayMs: Math.min(answerDelayMs, limits.answerDelayMs),
    };
  };
}

/**
 * Of this process: the mean delay of its event loop, how long the store takes to answer, the question that is open included, and
 * how much waits in it.
 */
function processGauges(
  { store, pulse }: Pick<LoadDeps, 'store' | 'pulse'>,
  flow: Flow,
  steady: (one: Readings) => Readings,
): Gauges & { start(): void; close(): void } {
  const resolutionMs = 10;
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  let used = performance.eventLoopUtilization();
  let loopDelayMs = 0;
  let queueDepth = 0;
  const readDepth = (): void => {
    Promise.all([store.depth('outbound'), store.depth('notify')]).then(
      (depths) => (queueDepth = Math.max(...depths)),
      // It is closed: nothing comes any more.
      () => undefined,
    );
  };
  const readLoop = (): void => {
    const { mean } = histogram;
    histogram.reset();
    // No sample since the last look: the loop is as late as it was. The interval of the samples is part of what is measured.
    if (!Number.isNaN(mean)) loopDelayMs = Math.max(0, mean / 1e6 - resolutionMs);
  };
  return {
    start() {
      used = performance.eventLoopUtilization();
      histogram.enable();
    },
    read() {
      readLoop();
      const before = used;
      used = performance.eventLoopUtilization();
      const isBusy = performance.eventLoopUtilization(used, before).utilization >= busyShare;
      const storeDelayMs = Math.max(pulse.silentMs(), pulse.tookMs());
      pulse.ask();
      readDepth();
      const answerDelayMs = flow.meanMs();
      return steady({
        loopDelayMs: isBusy ? loopDelayMs : 0,
        storeDelayMs,
        answerDelayMs: isBusy ? answerDelayMs : 0,
        queueDepth,
      });
    },
    close: () => histogram.disable(),
  };
}
