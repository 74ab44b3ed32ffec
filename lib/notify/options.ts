/** The limits and times of notify, with their defaults; the root fills them from the configuration. */
import type { BackoffPolicy } from './pace/backoff.js';

export interface Parallel {
  /** Callbacks under way at once, in all. */
  readonly total: number;
  readonly perPlatform: number;
  readonly perOrigin: number;
  readonly perBot: number;
}

/** What one platform and its bots may take up. */
export interface PlatformLimits {
  readonly subscriptionsPerBot: number;
  readonly subscriptionsPerPlatform: number;
  readonly channelsPerPlatform: number;
  /** Items waiting in both queues. */
  readonly queuedPerBot: number;
  /** Items waiting in one lane. */
  readonly laneLength: number;
}

export const defaultPlatformLimits: PlatformLimits = {
  subscriptionsPerBot: 100,
  subscriptionsPerPlatform: 10_000,
  channelsPerPlatform: 1_000,
  queuedPerBot: 100_000,
  laneLength: 1_000,
};

export interface ChannelOptions {
  readonly maxPerBot: number;
  readonly maxChannels: number;
  /** Notifications that one channel holds; beyond, they wait in the queue. */
  readonly maxItemsPerChannel: number;
  /** In one answer, or unacknowledged on a WebSocket; a client may ask for fewer. */
  readonly maxNotifications: number;
  /** Of the notifications in one answer; one alone may be larger. */
  readonly maxBytes: number;
  /** How long a poll may hang. */
  readonly maxWaitMs: number;
  /** Life of a channel from one use to the next where the client asks for none, and at most; seconds. */
  readonly lifetimeS: number;
  readonly maxLifetimeS: number;
  /** How often ends of lives are looked for. */
  readonly sweepMs: number;
}

export interface NotifyOptions {
  /** How long a callback is tried, from its commit (`notify.validityS`). */
  readonly validityMs: number;
  readonly backoff: BackoffPolicy;
  /** One callback from its start to the end of its answer. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  /** An answer's body is read and thrown away up to here; then the connection is closed. */
  readonly maxResponseBytes: number;
  readonly parallel: Parallel;
  /** Lanes that wait in memory, with their items, for a place; the rest waits in the store. */
  readonly maxWaiting: number;
  /** The same of one bot at one origin. */
  readonly maxWaitingPerBot: number;
  /** Items of a lane taken with one claim. */
  readonly itemsPerLane: number;
  readonly leaseMs: number;
  /** Failures in a row that open the circuit of a notifyURL, and how often one callback is then let through. */
  readonly breaker: { readonly failures: number; readonly probeMs: number };
  /** Retry-After of a platform counts up to here. */
  readonly maxRetryAfterMs: number;
  /** How long dead letters are kept, and how many; beyond, what is given up is counted alone. */
  readonly deadLetterTtlMs: number;
  readonly maxDeadLetters: number;
  /** Origins whose connections are kept, and for how long without use. */
  readonly maxOrigins: number;
  readonly originIdleMs: number;
  readonly maxSubscriptions: number;
  /** How long a clientCorrelator is remembered. */
  readonly correlatorTtlMs: number;
  /** How often subscriptions are read again from a store that others write, too; 0: never. */
  readonly refreshMs: number;
  /** What is under way when the gateway stops may take so long. */
  readonly drainMs: number;
  readonly channels: ChannelOptions;
}

export const notifyDefaults: NotifyOptions = {
  validityMs: 86_400_000,
  backoff: { baseMs: 1_000, factor: 2, maxMs: 900_000, jitter: 0.2 },
  timeoutMs: 10_000,
  connectTimeoutMs: 5_000,
  maxResponseBytes: 65_536,
  parallel: { total: 1_024, perPlatform: 512, perOrigin: 128, perBot: 64 },
  maxWaiting: 4_096,
  maxWaitingPerBot: 512,
  itemsPerLane: 16,
  leaseMs: 30_000,
  breaker: { failures: 20, probeMs: 5_000 },
  maxRetryAfterMs: 900_000,
  deadLetterTtlMs: 604_800_000,
  maxDeadLetters: 100_000,
  maxOrigins: 1_024,
  originIdleMs: 60_000,
  maxSubscriptions: 100_000,
  correlatorTtlMs: 86_400_000,
  refreshMs: 0,
  drainMs: 5_000,
  channels: {
    maxPerBot: 100,
    maxChannels: 5_000,
    maxItemsPerChannel: 1_000,
    maxNotifications: 100,
    maxBytes: 1_048_576,
    maxWaitMs: 60_000,
    lifetimeS: 3_600,
    maxLifetimeS: 86_400,
    sweepMs: 5_000,
  },
};
