/** What is written and not taken by the peers, on all connections: beyond a bound the slowest taker goes. */

export interface Taker {
  /** Written and not taken. */
  readonly unreadBytes: number;
  /** When the oldest of them were written, milliseconds; undefined: there are none. */
  readonly unreadSinceMs: number | undefined;
  /** Closes the connection; nothing of it is unread then. */
  cut(): void;
}

export class UnreadBudget {
  private readonly maxBytes: number;
  private readonly takers = new Map<Taker, number>();
  private usedBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Whenever something was written, taken, or closed. */
  note(taker: Taker): void {
    const bytes = taker.unreadBytes;
    const before = this.takers.get(taker) ?? 0;
    this.usedBytes += bytes - before;
    if (bytes > 0) this.takers.set(taker, bytes);
    else this.takers.delete(taker);
    if (bytes > before) this.makeRoom();
  }

  /** Whose oldest octets have waited longest holds the others' room; how much he holds says nothing of his pace. */
  private makeRoom(): void {
    while (this.usedBytes > this.maxBytes) {
      const [slowest] = [...this.takers.keys()].sort((a, b) => (a.unreadSinceMs ?? 0) - (b.unreadSinceMs ?? 0));
      if (!slowest) return;
      slowest.cut();
      this.usedBytes -= this.takers.get(slowest) ?? 0;
      this.takers.delete(slowest);
    }
  }
}
