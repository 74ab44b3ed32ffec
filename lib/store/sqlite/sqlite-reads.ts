/** Reads of the SQLite file, on a connection of their own: they see what is durable and wait for nobody. */
import type { Journal, KeptItem, KeptRecord, ListQuery } from '../journal.js';
import type { Database } from './sqlite-file.js';

export type SqliteReads = Pick<Journal, 'get' | 'list' | 'items' | 'itemText'>;

export function createSqliteReads(database: Database): SqliteReads {
  const one = database.prepare<[string, string, number], KeptRecord>(
    `SELECT key, text, revision FROM record
     WHERE kind = ? AND key = ? AND (expires_at IS NULL OR expires_at > ?)`,
  );
  const from = database.prepare<[string, string, number], KeptRecord>(
    `SELECT key, text, revision FROM record
     WHERE kind = ? AND key >= ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY key`,
  );
  const items = database.prepare<[], KeptItem>(
    `SELECT seq, queue, lane, id, enqueued_at AS enqueuedAtMs, attempts, due_at AS dueAtMs FROM item ORDER BY seq`,
  );
  const text = database.prepare<[number], { text: string }>('SELECT text FROM item WHERE seq = ?');

  /** Keys of a prefix stand together in the order of their bytes. */
  function list({ kind, prefix, limit, after, nowMs }: ListQuery): readonly KeptRecord[] {
    const found: KeptRecord[] = [];
    if (limit < 1) return found;
    const isBehind = after !== undefined && Buffer.compare(Buffer.from(after), Buffer.from(prefix)) > 0;
    for (const record of from.iterate(kind, isBehind ? after : prefix, nowMs)) {
      if (!record.key.startsWith(prefix)) break;
      if (record.key === after) continue;
      found.push(record);
      if (found.length >= limit) break;
    }
    return found;
  }

  return {
    get: (kind, key, nowMs) => one.get(kind, key, nowMs),
    list,
    items: () => items.iterate(),
    itemText: (seq) => text.get(seq)?.text,
  };
}
