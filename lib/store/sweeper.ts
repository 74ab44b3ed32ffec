/** Forgets records whose time is over, in the background, in small batches. */
import type { Clock, Timer } from '../clock.js';
import type { Logger } from '../log.js';
import type { Journal } from './journal.js';

export interface Sweeper {
  /** Waits for the batch that is running. */
  close(): Promise<void>;
}

const everyMs = 10_000;
/** While there is more to forget: leaves the journal to others in between. */
const pauseMs = 20;
const batchSize = 500;

export interface SweeperOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Logger;
}

export function startSweeper({ journal, clock, log }: SweeperOptions): Sweeper {
  let isClosed = false;
  let running: Promise<void> = Promise.resolve();
  let timer: Timer = clock.after(everyMs, start);

  function start(): void {
    running = sweep();
  }

  async function sweep(): Promise<void> {
    let found = 0;
    try {
      found = await journal.sweep(clock.now(), batchSize);
    } catch (error) {
      log.warn('store sweep failed', { error });
    }
    if (!isClosed) timer = clock.after(found < batchSize ? everyMs : pauseMs, start);
  }

  return {
    async close() {
      isClosed = true;
      timer.close();
      await running;
    },
  };
}
