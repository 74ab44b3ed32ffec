/** Bytes on their way to the engine: drachtio-server loses its place in the stream where more is unread than its buffer holds. */

interface Waiting {
  readonly bytes: number;
  readonly run: () => void;
}

export interface WindowLimits {
  /** Without their echo; undefined: everything passes at once. */
  readonly maxBytes: number | undefined;
  /** In place of it while a long frame is among them: the rest of it may stay in the buffer as more is read. */
  readonly maxBytesBesideLong: number | undefined;
}

/** drachtio-server reads 8,192 octets at a time into a buffer of 12,228: what is left of a shorter frame has place there. */
const LONG_BYTES = 4_000;

/** Lets frames through in order while no more of them than the limits say are without their echo; one is always let through. */
export class SendWindow {
  private readonly limits: WindowLimits;
  private inFlight = 0;
  private longInFlight = 0;
  private queue: Waiting[] = [];

  constructor(limits: WindowLimits) {
    this.limits = limits;
  }

  /** Runs `write` now or when there is room; it calls `leave` at its echo. Calls of `leave` after the first do nothing. */
  enter(bytes: number, write: (leave: () => void) => void): void {
    const { queue } = this;
    const run = () => {
      let left = false;
      this.count(bytes, 1);
      write(() => {
        // after a reset the bytes are no longer counted
        if (left || queue !== this.queue) return;
        left = true;
        this.count(bytes, -1);
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
    this.longInFlight = 0;
  }

  private count(bytes: number, times: 1 | -1): void {
    this.inFlight += times * bytes;
    if (bytes > LONG_BYTES) this.longInFlight += times;
  }

  private admit(): void {
    for (let next = this.queue[0]; next && this.fits(next); next = this.queue[0]) {
      this.queue.shift();
      next.run();
    }
  }

  private fits({ bytes }: Waiting): boolean {
    const { maxBytes = Infinity, maxBytesBesideLong = Infinity } = this.limits;
    const isLong = bytes > LONG_BYTES || this.longInFlight > 0;
    const limit = isLong ? Math.min(maxBytes, maxBytesBesideLong) : maxBytes;
    return this.inFlight === 0 || this.inFlight + bytes <= limit;
  }
}
