/** How many connections an HTTP server holds, in all and of one source; further ones are closed as they come. */
import type { Server } from 'node:http';
import type { DropArgument, Socket } from 'node:net';
import { sourceOf } from './source-of.js';

export interface ConnectionLimits {
  readonly maxConnections: number;
  /** Of one address, or one /64 of IPv6. */
  readonly maxConnectionsPerSource: number;
}

/** `reached` is told of each connection that was closed, by which limit, and its source. */
export function limitConnections(
  server: Server,
  { maxConnections, maxConnectionsPerSource }: ConnectionLimits,
  reached: (limit: keyof ConnectionLimits, source: string) => void,
): void {
  const perSource = new Map<string, number>();
  // One whose Upgrade is not granted comes a second time.
  const known = new WeakSet<Socket>();
  server.maxConnections = maxConnections;
  server.on('drop', (dropped?: DropArgument) => reached('maxConnections', sourceOf(dropped?.remoteAddress ?? '')));
  server.prependListener('connection', (socket: Socket) => {
    if (known.has(socket)) return;
    known.add(socket);
    const source = sourceOf(socket.remoteAddress ?? '');
    const held = perSource.get(source) ?? 0;
    if (held >= maxConnectionsPerSource) {
      reached('maxConnectionsPerSource', source);
      socket.destroy();
      return;
    }
    perSource.set(source, held + 1);
    socket.once('close', () => {
      const left = (perSource.get(source) ?? 1) - 1;
      if (left > 0) perSource.set(source, left);
      else perSource.delete(source);
    });
  });
}
