/** The writing thread as seen from the main one: a request out, its reply back, in order. */
import { Worker } from 'node:worker_threads';
import { packBatch } from './batch.js';
import type { Outcome, Swept, Write } from '../journal.js';
import type { SqliteFileOptions } from './sqlite-file.js';
import type { Notice, Reply, Request } from './sqlite-worker.js';
import { StoreError } from '../store-error.js';

export interface SqliteThread {
  write(batch: readonly Write[]): Promise<readonly Outcome[]>;
  sweep(nowMs: number, limit: number): Promise<Swept>;
  ping(): Promise<void>;
  /** The file is closed; the thread has ended. */
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

export interface SqliteThreadOptions extends SqliteFileOptions {
  /** The log cannot be copied into the file, for this reason, and grows; or it can be again. */
  readonly onCheckpoints: (problem: string | undefined) => void;
}

/** Rejects with StoreError where the file cannot be opened. A thread that dies takes the store with it: every later call rejects. */
export async function startSqliteThread({ onCheckpoints, ...file }: SqliteThreadOptions): Promise<SqliteThread> {
  const worker = new Worker(new URL('./sqlite-worker.js', import.meta.url), { workerData: file });
  const waiting: Waiting[] = [];
  let death: StoreError | undefined;
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const opened = next();

  worker.on('message', (message: Reply | Notice) => {
    if (message.kind === 'checkpoints') onCheckpoints(message.problem);
    else waiting.shift()?.resolve(message);
  });
  worker.once('error', (error: unknown) => die(`the store's thread died: ${String(error)}`));
  worker.once('exit', () => die("the store's thread has ended"));

  function die(text: string): void {
    death ??= new StoreError('failed', text);
    for (const { reject } of waiting.splice(0)) reject(death);
  }

  function next(): Promise<Reply> {
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  }

  async function ask(request: Request): Promise<Reply> {
    if (death) throw death;
    const reply = next();
    worker.postMessage(request);
    return understood(await reply);
  }

  async function close(): Promise<void> {
    if (!death) await ask({ kind: 'close' });
    await exited;
  }

  try {
    understood(await opened);
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    async write(batch) {
      const reply = await ask({ kind: 'write', batch: packBatch(batch) });
      return reply.kind === 'written' ? reply.outcomes : [];
    },
    async sweep(nowMs, limit) {
      const reply = await ask({ kind: 'sweep', nowMs, limit });
      return reply.kind === 'swept' ? reply.swept : { found: 0, isRound: true };
    },
    async ping() {
      await ask({ kind: 'ping' });
    },
    close,
  };
}

function understood(reply: Reply): Reply {
  if (reply.kind === 'failed') throw new StoreError('failed', reply.text);
  return reply;
}
