/** How the other sides are: which notifyURLs are dead, which bots must be spared, and when the next try is due. */
import type { Clock, Timer } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import type { Subscription } from '../../resources/subscription.js';
import type { Claim, Store } from '../../store/store.js';
import type { Aside } from '../delivery/aside.js';
import { createCircuits } from './circuits.js';
import type { NotifyOptions } from '../options.js';
import type { Outcome } from '../callback/outcome.js';
import { urlKeyOf } from './places.js';
import { createSlowBots } from './slow-bots.js';

export interface HealthDeps {
  readonly store: Pick<Store, 'hasten'>;
  readonly aside: Aside;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly options: Pick<NotifyOptions, 'breaker' | 'parallel' | 'maxRetryAfterMs' | 'backoff' | 'leaseMs'>;
}

export interface Health {
  /** Milliseconds until the subscription may be tried; 0: now. */
  waitMs(subscription: Subscription): number;
  /** A try begins, after a wait of 0. */
  begins(subscription: Subscription): void;
  /** Sets a lane aside, untried, because of that wait; never longer than `maxMs`. */
  putOff(subscription: Subscription, claim: Claim, maxMs: number): void;
  /** Callbacks that the bot may have at once. */
  maxParallel(bot: string): number;
  /** What came of a try. */
  note(subscription: Subscription, lane: string, outcome: Outcome): void;
  /** notifyURLs that are taken for dead now. */
  readonly openCircuits: number;
  /** Stops the timers; idempotent. */
  close(): void;
}

export function createHealth({ store, aside, clock, log, metrics, options }: HealthDeps): Health {
  const circuits = createCircuits(options.breaker);
  const slowBots = createSlowBots(options.parallel.perBot);
  const probes = new Map<string, Timer>();

  const hasten = async (lanes: readonly string[]): Promise<void> => {
    try {
      for (const lane of lanes) await store.hasten('notify', lane);
    } catch (error) {
      log.warn('lanes not hastened', { error: String(error) }); // they come by their own backoff
    }
  };
  /** One that was set aside first: a lane that failed may be among them, and cannot be hastened then. False: none waits. */
  const callOne = (url: string): boolean => {
    if (aside.recall(url, 1)) return true;
    const lane = circuits.candidate(url);
    if (lane !== undefined) void hasten([lane]);
    return lane !== undefined;
  };
  /** While the lanes of an open circuit all wait, one of them is called now and then to try. */
  const probeLater = (url: string): void => {
    const probe = (): void => {
      probes.delete(url);
      if (!circuits.isOpen(url)) return;
      const isTime = circuits.waitMs(url, clock.now()) === 0;
      if (!isTime || callOne(url)) probeLater(url);
    };
    const delayMs = circuits.waitMs(url, clock.now()) || options.breaker.probeMs;
    if (!probes.has(url)) probes.set(url, clock.after(delayMs, probe));
  };
  const failed = (subscription: Subscription, lane: string): void => {
    const url = urlKeyOf(subscription);
    if (circuits.failed(url, lane, clock.now())) {
      metrics.count('notify_circuits', { state: 'open' });
      log.warn('callback circuit opened', whose(subscription));
    }
    if (circuits.isOpen(url)) probeLater(url);
  };
  const answered = (subscription: Subscription): void => {
    const url = urlKeyOf(subscription);
    const lanes = circuits.answered(url);
    if (!lanes) return;
    metrics.count('notify_circuits', { state: 'closed' });
    log.info('callback circuit closed', { ...whose(subscription), lanes: lanes.length });
    aside.recall(url, Infinity);
    void hasten(lanes);
  };
  const slowDown = (bot: string, askedMs: number): void => {
    const pauseMs = Math.max(options.backoff.baseMs, Math.min(askedMs, options.maxRetryAfterMs));
    slowBots.slow(bot, clock.now() + pauseMs, clock.now());
  };
  return {
    waitMs(subscription) {
      const nowMs = clock.now();
      return Math.max(slowBots.waitMs(subscription.bot, nowMs), circuits.waitMs(urlKeyOf(subscription), nowMs));
    },
    begins: (subscription) => circuits.begins(urlKeyOf(subscription), clock.now()),
    putOff(subscription, claim, maxMs) {
      const url = urlKeyOf(subscription);
      if (circuits.isOpen(url)) {
        aside.put(url, claim, Math.min(maxMs, options.leaseMs));
        probeLater(url);
      } else {
        const pauseMs = slowBots.waitMs(subscription.bot, clock.now());
        aside.put(subscription.bot, claim, Math.min(maxMs, pauseMs, options.leaseMs));
      }
    },
    maxParallel: (bot) => slowBots.maxParallel(bot),
    note(subscription, lane, outcome) {
      if (outcome.kind === 'retry') failed(subscription, lane);
      else answered(subscription);
      if (outcome.kind === 'done') slowBots.taken(subscription.bot);
      if (outcome.kind === 'slow') slowDown(subscription.bot, outcome.afterMs);
    },
    get openCircuits() {
      return circuits.openCount;
    },
    close() {
      for (const timer of probes.values()) timer.close();
      probes.clear();
    },
  };
}

/** The path of a notifyURL may hold a secret: the origin is what a log may show. */
function whose({ platformId, notifyURL }: Subscription): { readonly platform: string; readonly origin: string } {
  return { platform: platformId, origin: URL.canParse(notifyURL) ? new URL(notifyURL).origin : '' };
}
