/** Ack and nack that outlast an outage of the store: what a worker has done must be noted, or it is done again when the lease ends. */
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import { StoreError, type StoreFailure } from './store-error.js';
import type { Store } from './store.js';

export interface PatienceOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** The gateway goes down: the next one finds what was not noted. */
  readonly isOver: () => boolean;
}

/** Between two tries. */
const pauseMs = 250;

/** The others are bugs, or final. */
const passing: ReadonlySet<StoreFailure> = new Set(['full', 'busy', 'failed']);

/**
 * The same store, but for `ack` and `nack`: they are tried again while the store fails, until they are durable or the lease is lost.
 * A worker that renews its lease holds the lane so long, and order with it.
 */
export function withPatience(store: Store, { clock, log, isOver }: PatienceOptions): Store {
  const insist = async (action: () => Promise<boolean>): Promise<boolean> => {
    for (let tries = 1; ; tries++) {
      try {
        return await action();
      } catch (error) {
        if (isOver() || !(error instanceof StoreError) || !passing.has(error.reason)) throw error;
        if (tries === 1) log.warn('store failed, tried again', { reason: error.reason, problem: error.message });
        await new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
      }
    }
  };
  return {
    ...store,
    ack: (claim, options) => insist(() => store.ack(claim, options)),
    nack: (claim, dueAtMs, options) => insist(() => store.nack(claim, dueAtMs, options)),
  };
}
