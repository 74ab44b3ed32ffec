/** Forgets records whose time is over, in the background, in small batches. */
import type { Clock, Timer } from '../clock.js';
import type { Logger } from '../log.js';
import type { Journal } from './journal.js';

export interface Sweeper {
  /** Waits for the batch that is running. */
  close(): Promise<void>;
}

/** Between two rounds. */
const restMs = 10_000;
/** Within a round: 5,000 records a second are looked at, ten times as many while a quarter of them is to be forgotten. */
const stepMs = 200;
const hastyStepMs = 20;
const stepRecords = 1000;

export interface SweeperOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Logger;
}

export function startSweeper({ journal, clock, log }: SweeperOptions): Sweeper {
  let isClosed = false;
  let running: Promise<void> = Promise.resolve();
  let timer: Timer = clock.after(restMs, start);

  function start(): void {
    running = sweep();
  }

  async function sweep(): Promise<void> {
    const pauseMs = await step();
    if (!isClosed) timer = clock.after(pauseMs, start);
  }

  async function step(): Promise<number> {
    try {
      const { found, isRound } = await journal.sweep(clock.now(), stepRecords);
      if (isRound) return restMs;
      return found * 4 < stepRecords ? stepMs : hastyStepMs;
    } catch (error) {
      log.warn('store sweep failed', { error });
      return restMs;
    }
  }

  return {
    async close() {
      isClosed = true;
      timer.close();
      await running;
    },
  };
}
