/** Messages that wait behind others and have an end of their own: when it comes, though nobody tries the lane just then. */
import type { Clock, Timer } from '../../clock.js';
import type { Logger } from '../../log.js';

export interface EndWatchOptions {
  readonly clock: Clock;
  readonly log: Logger;
}

/** Messages watched at once; the end of those beyond is noted when their lane is tried and they are among its first. */
const maxWatched = 50_000;
/** What came to nothing, for the store failed, is done again after so long. */
const restMs = 1_000;

export class EndWatch {
  private readonly options: EndWatchOptions;
  private readonly watched = new Map<string, Timer>();
  private isClosed = false;

  constructor(options: EndWatchOptions) {
    this.options = options;
  }

  /** `atEnd` is called when the wall clock says `endsAtMs`, unless the message is forgotten before; again where it rejects. */
  watch(messageId: string, endsAtMs: number, atEnd: () => Promise<void>): void {
    if (this.isClosed || this.watched.has(messageId) || this.watched.size >= maxWatched) return;
    this.arm(messageId, endsAtMs, atEnd);
  }

  forget(messageId: string): void {
    this.watched.get(messageId)?.close();
    this.watched.delete(messageId);
  }

  /** Watches nothing any more; idempotent. */
  close(): void {
    this.isClosed = true;
    for (const timer of this.watched.values()) timer.close();
    this.watched.clear();
  }

  private arm(messageId: string, endsAtMs: number, atEnd: () => Promise<void>): void {
    const { clock, log } = this.options;
    const ended = (): void => {
      this.watched.delete(messageId);
      // The clock was put back, or it is longer than a timer waits.
      if (clock.now() < endsAtMs) this.arm(messageId, endsAtMs, atEnd);
      else
        atEnd().catch((error: unknown) => {
          log.warn('end of a message not settled', { messageId, error: String(error) });
          this.watch(messageId, clock.now() + restMs, atEnd);
        });
    };
    this.watched.set(messageId, clock.after(Math.max(1, endsAtMs - clock.now()), ended));
  }
}
