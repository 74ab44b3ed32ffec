/** How many requests a second a platform may make: a bucket that holds one second's worth. */
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import { ApiError } from '../../resources/api-error.js';

export interface RequestRateDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

interface Bucket {
  tokens: number;
  atMs: number;
  /** A line for each time that it runs empty, not for each request. */
  told: boolean;
}

export class RequestRate {
  private readonly deps: RequestRateDeps;
  private readonly perS: (platformId: string) => number | undefined;
  private readonly buckets = new Map<string, Bucket>();

  /** `perS` undefined: no limit. */
  constructor(deps: RequestRateDeps, perS: (platformId: string) => number | undefined) {
    this.deps = deps;
    this.perS = perS;
  }

  /** Throws 429 with Retry-After beyond the platform's rate. */
  take(platformId: string): void {
    const perS = this.perS(platformId);
    if (perS === undefined) return;
    const bucket = this.filled(platformId, perS);
    if (bucket.tokens < 1) throw this.exceeded(platformId, bucket);
    bucket.tokens--;
    bucket.told &&= bucket.tokens < perS / 2;
  }

  private filled(platformId: string, perS: number): Bucket {
    const nowMs = this.deps.clock.now();
    const bucket = this.buckets.get(platformId) ?? { tokens: perS, atMs: nowMs, told: false };
    this.buckets.set(platformId, bucket);
    // A clock that was set back gives nothing.
    bucket.tokens = Math.min(perS, bucket.tokens + (Math.max(0, nowMs - bucket.atMs) * perS) / 1000);
    bucket.atMs = nowMs;
    return bucket;
  }

  private exceeded(platformId: string, bucket: Bucket): ApiError {
    const { log, metrics } = this.deps;
    metrics.count('limit_reached_total', { limit: 'limits.requestsPerS' }, 1, platformId);
    if (!bucket.told) log.warn('platform asks too much', { platform: platformId });
    bucket.told = true;
    return new ApiError('POL0001', ['too many requests'], { status: 429, retryAfterS: 1 });
  }
}
