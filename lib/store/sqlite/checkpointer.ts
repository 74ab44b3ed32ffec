/**
 * The log (WAL) is copied into the file by a thread beside the one that writes, in rounds, each of what came during the one before.
 * Once hardly anything is left the writing thread copies that itself, when nobody can write: then the next write begins the log anew.
 */
import { Worker } from 'node:worker_threads';
import { checkpoint, nextAfter, problemAfter, type Round } from './checkpoint.js';
import type { Order, Report } from './checkpointer-worker.js';
import type { Database } from './sqlite-file.js';

export interface Checkpointer {
  /** To be called after each write: about how many pages (of 4 KiB) it has added to the log. */
  wrote(pages: number): void;
  /** Once the round under way is done; the database is not closed. */
  close(): Promise<void>;
}

export interface CheckpointerOptions {
  /** Of the thread that writes, which calls. */
  readonly database: Database;
  readonly path: string;
  /** The log grows without end since this round, with the reason; or it does no more (undefined). */
  readonly onProblem: (problem: string | undefined) => void;
}

/** Between two rounds. */
const stepPages = 2000;
/** Rejects where the file cannot be opened. A thread that dies takes the one that writes with it. */
export async function startCheckpointer({ database, path, onProblem }: CheckpointerOptions): Promise<Checkpointer> {
  const worker = new Worker(new URL('./checkpointer-worker.js', import.meta.url), { workerData: path });
  let pages = 0;
  let isUnderWay = false;
  let leftBefore = Infinity;
  let problem: string | undefined;

  function begin(left = Infinity): void {
    pages = 0;
    leftBefore = left;
    isUnderWay = true;
    worker.postMessage('round' satisfies Order);
  }

  function note(round: Round): void {
    const found = problemAfter(round);
    if ((found === undefined) !== (problem === undefined)) onProblem(found);
    problem = found;
  }

  function goOn(round: Round): void {
    note(round);
    const next = nextAfter(round, leftBefore);
    if (next === 'again' && round.kind === 'done') begin(round.leftPages);
    if (next === 'finish') note(checkpoint(database));
  }

  await opened(worker);
  worker.on('message', (report: Report) => {
    isUnderWay = false;
    if (report.kind !== 'open') goOn(report);
  });
  return {
    wrote(more) {
      pages += more;
      if (pages >= stepPages && !isUnderWay) begin();
    },
    async close() {
      const exited = new Promise((resolve) => worker.once('exit', resolve));
      worker.postMessage('close' satisfies Order);
      await exited;
    },
  };
}

function opened(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', () => {
      worker.off('error', reject);
      resolve();
    });
  });
}
