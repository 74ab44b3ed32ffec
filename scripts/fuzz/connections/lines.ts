/** One connection of a script to the gateway: a stream, or a socket for datagrams. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Leaving } from './script.js';

export interface Line {
  /** Nothing more can be sent, or will come. */
  readonly closed: boolean;
  /** Piece by piece, as segments or datagrams of their own. */
  write(pieces: readonly Buffer[]): Promise<void>;
  leave(how: Exclude<Leaving, 'forget'>): void;
}

export interface LineOptions {
  readonly port: number;
  /** Ours, one of 127/8: each script is a host of its own. */
  readonly source: string;
  /** Under TLS; whoever the other side is. */
  readonly secure?: boolean;
  readonly onBytes: (bytes: Buffer) => void;
  readonly onClose: () => void;
}

const gatewayHost = '127.0.0.1';
/** A piece that the gateway does not read is not waited for. */
const drainMs = 200;

export async function openStream({ port, source, secure = false, onBytes, onClose }: LineOptions): Promise<Line> {
  const raw = connect({ port, host: gatewayHost, localAddress: source, noDelay: true, allowHalfOpen: true });
  const socket = secure ? connectTls({ socket: raw, rejectUnauthorized: false }) : raw;
  raw.on('error', () => undefined);
  let closed = false;
  const gone = (): void => {
    if (closed) return;
    closed = true;
    onClose();
  };
  socket.on('data', onBytes);
  socket.on('error', gone);
  socket.on('end', gone);
  socket.on('close', gone);
  await Promise.race([once(socket, secure ? 'secureConnect' : 'connect'), once(socket, 'close')]).catch(
    () => undefined,
  );
  return {
    get closed() {
      return closed;
    },
    async write(pieces) {
      for (const piece of pieces) {
        if (closed || !socket.writable) return;
        if (!socket.write(piece)) await drained(socket);
        if (pieces.length > 1) await new Promise(setImmediate);
      }
    },
    leave(how) {
      // The secured one ends with it. Node (20 to 26) crashes where both are destroyed, this one first, while a handshake ends.
      if (raw.destroyed) return;
      if (how === 'end') socket.end();
      else if (how === 'reset') raw.resetAndDestroy();
      else socket.destroy();
    },
  };
}

async function drained(socket: NodeJS.EventEmitter): Promise<void> {
  await once(socket, 'drain', { signal: AbortSignal.timeout(drainMs) }).catch(() => undefined);
}

/** There is nothing to end: it is closed however it is left. */
export async function openDatagrams({ port, source, onBytes, onClose }: LineOptions): Promise<Line> {
  const socket = createSocket('udp4');
  let closed = false;
  socket.on('message', onBytes);
  socket.on('error', () => undefined);
  socket.on('close', onClose);
  socket.bind(0, source);
  await once(socket, 'listening');
  return {
    get closed() {
      return closed;
    },
    async write(pieces) {
      for (const piece of pieces) {
        if (closed) return;
        await new Promise<void>((resolve) => socket.send(piece, port, gatewayHost, () => resolve()));
      }
    },
    leave() {
      if (!closed) socket.close();
      closed = true;
    },
  };
}
