/** The SQL of the SQLite file, one step for each schema version; `PRAGMA user_version` counts the steps done. */
import { records } from './0001-records-and-items.js';

/** Only ever added to: files of operators stand at any of them. */
export const migrations: readonly string[] = [records];
