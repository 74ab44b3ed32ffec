/** Opens the store that the configuration names, or the fallback that forgets. */
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import { defaultLimits, type StoreLimits } from './limits.js';
import { loadSqlite, type SqliteModule } from './sqlite/sqlite-file.js';
import { openSqliteStore } from './sqlite/sqlite.js';
import { StoreError } from './store-error.js';
import type { Store } from './store.js';
import { openVolatileStore } from './volatile.js';

export interface OpenStoreOptions {
  readonly kind: 'sqlite' | 'redis';
  /** SQLite's file; its folder is made where it does not exist. */
  readonly path: string;
  /** Of the Redis server. */
  readonly url?: string;
  /** Whether to go on, with a warning, where better-sqlite3 cannot run. */
  readonly allowVolatile: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: Metrics;
  readonly limits?: Partial<StoreLimits>;
}

/** Rejects with StoreError in an operator's words where there is no such store. A damaged file is never replaced by the fallback. */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const { clock, log, metrics, path } = options;
  const common = { clock, log, metrics, limits: { ...defaultLimits, ...options.limits } };
  if (options.kind === 'redis') throw new StoreError('failed', 'store.kind redis is not part of this version');
  const module = await sqliteOrReason();
  if (typeof module !== 'string') return await openSqliteStore({ ...common, path, module });
  if (!options.allowVolatile)
    throw new StoreError(
      'failed',
      `better-sqlite3 cannot run here (${module}); run "npm ci" with this Node (${process.version}), or set store.allowVolatile to go on without durability`,
    );
  log.warn('STORE IS NOT DURABLE: messages are lost when the process ends', { reason: module });
  return openVolatileStore(common);
}

async function sqliteOrReason(): Promise<SqliteModule | string> {
  try {
    return await loadSqlite();
  } catch (error) {
    return firstLine(error);
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1).join('');
}
