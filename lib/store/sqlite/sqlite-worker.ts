/** The thread that writes the SQLite file: fsync blocks it, and not the thread of SIP and MSRP. Started by sqlite-thread.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Batch, pagesOf, unpackBatch } from './batch.js';
import { startCheckpointer } from './checkpointer.js';
import type { Outcome, Swept } from '../journal.js';
import { loadSqlite, openForWriting, type SqliteFileOptions } from './sqlite-file.js';
import { createSqliteWrites, type SqliteWrites } from './sqlite-writes.js';

export type Request =
  | { readonly kind: 'write'; readonly batch: Batch }
  | { readonly kind: 'sweep'; readonly nowMs: number; readonly limit: number }
  | { readonly kind: 'ping' }
  | { readonly kind: 'close' };

/** Asked by nobody: the log grows from now on, for this reason; or no more. */
export interface Notice {
  readonly kind: 'checkpoints';
  readonly problem: string | undefined;
}

/** Replies come in the order of the requests; the first one, asked by nobody, says that the file is open. */
export type Reply =
  | { readonly kind: 'ok' }
  | { readonly kind: 'written'; readonly outcomes: readonly Outcome[] }
  | { readonly kind: 'swept'; readonly swept: Swept }
  | { readonly kind: 'failed'; readonly text: string };

async function serve(options: SqliteFileOptions): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('this file runs as a worker thread');
  const database = openForWriting(await loadSqlite(), options);
  const checkpointer = await startCheckpointer({
    database,
    path: options.path,
    onProblem: (problem) => port.postMessage({ kind: 'checkpoints', problem } satisfies Notice),
  });
  const writes = createSqliteWrites(database);
  port.on('message', (request: Request) => {
    const reply = replyTo(writes, request);
    port.postMessage(reply);
    if (request.kind === 'write') checkpointer.wrote(pagesOf(request.batch));
    else if (reply.kind === 'swept') checkpointer.wrote(reply.swept.found);
    else if (request.kind === 'close') void close();
  });

  async function close(): Promise<void> {
    await checkpointer.close();
    database.close();
    port?.close();
  }
  port.postMessage({ kind: 'ok' } satisfies Reply);
}

function replyTo(writes: SqliteWrites, request: Request): Reply {
  try {
    return perform(writes, request);
  } catch (error) {
    return failed(error);
  }
}

function perform(writes: SqliteWrites, request: Request): Reply {
  switch (request.kind) {
    case 'write':
      return { kind: 'written', outcomes: writes.write(unpackBatch(request.batch)) };
    case 'sweep':
      return { kind: 'swept', swept: writes.sweep(request.nowMs, request.limit) };
    case 'ping':
      writes.ping();
      return { kind: 'ok' };
    case 'close':
      return { kind: 'ok' };
  }
}

function failed(error: unknown): Reply {
  return { kind: 'failed', text: error instanceof Error ? error.message : String(error) };
}

serve(workerData as SqliteFileOptions).catch((error: unknown) => parentPort?.postMessage(failed(error)));
