/** Sockets of a peer that may be ended at any time. */
import type { Socket } from 'node:net';

/** The same socket, in `sockets` as long as it is open; an error closes it. */
export function followed(socket: Socket, sockets: Set<Socket>): Socket {
  sockets.add(socket);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => sockets.delete(socket));
  return socket;
}
