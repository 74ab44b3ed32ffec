/** The store that forgets at exit: the fallback where SQLite cannot run. */
import { createLanedStore, type LanedStoreOptions } from './laned-store.js';
import { done, refused, type Journal, type KeptRecord, type ListQuery, type Outcome, type Write } from './journal.js';
import type { RecordKind, Store } from './store.js';

interface MemoryRecord extends KeptRecord {
  readonly expiresAtMs: number | undefined;
}

type Kinds = Map<RecordKind, Map<string, MemoryRecord>>;

/** A Store with `durable` false; what it keeps is bounded by the limits on items alone: records live until their time is over. */
export function openVolatileStore(options: Omit<LanedStoreOptions, 'journal'>): Store {
  return createLanedStore({ ...options, journal: createMemoryJournal() });
}

function createMemoryJournal(): Journal {
  const kinds: Kinds = new Map();
  return {
    kind: 'volatile',
    durable: false,
    keepsItems: false,
    write: (batch) => Promise.resolve(batch.map((write) => apply(kinds, write))),
    get: (kind, key, nowMs) => live(kinds, { kind, key, nowMs }),
    list: (query) => list(kinds, query),
    items: () => [],
    itemText: () => undefined,
    sweep: createSweep(kinds),
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function live(kinds: Kinds, at: { kind: RecordKind; key: string; nowMs: number }): MemoryRecord | undefined {
  const record = kinds.get(at.kind)?.get(at.key);
  return record && !isOver(record, at.nowMs) ? record : undefined;
}

function isOver({ expiresAtMs }: MemoryRecord, nowMs: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= nowMs;
}

function apply(kinds: Kinds, { nowMs, puts, removes }: Write): Outcome {
  const isCurrent = puts.every(({ kind, key, ifRevision }) => {
    return ifRevision === undefined || ifRevision === (live(kinds, { kind, key, nowMs })?.revision ?? 0);
  });
  if (!isCurrent) return refused;
  for (const { kind, key, text, expiresAtMs } of puts) {
    const revision = (live(kinds, { kind, key, nowMs })?.revision ?? 0) + 1;
    recordsOf(kinds, kind).set(key, { key, text, revision, expiresAtMs });
  }
  for (const { kind, key } of removes) kinds.get(kind)?.delete(key);
  return done;
}

function recordsOf(kinds: Kinds, kind: RecordKind): Map<string, MemoryRecord> {
  const found = kinds.get(kind);
  if (found) return found;
  const made = new Map<string, MemoryRecord>();
  kinds.set(kind, made);
  return made;
}

function list(kinds: Kinds, { kind, prefix, limit, after, nowMs }: ListQuery): readonly KeptRecord[] {
  const all = [...(kinds.get(kind)?.values() ?? [])];
  return all
    .filter(({ key }) => key.startsWith(prefix) && (after === undefined || byBytes(key, after) > 0))
    .filter((record) => !isOver(record, nowMs))
    .sort((a, b) => byBytes(a.key, b.key))
    .slice(0, limit);
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Goes on where it stopped, as an iterator of a Map does not mind what is put or deleted meanwhile. */
function createSweep(kinds: Kinds): Journal['sweep'] {
  let round = places(kinds);
  return (nowMs, limit) => {
    let found = 0;
    for (let looked = 0; looked < limit; looked++) {
      const place = round.next();
      if (place.done) {
        round = places(kinds);
        return Promise.resolve({ found, isRound: true });
      }
      const { records, record } = place.value;
      if (isOver(record, nowMs) && records.delete(record.key)) found++;
    }
    return Promise.resolve({ found, isRound: false });
  };
}

interface MemoryPlace {
  readonly records: Map<string, MemoryRecord>;
  readonly record: MemoryRecord;
}

function* places(kinds: Kinds): Generator<MemoryPlace, void> {
  for (const records of kinds.values()) for (const record of records.values()) yield { records, record };
}
