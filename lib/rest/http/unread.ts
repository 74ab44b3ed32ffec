/** Clients that ask and do not read: a connection of which nothing is taken for so long is cut, whatever was to go there. */
import type { Server } from 'node:http';
import { Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../clock.js';

export interface UnreadOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** With its address. */
  readonly onCut: (peer: string | undefined) => void;
}

interface Waiting {
  /** Octets that the peer has taken, when it was looked at first. */
  readonly taken: number;
  looks: number;
}

/** In one time-out it is looked so often. */
const looks = 4;

/** Node limits how long a request may take to come, and not how long its answer may take to be read. */
export function cutUnread(server: Server, { clock, timeoutMs, onCut }: UnreadOptions): void {
  const waiting = new Map<Socket, Waiting | undefined>();
  let timer: Timer | undefined;
  const look = (): void => {
    for (const [socket, before] of waiting) {
      const now = seen(socket, before);
      waiting.set(socket, now);
      if (now === undefined || now.looks <= looks) continue;
      onCut(socket.remoteAddress);
      socket.destroy();
    }
    timer = waiting.size === 0 ? undefined : clock.after(timeoutMs / looks, look);
  };
  const follow = (socket: Socket): void => {
    // One whose Upgrade is not granted comes a second time.
    if (waiting.has(socket)) return;
    waiting.set(socket, undefined);
    socket.once('close', () => {
      waiting.delete(socket);
      if (waiting.size > 0) return;
      timer?.close();
      timer = undefined;
    });
    timer ??= clock.after(timeoutMs / looks, look);
  };
  server.on(server instanceof SecureServer ? 'secureConnection' : 'connection', follow);
}

/** undefined: nothing waits for the client. */
function seen(socket: Socket, before: Waiting | undefined): Waiting | undefined {
  if (socket.writableLength === 0) return undefined;
  const taken = socket.bytesWritten - socket.writableLength;
  return before?.taken === taken ? { taken, looks: before.looks + 1 } : { taken, looks: 1 };
}
