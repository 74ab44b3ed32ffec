/** The SQLite store: WAL, synchronous FULL, group commit; one process at a time. */
import { createLanedStore, type LanedStoreOptions } from '../laned-store.js';
import type { Journal } from '../journal.js';
import { lockFile, openForReading, type SqliteModule } from './sqlite-file.js';
import { createSqliteReads } from './sqlite-reads.js';
import { startSqliteThread } from './sqlite-thread.js';
import type { Store } from '../store.js';

export interface SqliteStoreOptions extends Omit<LanedStoreOptions, 'journal'> {
  readonly path: string;
  readonly module: SqliteModule;
}

/** Rejects with StoreError in an operator's words where the file cannot be used. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  return createLanedStore({ ...options, journal: await openJournal(options) });
}

async function openJournal({ path, module, limits, log }: SqliteStoreOptions): Promise<Journal> {
  const lock = lockFile(module, path);
  try {
    const thread = await startSqliteThread({
      path,
      maxFileBytes: limits.maxFileBytes,
      onCheckpoints(problem) {
        if (problem === undefined) log.info('checkpoints succeed again');
        else log.error('checkpoints fail', { problem });
      },
    });
    const reading = openForReading(module, path);
    return {
      kind: 'sqlite',
      durable: true,
      keepsItems: true,
      ...createSqliteReads(reading),
      ...thread,
      async close() {
        reading.close();
        await thread.close();
        lock.close();
      },
    };
  } catch (error) {
    lock.close();
    throw error;
  }
}
