/** A port for what must know it before it listens. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/**
 * Below the ports that the system gives to outgoing connections (Linux: from 32768): none of them takes it meanwhile.
 * Each of mocha's processes has a range of its own: what one found free, no other gives away before it is listened on.
 */
const ranges = 4;
const count = 5_000;
const lowest = 12_000 + (Number(process.env.MOCHA_WORKER_ID ?? 0) % ranges) * count;
const given = new Set<number>();

/** Free for TCP and UDP on loopback, and not given before by this process. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * count);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const socket = createSocket('udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, '127.0.0.1', resolve);
    });
    return true;
  } catch {
    return false;
  } finally {
    server.close();
    socket.close();
  }
}
