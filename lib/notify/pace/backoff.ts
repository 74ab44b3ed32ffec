/** How long to wait before the next try of a callback: exponential backoff with jitter, as a pure function. */

export interface BackoffPolicy {
  /** Wait before the second try. */
  readonly baseMs: number;
  /** Each wait is so many times the one before it. */
  readonly factor: number;
  /** No wait is longer. */
  readonly maxMs: number;
  /** Share of the wait that chance decides, 0 to 1: the wait lies between (1 - jitter) × full and full. */
  readonly jitter: number;
}

/**
 * The wait in whole milliseconds before the next try, after `attempts` tries that failed (1 at the first failure).
 * `random` is a number from 0 up to 1; the jitter only shortens, so that `maxMs` holds and a crowd that failed
 * together does not come back together.
 */
export function backoffMs(policy: BackoffPolicy, attempts: number, random: number): number {
  // Infinity for a great number of attempts is harmless: the minimum is taken of it.
  const full = Math.min(policy.maxMs, policy.baseMs * policy.factor ** Math.max(0, attempts - 1));
  return Math.round(full * (1 - policy.jitter * random));
}
