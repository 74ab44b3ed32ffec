/** What comes of an engine, read by srf: a stream that is out of step ends the connection, and is no bug that quotes it. */
import type { Socket } from 'node:net';
import type { SrfClient } from './types.js';

/** No frame of an engine is as long: srf waits for what a wrong length says. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;

/**
 * A drachtio-server that we read too slowly begins the next frame before the rest of the last one. srf throws then, with
 * all that it holds in the text of the error, and again at whatever follows.
 */
export function endWhereBroken(socket: Socket, { wp }: Pick<SrfClient, 'wp'>, onBroken: () => void): void {
  const readers = socket.listeners('data') as ((chunk: Buffer) => void)[];
  socket.removeAllListeners('data');
  let broken = false;
  const fail = (): void => {
    broken = true;
    onBroken();
  };
  socket.on('data', (chunk: Buffer) => {
    if (broken) return;
    try {
      for (const read of readers) read.call(socket, chunk);
    } catch (error) {
      fail();
      if (!isOutOfStep(error)) throw error;
      return;
    }
    if ((wp.mapIncomingMsg.get(socket)?.incomingMsg.length ?? 0) > MAX_PENDING_BYTES) fail();
  });
}

/** The words of srf. */
function isOutOfStep(error: unknown): boolean {
  return error instanceof Error && /^invalid (message|msg)\b/.test(error.message);
}
