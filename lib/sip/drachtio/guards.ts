/** What waits on one connection: each for its own time, and all of it ends with the connection. */
import type { Clock } from '../../clock.js';

export type Failure = 'timeout' | 'lost';

/** Waits for one thing: whichever comes first of success, time and loss of the connection. */
export interface Guard {
  /** True for the first caller alone: the thing has come in time. */
  done(): boolean;
}

export class Guards {
  private readonly clock: Clock;
  private readonly open = new Set<(why: Failure) => void>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** `onFail` is called once, unless `done()` came before. */
  guard(delayMs: number, onFail: (why: Failure) => void): Guard {
    let open = true;
    const finish = () => {
      if (!open) return false;
      open = false;
      timer.close();
      this.open.delete(fail);
      return true;
    };
    const fail = (why: Failure) => {
      if (finish()) onFail(why);
    };
    const timer = this.clock.after(delayMs, () => fail('timeout'));
    this.open.add(fail);
    return { done: finish };
  }

  lose(): void {
    for (const fail of [...this.open]) fail('lost');
  }
}
