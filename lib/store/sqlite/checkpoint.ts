/** A round of copying the log (WAL) into the file, and what it left. */
import type { Database } from './sqlite-file.js';

export type Round =
  | { readonly kind: 'done'; readonly logPages: number; readonly leftPages: number }
  | { readonly kind: 'failed'; readonly text: string };

interface Row {
  /** -1 where another round is under way. */
  readonly log: number;
  readonly checkpointed: number;
}

/** Copies what was in the log when it began, and waits for the disk; waits for no reader and no writer, and holds up none. */
export function checkpoint(database: Database): Round {
  try {
    const [row] = database.pragma('wal_checkpoint(PASSIVE)') as readonly Row[];
    return { kind: 'done', logPages: row?.log ?? 0, leftPages: row ? row.log - row.checkpointed : 0 };
  } catch (error) {
    return { kind: 'failed', text: error instanceof Error ? error.message : String(error) };
  }
}
