/** Time as a dependency: the only door to the wall clock and to timers. */

export interface Timer {
  /** Idempotent. */
  close(): void;
}

export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Runs `action` once after `delayMs`, or after 24.8 days where that is less, unless the timer is closed first. */
  after(delayMs: number, action: () => void): Timer;
}

/** What Node waits at most, 24.8 days; for anything beyond it would not wait at all. */
export const longestDelayMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, Math.min(delayMs, longestDelayMs));
    return { close: () => clearTimeout(timer) };
  },
};
