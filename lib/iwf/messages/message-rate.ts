/** How many messages of users a chatbot is given a second: a flood of one bot takes the time of all. */
import type { Clock } from '../../clock.js';
import type { Metrics } from '../../metrics.js';
import { TokenBucket } from '../../token-bucket.js';
import type { Chatbot } from '../actions.js';
import { BoundedMap } from '../bounded-map.js';

export interface MessageRateDeps {
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** Who is forgotten begins with a full second's worth. */
const maxBots = 10_000;

export class MessageRate {
  private readonly deps: MessageRateDeps;
  private readonly buckets = new BoundedMap<TokenBucket>(maxBots);

  constructor(deps: MessageRateDeps) {
    this.deps = deps;
  }

  /** False: it is one too many for now. */
  admits({ uri, limits }: Chatbot): boolean {
    const perS = limits?.messagesPerS;
    if (perS === undefined) return true;
    const nowMs = this.deps.clock.now();
    const bucket = this.buckets.get(uri) ?? new TokenBucket(perS, nowMs);
    this.buckets.set(uri, bucket);
    if (bucket.take(perS, nowMs)) return true;
    this.deps.metrics.count('limit_reached_total', { limit: 'limits.messagesPerS' }, 1, uri);
    return false;
  }
}
