/** Bytes on their way to the engine: drachtio-server loses its place in the stream where more is unread than its buffer holds. */

interface Waiting {
  readonly bytes: number;
  readonly run: () => void;
}

/** Lets frames through in order while no more than `maxBytes` of them are without their echo; one is always let through. */
export class SendWindow {
  private readonly maxBytes: number | undefined;
  private inFlight = 0;
  private queue: Waiting[] = [];

  /** Undefined: everything passes at once. */
  constructor(maxBytes: number | undefined) {
    this.maxBytes = maxBytes;
  }

  /** Runs `write` now or when there is room; it calls `leave` at its echo. Calls of `leave` after the first do nothing. */
  enter(bytes: number, write: (leave: () => void) => void): void {
    const { queue } = this;
    const run = () => {
      let left = false;
      this.inFlight += bytes;
      write(() => {
        // after a reset the bytes are no longer counted
        if (left || queue !== this.queue) return;
        left = true;
        this.inFlight -= bytes;
        this.admit();
      });
    };
    this.queue.push({ bytes, run });
    this.admit();
  }

  /** The connection is gone: what waited is dropped. */
  reset(): void {
    this.queue = [];
    this.inFlight = 0;
  }

  private admit(): void {
    for (let next = this.queue[0]; next && this.fits(next); next = this.queue[0]) {
      this.queue.shift();
      next.run();
    }
  }

  private fits({ bytes }: Waiting): boolean {
    return this.maxBytes === undefined || this.inFlight === 0 || this.inFlight + bytes <= this.maxBytes;
  }
}
