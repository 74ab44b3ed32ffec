/** The thread that copies the log into the file while another writes: a round for each message. Started by checkpointer.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { checkpoint, type Round } from './checkpoint.js';
import { loadSqlite, openForCheckpoints } from './sqlite-file.js';

export type Order = 'round' | 'close';

/** `open` is the first, asked by nobody: the connection is there. */
export type Report = { readonly kind: 'open' } | Round;

async function serve(path: string): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('this file runs as a worker thread');
  const database = openForCheckpoints(await loadSqlite(), path);
  port.on('message', (order: Order) => {
    if (order === 'round') {
      port.postMessage(checkpoint(database));
      return;
    }
    database.close();
    port.close();
  });
  port.postMessage({ kind: 'open' } satisfies Report);
}

await serve(workerData as string);
