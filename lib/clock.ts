/** Time as a dependency: the only door to the wall clock and to timers. */

export interface Timer {
  /** Idempotent. */
  close(): void;
}

export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Runs `action` once after `delayMs`, unless the timer is closed first. */
  after(delayMs: number, action: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    return { close: () => clearTimeout(timer) };
  },
};
