/** The keys of one issuer (RFC 7517): fetched when they are old or one is missing, and waited for by few. */
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyOptions,
} from 'jose';
import type { Clock } from '../../clock.js';
import { fetchKeySet } from './key-fetch.js';

/** Keys are fetched when they are old, and for a kid that is not among them, but no more often than that. */
export interface KeySetTimes {
  readonly maxAgeMs: number;
  readonly cooldownMs: number;
  /** Until all of them have come. */
  readonly timeoutMs: number;
}

interface Verified {
  readonly payload: JWTPayload;
}

const keySetTimes: KeySetTimes = { maxAgeMs: 600_000, cooldownMs: 30_000, timeoutMs: 5_000 };
/** Requests at once; anybody can make up a token with an unknown kid. */
const maxWaiting = 50;
/** After a fetch that failed: who needs it is told so at once. */
const restMs = 5_000;
/** So long, too, those whose key is known do not wait for the next one. */
const awayMs = 60_000;

export class IssuerKeys {
  private readonly remote: ReturnType<typeof createRemoteJWKSet>;
  private readonly clock: Clock;
  private known: ReturnType<typeof createLocalJWKSet> | undefined;
  private failedAtMs: number | undefined;
  private waiting = 0;

  constructor(jwksUrl: string, clock: Clock, times: Partial<KeySetTimes> = {}) {
    const { maxAgeMs, cooldownMs, timeoutMs } = { ...keySetTimes, ...times };
    this.clock = clock;
    this.remote = createRemoteJWKSet(new URL(jwksUrl), {
      cacheMaxAge: maxAgeMs,
      cooldownDuration: cooldownMs,
      timeoutDuration: timeoutMs,
      [customFetch]: fetchKeySet,
    });
  }

  /** Rejects with jose's errors; those that are not `isOfToken`: it cannot be judged now. */
  async verify(token: string, options: JWTVerifyOptions): Promise<Verified> {
    if (this.hasFailedWithin(awayMs) || this.isFull) {
      const verified = await this.verifyByKnown(token, options);
      if (verified) {
        this.askAgain();
        return verified;
      }
      if (this.hasFailedWithin(restMs) || this.isFull) throw new errors.JWKSTimeout();
    }
    return this.verifyByFetched(token, options);
  }

  private get isFull(): boolean {
    return this.waiting >= maxWaiting;
  }

  /** A clock that was set back lets them be asked. */
  private hasFailedWithin(ms: number): boolean {
    return this.failedAtMs !== undefined && Math.abs(this.clock.now() - this.failedAtMs) < ms;
  }

  /** Waits for them where they are needed; while they cannot be fetched, those known before count. */
  private async verifyByFetched(token: string, options: JWTVerifyOptions): Promise<Verified> {
    this.waiting++;
    try {
      const verified = await jwtVerify(token, this.remote, options);
      this.answered();
      return verified;
    } catch (error) {
      if (isOfToken(error)) {
        this.answered();
        throw error;
      }
      this.failed();
      const verified = await this.verifyByKnown(token, options);
      if (!verified) throw error;
      return verified;
    } finally {
      this.waiting--;
    }
  }

  /** undefined: its key is not among them, and may be one that was not fetched. */
  private async verifyByKnown(token: string, options: JWTVerifyOptions): Promise<Verified | undefined> {
    const keys = this.known ?? this.remote.jwks();
    if (!keys) return undefined;
    this.known = typeof keys === 'function' ? keys : createLocalJWKSet(keys);
    return jwtVerify(token, this.known, options).catch((error: unknown) => {
      if (error instanceof errors.JWKSNoMatchingKey && !this.remote.coolingDown) return undefined;
      throw error;
    });
  }

  /** Nobody waits for it. */
  private askAgain(): void {
    if (this.failedAtMs === undefined || this.hasFailedWithin(restMs) || this.remote.reloading) return;
    this.remote.reload().then(
      () => this.answered(),
      () => this.failed(),
    );
  }

  private answered(): void {
    this.failedAtMs = undefined;
    this.known = undefined;
  }

  private failed(): void {
    this.failedAtMs = this.clock.now();
  }
}

/** Of the token, and not of the keys that it is judged by. */
export function isOfToken(error: unknown): error is errors.JOSEError {
  return (
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid
  );
}
