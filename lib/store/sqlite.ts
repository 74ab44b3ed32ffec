/** The SQLite store: WAL, synchronous FULL, group commit; one process at a time. */
import { createLanedStore, type LanedStoreOptions } from './laned-store.js';
import type { Journal } from './journal.js';
import { lockFile, openForReading, openForWriting, type SqliteModule } from './sqlite-file.js';
import { createSqliteReads } from './sqlite-reads.js';
import { createSqliteWrites } from './sqlite-writes.js';
import type { Store } from './store.js';

export interface SqliteStoreOptions extends Omit<LanedStoreOptions, 'journal'> {
  readonly path: string;
  readonly module: SqliteModule;
}

/** Throws StoreError in an operator's words where the file cannot be used. */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  return createLanedStore({ ...options, journal: openJournal(options) });
}

function openJournal({ path, module, limits }: SqliteStoreOptions): Journal {
  const lock = lockFile(module, path);
  const writing = openForWriting(module, { path, maxFileBytes: limits.maxFileBytes });
  const reading = openForReading(module, path);
  const writes = createSqliteWrites(writing);
  return {
    kind: 'sqlite',
    durable: true,
    keepsItems: true,
    ...createSqliteReads(reading),
    write: (batch) => new Promise((resolve) => resolve(writes.write(batch))),
    sweep: (nowMs, limit) => new Promise((resolve) => resolve(writes.sweep(nowMs, limit))),
    ping: () =>
      new Promise((resolve) => {
        writes.ping();
        resolve();
      }),
    close() {
      reading.close();
      writing.close();
      lock.close();
      return Promise.resolve();
    },
  };
}
