/** A round of copying the log (WAL) into the file, what it left, and what to do about that. */
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

/** `again`: another round, at once. `finish`: by the thread that writes. `rest`: when more has been written. */
export type Next = 'again' | 'finish' | 'rest';

/** The log is begun anew when it has so many (32 MiB): what is read from it costs more than what is read from the file. */
const fullPages = 8000;
/** So few are copied in a millisecond or two. */
const fewPages = 200;
/** (125 MiB.) The log grows faster than it is copied, so that those that write have to wait; or somebody reads for long. */
const tooManyPages = 4 * fullPages;

/** For an operator; undefined: the log does not grow without end. */
export function problemAfter(round: Round): string | undefined {
  if (round.kind === 'failed') return round.text;
  if (round.logPages < tooManyPages) return undefined;
  return 'the log has grown long: another program holds the file in a transaction (a prompt, a backup), or its disk is slow';
}

/**
 * `leftBefore`: what the round before left where this one followed it at once, else Infinity. A round leaves as much as the one
 * before where somebody (a backup, an operator at his prompt) reads what is about to be replaced: then another is of no use.
 */
export function nextAfter(round: Round, leftBefore: number): Next {
  if (round.kind === 'failed' || round.logPages < fullPages) return 'rest';
  if (round.leftPages <= fewPages || round.logPages >= tooManyPages) return 'finish';
  return round.leftPages <= leftBefore / 2 ? 'again' : 'rest';
}
