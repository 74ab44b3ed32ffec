/** Writes to the SQLite file, synchronously: many in one transaction, one fsync. */
import {
  done,
  refused,
  type EncodedPut,
  type HeadState,
  type NewItem,
  type Outcome,
  type Swept,
  type Write,
} from '../journal.js';
import { codeOf, type Database } from './sqlite-file.js';
import type { Remove } from '../store.js';

export interface SqliteWrites {
  /** Durable on return; an outcome for each write. */
  write(batch: readonly Write[]): readonly Outcome[];
  /** As Journal.sweep. */
  sweep(nowMs: number, limit: number): Swept;
  ping(): void;
}

interface Statements {
  revision(put: EncodedPut, nowMs: number): number;
  put(put: EncodedPut, revision: number): void;
  remove(remove: Remove): void;
  add(item: NewItem): void;
  drop(seq: number): void;
  head(state: HeadState): void;
}

export function createSqliteWrites(database: Database): SqliteWrites {
  const statements = prepare(database);
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const rollback = database.prepare('ROLLBACK');
  const sweep = prepareSweep(database);
  const answer = database.prepare('SELECT 1 FROM record LIMIT 1');

  function together(batch: readonly Write[]): readonly Outcome[] {
    begin.run();
    try {
      const outcomes = batch.map((write) => perform(statements, write));
      commit.run();
      return outcomes;
    } catch (error) {
      // SQLite itself ends the transaction on some errors.
      if (database.inTransaction) rollback.run();
      throw error;
    }
  }

  function alone(write: Write): Outcome {
    try {
      return together([write])[0] ?? done;
    } catch (error) {
      return failure(error);
    }
  }

  return {
    write(batch) {
      try {
        return together(batch);
      } catch (error) {
        // Whoever has the file has it for all of them: to wait for each anew would make seconds into minutes.
        if (codeOf(error).startsWith('SQLITE_BUSY')) return batch.map(() => failure(error));
        // What failed may be one write (the file is full, but an ack makes room): each for itself.
        return batch.map(alone);
      }
    },
    sweep,
    ping: () => void answer.get(),
  };
}

function perform(statements: Statements, write: Write): Outcome {
  const { nowMs, puts, removes, items, deletes, heads } = write;
  const revisions = puts.map((put) => statements.revision(put, nowMs));
  const isCurrent = puts.every(({ ifRevision }, place) => ifRevision === undefined || ifRevision === revisions[place]);
  if (!isCurrent) return refused;
  puts.forEach((put, place) => statements.put(put, (revisions[place] ?? 0) + 1));
  removes.forEach((remove) => statements.remove(remove));
  items.forEach((item) => statements.add(item));
  deletes.forEach((seq) => statements.drop(seq));
  heads.forEach((state) => statements.head(state));
  return done;
}

function prepare(database: Database): Statements {
  const revision = database.prepare<[string, string, number], { revision: number }>(
    'SELECT revision FROM record WHERE kind = ? AND key = ? AND (expires_at IS NULL OR expires_at > ?)',
  );
  const put = database.prepare<[string, string, number, number | null, string]>(
    'INSERT OR REPLACE INTO record (kind, key, revision, expires_at, text) VALUES (?, ?, ?, ?, ?)',
  );
  const remove = database.prepare<[string, string]>('DELETE FROM record WHERE kind = ? AND key = ?');
  const add = database.prepare<[number, string, string, string, number, string]>(
    'INSERT INTO item (seq, queue, lane, id, enqueued_at, text) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const drop = database.prepare<[number]>('DELETE FROM item WHERE seq = ?');
  const head = database.prepare<[number, number, number]>('UPDATE item SET attempts = ?, due_at = ? WHERE seq = ?');
  return {
    revision: ({ kind, key }, nowMs) => revision.get(kind, key, nowMs)?.revision ?? 0,
    put: ({ kind, key, expiresAtMs, text }, next) => void put.run(kind, key, next, expiresAtMs ?? null, text),
    remove: ({ kind, key }) => void remove.run(kind, key),
    add: ({ seq, queue, lane, id, enqueuedAtMs, text }) => void add.run(seq, queue, lane, id, enqueuedAtMs, text),
    drop: (seq) => void drop.run(seq),
    head: ({ seq, attempts, dueAtMs }) => void head.run(attempts, dueAtMs, seq),
  };
}

interface Place {
  readonly kind: string;
  readonly key: string;
}

/** Through the table in the order of its key: what is deleted together stood together. */
function prepareSweep(database: Database): SqliteWrites['sweep'] {
  const beginning: Place = { kind: '', key: '' };
  let from = beginning;
  const ahead = database.prepare<[string, string, number], Place>(
    'SELECT kind, key FROM record WHERE (kind, key) > (?, ?) ORDER BY kind, key LIMIT 1 OFFSET ?',
  );
  const between = database.prepare<[string, string, string, string, number]>(
    'DELETE FROM record WHERE (kind, key) > (?, ?) AND (kind, key) <= (?, ?) AND expires_at <= ?',
  );
  const after = database.prepare<[string, string, number]>(
    'DELETE FROM record WHERE (kind, key) > (?, ?) AND expires_at <= ?',
  );
  return (nowMs, limit) => {
    const to = ahead.get(from.kind, from.key, limit - 1);
    const { changes } = to
      ? between.run(from.kind, from.key, to.kind, to.key, nowMs)
      : after.run(from.kind, from.key, nowMs);
    from = to ?? beginning;
    return { found: changes, isRound: !to };
  };
}

function failure(error: unknown): Outcome {
  const reason = codeOf(error) === 'SQLITE_FULL' ? 'full' : 'failed';
  return { kind: 'failed', reason, text: error instanceof Error ? error.message : String(error) };
}
