/** How many requests a second a platform may make. */
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import { ApiError } from '../../resources/api-error.js';
import { TokenBucket } from '../../token-bucket.js';

export interface RequestRateDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

interface Rate {
  readonly bucket: TokenBucket;
  /** A line for each time that it runs empty, not for each request. */
  told: boolean;
}

export class RequestRate {
  private readonly deps: RequestRateDeps;
  private readonly perS: (platformId: string) => number | undefined;
  private readonly rates = new Map<string, Rate>();

  /** `perS` undefined: no limit. */
  constructor(deps: RequestRateDeps, perS: (platformId: string) => number | undefined) {
    this.deps = deps;
    this.perS = perS;
  }

  /** Throws 429 with Retry-After beyond the platform's rate. */
  take(platformId: string): void {
    const perS = this.perS(platformId);
    if (perS === undefined) return;
    const nowMs = this.deps.clock.now();
    const rate = this.rates.get(platformId) ?? { bucket: new TokenBucket(perS, nowMs), told: false };
    this.rates.set(platformId, rate);
    if (!rate.bucket.take(perS, nowMs)) throw this.exceeded(platformId, rate);
    rate.told &&= rate.bucket.level < perS / 2;
  }

  private exceeded(platformId: string, rate: Rate): ApiError {
    const { log, metrics } = this.deps;
    metrics.count('limit_reached_total', { limit: 'limits.requestsPerS' }, 1, platformId);
    if (!rate.told) log.warn('platform asks too much', { platform: platformId });
    rate.told = true;
    return new ApiError('POL0001', ['too many requests'], { status: 429, retryAfterS: 1 });
  }
}
