/** Messages that wait behind others and have an end of their own: when it comes, though nobody tries the lane just then. */
import type { Clock, Timer } from '../../clock.js';
import type { Logger } from '../../log.js';

export interface EndWatchOptions {
  readonly clock: Clock;
  readonly log: Logger;
}

interface Watched {
  readonly messageId: string;
  readonly endsAtMs: number;
  readonly atEnd: () => Promise<void>;
}

/** Messages watched at once; the end of those beyond is noted when their lane is tried and they are among its first. */
const maxWatched = 50_000;
/** A crowd that ends together must not crowd out what else the store is asked. */
const atOnce = 32;
/** Where it came to nothing, for the store failed, the rest waits so long. */
const restMs = 1_000;

export class EndWatch {
  private readonly options: EndWatchOptions;
  private readonly watched = new Map<string, Timer>();
  private over: Watched[] = [];
  private isSettling = false;
  private rest: Timer | undefined;
  private isClosed = false;

  constructor(options: EndWatchOptions) {
    this.options = options;
  }

  /** `atEnd` is called when the wall clock says `endsAtMs`, unless the message is forgotten before; again where it rejects. */
  watch(messageId: string, endsAtMs: number, atEnd: () => Promise<void>): void {
    if (this.isClosed || this.watched.has(messageId) || this.watched.size + this.over.length >= maxWatched) return;
    this.arm({ messageId, endsAtMs, atEnd });
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
    this.over = [];
    this.rest?.close();
  }

  private arm(one: Watched): void {
    const { clock } = this.options;
    const timer = clock.after(Math.max(1, one.endsAtMs - clock.now()), () => {
      this.watched.delete(one.messageId);
      // The clock was put back, or it is longer than a timer waits.
      if (clock.now() < one.endsAtMs) this.arm(one);
      else this.over.push(one);
      void this.settleAll();
    });
    this.watched.set(one.messageId, timer);
  }

  private async settleAll(): Promise<void> {
    if (this.isSettling) return;
    this.isSettling = true;
    while (this.over.length > 0) {
      const some = this.over.splice(0, atOnce);
      const isDone = await Promise.all(some.map((one) => this.settle(one)));
      if (this.isClosed || isDone.every(Boolean)) continue;
      this.over.unshift(...some.filter((_, at) => !isDone[at]));
      await new Promise<void>((resolve) => (this.rest = this.options.clock.after(restMs, resolve)));
    }
    this.isSettling = false;
  }

  private async settle({ messageId, atEnd }: Watched): Promise<boolean> {
    try {
      await atEnd();
      return true;
    } catch (error) {
      this.options.log.warn('end of a message not settled', { messageId, error: String(error) });
      return false;
    }
  }
}
