/** How the other sides are: which notifyURLs are dead, which bots must be spared, and when the next try is due. */
import type { Clock, Timer } from '../clock.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { Subscription } from '../resources/subscription.js';
import type { Store } from '../store/store.js';
import { createCircuits } from './circuits.js';
import type { NotifyOptions } from './options.js';
import type { Outcome } from './outcome.js';
import { createSlowBots } from './slow-bots.js';

export interface HealthDeps {
  readonly store: Pick<Store, 'hasten'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly options: Pick<NotifyOptions, 'breaker' | 'parallel' | 'maxRetryAfterMs' | 'backoff'>;
}

export interface Health {
  /** Milliseconds until the subscription may be tried; 0: now, and the caller tries. */
  waitMs(subscription: Subscription): number;
  /** A lane is given back untried because of that wait. */
  waits(subscription: Subscription, lane: string): void;
  isOpen(subscription: Subscription): boolean;
  /** Callbacks that the bot may have at once. */
  maxParallel(bot: string): number;
  note(subscription: Subscription, lane: string, outcome: Outcome): void;
  /** Stops the timers; idempotent. */
  close(): void;
}

export function createHealth({ store, clock, log, metrics, options }: HealthDeps): Health {
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
  /** While the lanes of an open circuit are all far in their backoff, one of them is called to try. */
  const probeLater = (url: string): void => {
    const probe = (): void => {
      probes.delete(url);
      const lane = circuits.candidate(url);
      if (!circuits.isOpen(url) || lane === undefined) return;
      void hasten([lane]);
      probeLater(url);
    };
    probes.get(url)?.close();
    probes.set(url, clock.after(options.breaker.probeMs, probe));
  };
  const failed = (subscription: Subscription, lane: string): void => {
    const url = keyOf(subscription);
    if (!circuits.failed(url, lane, clock.now())) return;
    metrics.count('notify_circuits', { state: 'open' });
    log.warn('callback circuit opened', whose(subscription));
    probeLater(url);
  };
  const answered = (subscription: Subscription): void => {
    const lanes = circuits.answered(keyOf(subscription));
    if (!lanes) return;
    metrics.count('notify_circuits', { state: 'closed' });
    log.info('callback circuit closed', { ...whose(subscription), lanes: lanes.length });
    void hasten(lanes);
  };
  return {
    waitMs({ bot, ...rest }) {
      const nowMs = clock.now();
      // The bot first: whoever asks an open circuit is its probe.
      return slowBots.waitMs(bot, nowMs) || circuits.waitMs(keyOf({ bot, ...rest }), nowMs);
    },
    waits: (subscription, lane) => circuits.waits(keyOf(subscription), lane),
    isOpen: (subscription) => circuits.isOpen(keyOf(subscription)),
    maxParallel: (bot) => slowBots.maxParallel(bot),
    note(subscription, lane, outcome) {
      if (outcome.kind === 'retry') return failed(subscription, lane);
      answered(subscription);
      if (outcome.kind === 'done') slowBots.taken(subscription.bot);
      if (outcome.kind !== 'slow') return;
      const pauseMs = Math.max(options.backoff.baseMs, Math.min(outcome.afterMs, options.maxRetryAfterMs));
      slowBots.slow(subscription.bot, clock.now() + pauseMs, clock.now());
    },
    close() {
      for (const timer of probes.values()) timer.close();
      probes.clear();
    },
  };
}

function keyOf({ platformId, notifyURL }: Subscription): string {
  return `${platformId} ${notifyURL}`;
}

/** The path of a notifyURL may hold a secret: the origin is what a log may show. */
function whose({ platformId, notifyURL }: Subscription): { readonly platform: string; readonly origin: string } {
  return { platform: platformId, origin: URL.canParse(notifyURL) ? new URL(notifyURL).origin : '' };
}
