/** Bytes of request bodies that are held at once, those of all requests together. */

/** What one request takes of it. */
export interface BodyShare {
  /** False where there is no room for so many bytes more, or the share is closed. */
  take(bytes: number): boolean;
  /** The body is no longer needed; idempotent. */
  close(): void;
}

export class BodyBudget {
  private readonly maxBytes: number;
  private readonly onFull: (who: string) => void;
  private usedBytes = 0;

  constructor(maxBytes: number, onFull: (who: string) => void) {
    this.maxBytes = maxBytes;
    this.onFull = onFull;
  }

  /** `who` asks, for `onFull`. */
  open(who: string): BodyShare {
    let bytes = 0;
    let closed = false;
    return {
      take: (more) => {
        if (closed) return false;
        if (this.usedBytes + more > this.maxBytes) {
          this.onFull(who);
          return false;
        }
        this.usedBytes += more;
        bytes += more;
        return true;
      },
      close: () => {
        closed = true;
        this.usedBytes -= bytes;
        bytes = 0;
      },
    };
  }
}
