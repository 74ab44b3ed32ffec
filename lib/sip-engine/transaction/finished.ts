/** Finished server transactions, oldest first: bounded in number and bytes. */

interface Entry {
  readonly bytes: number;
  readonly evict: () => void;
  previous: Entry | undefined;
  next: Entry | undefined;
}

export type FinishedEntry = Entry;

export class Finished {
  private readonly max: number;
  private readonly maxBytes: number;
  private readonly onEvict: () => void;
  private first: Entry | undefined;
  private last: Entry | undefined;
  private count = 0;
  private bytes = 0;

  constructor(limits: { max: number; maxBytes: number }, onEvict: () => void) {
    this.max = limits.max;
    this.maxBytes = limits.maxBytes;
    this.onEvict = onEvict;
  }

  get size(): number {
    return this.count;
  }

  /** `evict` forgets the transaction; it has to call `remove`. */
  add(bytes: number, evict: () => void): FinishedEntry {
    const entry: Entry = { bytes, evict, previous: this.last, next: undefined };
    if (this.last) this.last.next = entry;
    else this.first = entry;
    this.last = entry;
    this.count++;
    this.bytes += bytes;
    while (this.first && (this.count > this.max || this.bytes > this.maxBytes)) {
      const oldest = this.first;
      this.onEvict();
      this.remove(oldest);
      oldest.evict();
    }
    return entry;
  }

  /** Idempotent. */
  remove(entry: FinishedEntry): void {
    if (entry.previous === undefined && entry.next === undefined && this.first !== entry) return;
    if (entry.previous) entry.previous.next = entry.next;
    else this.first = entry.next;
    if (entry.next) entry.next.previous = entry.previous;
    else this.last = entry.previous;
    entry.previous = entry.next = undefined;
    this.count--;
    this.bytes -= entry.bytes;
  }
}
