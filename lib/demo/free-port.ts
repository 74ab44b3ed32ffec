/** Which ports are free: asked of the system by listening for a moment. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  readonly host: string;
}

/** The first port from `wanted` on that is free for every listener and not in `taken`; 0: any. Throws where there is none. */
export async function freePort(
  wanted: number,
  listeners: readonly Listener[],
  taken: ReadonlySet<number>,
): Promise<number> {
  const from = wanted === 0 ? await anyPort(listeners[0]?.host ?? '127.0.0.1') : wanted;
  for (let port = from; port <= 65_535; port += 1) {
    const reserved = port !== wanted && taken.has(port);
    if (!reserved && (await isFree(port, listeners))) return port;
  }
  throw new Error(`no free port from ${from} on`);
}

async function isFree(port: number, listeners: readonly Listener[]): Promise<boolean> {
  for (const { protocol, host } of listeners) {
    try {
      await (protocol === 'tcp' ? listenTcp(host, port) : listenUdp(host, port));
    } catch (error) {
      // What is wrong with the host is told better by who listens there in earnest.
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE' || code === 'EACCES') return false;
    }
  }
  return true;
}

function anyPort(host: string): Promise<number> {
  return listenTcp(host, 0);
}

async function listenTcp(host: string, port: number): Promise<number> {
  const server = createServer();
  const listening = once(server, 'listening');
  server.listen({ host, port, exclusive: true });
  await listening;
  const bound = (server.address() as AddressInfo).port;
  const closed = once(server, 'close');
  server.close();
  await closed;
  return bound;
}

async function listenUdp(host: string, port: number): Promise<number> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  try {
    const listening = once(socket, 'listening');
    socket.bind({ address: host, port, exclusive: true });
    await listening;
    return socket.address().port;
  } finally {
    socket.close();
  }
}
