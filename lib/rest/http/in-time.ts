/** Requests that wait for the store, and what they are told where it does not answer. */
import type { Timer } from '../../clock.js';
import { ApiError } from '../../resources/api-error.js';

/** `onLate` comes where the store keeps a request waiting for too long; whoever is done before closes it. */
export type Late = (onLate: () => void) => Timer;

const retryAfterS = 5;

/** What hangs with the store goes on behind a 503: it may yet be done, and is known again by its clientCorrelator. */
export function inTime<T>(late: Late, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const wait = late(() => reject(new ApiError('SVC1000', [], { retryAfterS })));
    void work.then(resolve, reject).finally(() => wait.close());
  });
}
