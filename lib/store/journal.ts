/** What lies below the lanes: a place that keeps records and items, and writes many changes in one go. */
import type { QueueName, RecordKind, Remove } from './store.js';

export interface EncodedPut {
  readonly kind: RecordKind;
  readonly key: string;
  /** JSON. */
  readonly text: string;
  readonly expiresAtMs: number | undefined;
  readonly ifRevision: number | undefined;
}

export interface NewItem {
  readonly seq: number;
  readonly queue: QueueName;
  readonly lane: string;
  readonly id: string;
  readonly enqueuedAtMs: number;
  /** JSON. */
  readonly text: string;
}

/** What an attempt left on the head of a lane. */
export interface HeadState {
  readonly seq: number;
  readonly attempts: number;
  /** The lane is not due before; 0: at once. */
  readonly dueAtMs: number;
}

/** All or nothing. The revisions are checked before anything is changed; then puts, removes, items, deletes, heads, in this order. */
export interface Write {
  readonly nowMs: number;
  readonly puts: readonly EncodedPut[];
  readonly removes: readonly Remove[];
  readonly items: readonly NewItem[];
  /** `seq` of items that are done. */
  readonly deletes: readonly number[];
  readonly heads: readonly HeadState[];
}

/** `refused`: a revision did not hold. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'failed'; readonly reason: 'full' | 'failed'; readonly text: string };

export const done: Outcome = { kind: 'done' };
export const refused: Outcome = { kind: 'refused' };

export interface KeptRecord {
  readonly key: string;
  readonly text: string;
  readonly revision: number;
}

export interface KeptItem extends HeadState {
  readonly queue: QueueName;
  readonly lane: string;
  readonly id: string;
  readonly enqueuedAtMs: number;
}

export interface ListQuery {
  readonly kind: RecordKind;
  readonly prefix: string;
  readonly limit: number;
  /** Only keys behind this one. */
  readonly after?: string | undefined;
  readonly nowMs: number;
}

export interface Swept {
  readonly found: number;
  /** It came to the end; the next sweep begins anew. */
  readonly isRound: boolean;
}

export interface Journal {
  readonly kind: string;
  readonly durable: boolean;
  /** Whether the text of an item can be read again; if not the lanes must keep it. */
  readonly keepsItems: boolean;
  /** One outcome for each write, in order, once all that is done is durable. Rejects only where the journal is lost. */
  write(batch: readonly Write[]): Promise<readonly Outcome[]>;
  get(kind: RecordKind, key: string, nowMs: number): KeptRecord | undefined;
  list(query: ListQuery): readonly KeptRecord[];
  /** All items, oldest first. */
  items(): Iterable<KeptItem>;
  itemText(seq: number): string | undefined;
  /** Looks at the next `limit` records and forgets those whose time is over. */
  sweep(nowMs: number, limit: number): Promise<Swept>;
  ping(): Promise<void>;
  close(): Promise<void>;
}
