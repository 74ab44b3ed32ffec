/** The SQLite file: opened, brought to this version's schema, its errors in an operator's words. */
import { closeSync, existsSync, openSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { makeFolder } from '../../folder.js';
import { migrations } from '../migrations/index.js';
import { StoreError } from '../store-error.js';

export type SqliteModule = typeof Sqlite;
export type Database = Sqlite.Database;

export interface SqliteFileOptions {
  readonly path: string;
  readonly maxFileBytes: number | undefined;
}

/** What the log is cut to after a burst. */
const maxLogBytes = 64 * 1024 * 1024;

/**
 * better-sqlite3 13 is for Node-API 10 (Node ≥ 22.14), 12 for Node 20: it aborts the process from Node 24.19 on, where that
 * collects a statement as garbage (node::ObjectWrap). Each ends the process of the other's Node.
 */
const isNodeApi10 = Number(process.versions['napi']) >= 10;

/** Rejects with the reason where better-sqlite3 is not installed or its native part does not load. */
export async function loadSqlite(): Promise<SqliteModule> {
  const { default: Module } = isNodeApi10 ? await import('better-sqlite3') : await import('better-sqlite3-12');
  // The native part is only loaded by the first database.
  new Module(':memory:').close();
  return Module;
}

/** For the one that writes; throws StoreError. */
export function openForWriting(Module: SqliteModule, { path, maxFileBytes }: SqliteFileOptions): Database {
  return explained(path, () => {
    const database = new Module(path);
    refuseForeign(database, path);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    // As checkpointer.ts has it done.
    database.pragma('wal_autocheckpoint = 0');
    database.pragma(`journal_size_limit = ${maxLogBytes}`);
    database.pragma('cache_size = -65536');
    database.pragma('temp_store = MEMORY');
    migrate(database, path);
    limitSize(database, maxFileBytes);
    return database;
  });
}

/** Of a file that is open for writing. */
export function openForCheckpoints(Module: SqliteModule, path: string): Database {
  return explained(path, () => new Module(path, { fileMustExist: true }));
}

export function openForReading(Module: SqliteModule, path: string): Database {
  return explained(path, () => new Module(path, { readonly: true, fileMustExist: true }));
}

/**
 * Makes the folder and the file where they do not exist, for us alone: they hold what users wrote. To be called under the lock:
 * closing a descriptor of a file that SQLite has open in this process would end SQLite's own locks (fcntl).
 */
function createFile(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
}

/** To open a pipe would wait for its other end. */
function refuseOther(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found || found.isFile()) return;
  const what = found.isDirectory() ? 'a folder' : 'a device, a pipe or a socket';
  throw new StoreError('failed', `${path} is ${what}, and must be a file, or not be there`);
}

/** One file may have several names. */
function trueName(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

export interface FileLock {
  close(): void;
}

/**
 * Makes the file, and its folder, where they do not exist. Held until closed or until the process dies: two gateways on one file
 * would take each other's lanes. Throws StoreError.
 */
export function lockFile(Module: SqliteModule, path: string): FileLock {
  return explained(path, () => {
    makeFolder(dirname(path));
    refuseOther(path);
    const lock = new Module(`${trueName(path)}-lock`, { timeout: 0 });
    try {
      lock.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      lock.close();
      throw error;
    }
    createFile(path);
    return lock;
  });
}

/** Before anything is written to it: tables of ours in another program's database would be found by nobody who looks for either. */
function refuseForeign(database: Database, path: string): void {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  if (tables.length === 0 || (tables.includes('record') && tables.includes('item'))) return;
  throw new StoreError('failed', `${path} is the database of another program; each gateway needs a file of its own`);
}

function migrate(database: Database, path: string): void {
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version > migrations.length)
    throw new StoreError(
      'failed',
      `${path} was written by a newer version (schema ${version}, known ${migrations.length})`,
    );
  for (const [step, sql] of migrations.entries()) {
    if (step < version) continue;
    database.transaction(() => {
      database.exec(sql);
      database.pragma(`user_version = ${step + 1}`);
    })();
  }
}

function limitSize(database: Database, maxFileBytes: number | undefined): void {
  if (maxFileBytes === undefined) return;
  const pageBytes = Number(database.pragma('page_size', { simple: true }));
  database.pragma(`max_page_count = ${Math.max(1, Math.floor(maxFileBytes / pageBytes))}`);
}

function explained<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw error instanceof StoreError ? error : new StoreError('failed', explain(path, error));
  }
}

function explain(path: string, error: unknown): string {
  const code = codeOf(error);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return `${path} is in use by another process; each gateway needs a file of its own`;
  if (code === 'SQLITE_FULL' || code === 'ENOSPC')
    return `${path} cannot be opened: its disk is full (${code}); make room, and start again`;
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT'))
    return `${path} is damaged or no SQLite file (${code}); put a backup in its place, or move it away to begin empty`;
  if (code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_READONLY'))
    return `${path} cannot be opened for writing (${code}); look at the rights of the file and its folder`;
  return `${path} cannot be opened: ${String(error)}`;
}

/** `SQLITE_…` of an error that SQLite reported, else empty. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
