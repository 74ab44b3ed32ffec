/** How many requests a second a platform may make: a bucket that holds one second's worth. */
import type { Clock } from '../../clock.js';
import { ApiError } from '../../resources/api-error.js';

interface Bucket {
  tokens: number;
  atMs: number;
}

export class RequestRate {
  private readonly clock: Clock;
  private readonly perS: (platformId: string) => number | undefined;
  private readonly buckets = new Map<string, Bucket>();

  /** `perS` undefined: no limit. */
  constructor(clock: Clock, perS: (platformId: string) => number | undefined) {
    this.clock = clock;
    this.perS = perS;
  }

  /** Throws 429 with Retry-After beyond the platform's rate. */
  take(platformId: string): void {
    const perS = this.perS(platformId);
    if (perS === undefined) return;
    const nowMs = this.clock.now();
    const bucket = this.buckets.get(platformId) ?? { tokens: perS, atMs: nowMs };
    this.buckets.set(platformId, bucket);
    // A clock that was set back gives nothing.
    bucket.tokens = Math.min(perS, bucket.tokens + (Math.max(0, nowMs - bucket.atMs) * perS) / 1000);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) throw new ApiError('POL0001', ['too many requests'], { status: 429, retryAfterS: 1 });
    bucket.tokens--;
  }
}
