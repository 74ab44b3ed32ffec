/** A wall clock that tells when it is put back: what waits by it would else wait so much longer. */
import type { Clock } from '../clock.js';

export interface StepClock extends Clock {
  /** A time to come that may have been computed before the clock was put back, by the clock as it is. */
  asOfNow(atMs: number): number;
}

/** `onStep` runs before anybody computes with the new time. */
export function createStepClock(clock: Clock, onStep: (byMs: number) => void): StepClock {
  let latestMs = clock.now();
  /** The last step: from where, and how far back. */
  let step = { fromMs: -Infinity, byMs: 0 };
  const now = (): number => {
    const nowMs = clock.now();
    const beforeMs = latestMs;
    latestMs = nowMs;
    if (nowMs < beforeMs) {
      step = { fromMs: beforeMs, byMs: beforeMs - nowMs };
      onStep(step.byMs);
    }
    return nowMs;
  };
  return {
    now,
    after: (delayMs, action) => clock.after(delayMs, action),
    // Beyond the old time and before it is reached again; a wait as long as the step itself is cut short, and does no harm.
    asOfNow: (atMs) => (now() < step.fromMs && atMs >= step.fromMs ? atMs - step.byMs : atMs),
  };
}
