/**
 * Writes on their way to the writing thread: one flat list of texts and numbers for all of them. A structured clone of
 * the objects themselves costs four times as much, most of it for the names of their members.
 *
 *     for each write: nowMs, how many of each kind, then their members in the order of the interfaces
 */
import type { EncodedPut, HeadState, NewItem, Write } from '../journal.js';
import type { QueueName, RecordKind, Remove } from '../store.js';

export type Batch = readonly (string | number | undefined)[];

export function packBatch(writes: readonly Write[]): Batch {
  const packed: (string | number | undefined)[] = [];
  for (const write of writes) pack(write, packed);
  return packed;
}

function pack({ nowMs, puts, removes, items, deletes, heads }: Write, to: (string | number | undefined)[]): void {
  to.push(nowMs, puts.length, removes.length, items.length, deletes.length, heads.length);
  for (const { kind, key, text, expiresAtMs, ifRevision } of puts) to.push(kind, key, text, expiresAtMs, ifRevision);
  for (const { kind, key } of removes) to.push(kind, key);
  for (const { seq, queue, lane, id, enqueuedAtMs, text } of items) to.push(seq, queue, lane, id, enqueuedAtMs, text);
  for (const seq of deletes) to.push(seq);
  for (const { seq, attempts, dueAtMs } of heads) to.push(seq, attempts, dueAtMs);
}

/** The writes that `packBatch` was given. */
export function unpackBatch(packed: Batch): readonly Write[] {
  const reader = new Reader(packed);
  const writes: Write[] = [];
  while (!reader.isAtEnd) writes.push(reader.write());
  return writes;
}

const pageLength = 4096;
/** As measured in a flood of MESSAGEs: 2000 pages by this estimate were 1950. */
const membersOfPage = 6;

/** About how many pages its rows touch: of the table and of its index, and what their texts fill. */
export function pagesOf(packed: Batch): number {
  let length = 0;
  for (const member of packed) if (typeof member === 'string') length += member.length;
  return packed.length / membersOfPage + length / pageLength;
}

class Reader {
  private readonly packed: Batch;
  private at = 0;

  constructor(packed: Batch) {
    this.packed = packed;
  }

  get isAtEnd(): boolean {
    return this.at >= this.packed.length;
  }

  write(): Write {
    const nowMs = this.number();
    const [puts, removes, items] = [this.number(), this.number(), this.number()];
    const [deletes, heads] = [this.number(), this.number()];
    return {
      nowMs,
      puts: this.many(puts, () => this.put()),
      removes: this.many(removes, () => this.remove()),
      items: this.many(items, () => this.item()),
      deletes: this.many(deletes, () => this.number()),
      heads: this.many(heads, () => this.head()),
    };
  }

  private put(): EncodedPut {
    return {
      kind: this.text() as RecordKind,
      key: this.text(),
      text: this.text(),
      expiresAtMs: this.next() as number | undefined,
      ifRevision: this.next() as number | undefined,
    };
  }

  private remove(): Remove {
    return { kind: this.text() as RecordKind, key: this.text() };
  }

  private item(): NewItem {
    return {
      seq: this.number(),
      queue: this.text() as QueueName,
      lane: this.text(),
      id: this.text(),
      enqueuedAtMs: this.number(),
      text: this.text(),
    };
  }

  private head(): HeadState {
    return { seq: this.number(), attempts: this.number(), dueAtMs: this.number() };
  }

  private many<T>(count: number, read: () => T): readonly T[] {
    if (count === 0) return nothing;
    const found: T[] = [];
    for (let i = 0; i < count; i++) found.push(read());
    return found;
  }

  private number(): number {
    return this.next() as number;
  }

  private text(): string {
    return this.next() as string;
  }

  private next(): string | number | undefined {
    return this.packed[this.at++];
  }
}

const nothing: readonly never[] = [];
