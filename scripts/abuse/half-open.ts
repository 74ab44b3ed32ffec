/**
 * Ten thousand connections that begin a SIP message and never end it: what they cost, and that they are cut off.
 * `node dist/scripts/abuse/half-open.js [connections]`
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createEngine } from '../../lib/sip-engine/engine.js';

const messageMs = 10_000;
const [, file = '', first = '10000', port] = process.argv;
const count = Number(first);

if (port === undefined) await measure();
else await hold(Number(port));

async function measure(): Promise<void> {
  let cut = 0;
  const engine = createEngine({
    listen: ['tcp/127.0.0.1:0'],
    limits: { maxConnections: count + 10, maxConnectionsPerSource: count + 10, messageMs },
    count: (_name, labels) => void (cut += labels?.['reason'] === 'slow' ? 1 : 0),
  });
  await engine.start({
    onRequest: (transaction) => void transaction.respond({ status: 200, headers: [] }),
    onAck: () => undefined,
    onCancel: () => undefined,
    onBye: () => undefined,
  });
  const [address] = engine.listening;
  if (!address) throw new Error('it does not listen');
  const beforeMiB = residentMiB();
  const child = fork(fileURLToPath(import.meta.url), [String(count), String(address.port)]);
  await once(child, 'message');
  const heldMiB = residentMiB();
  const askedMs = performance.now();
  await ask(address.port);
  const answeredMs = performance.now() - askedMs;
  const startedMs = performance.now();
  while (cut < count && performance.now() - startedMs < 3 * messageMs) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  process.stdout.write(
    `${count} half-open connections: ${(heldMiB - beforeMiB).toFixed(0)} MiB more, ` +
      `an honest MESSAGE answered in ${answeredMs.toFixed(1)} ms; ${cut} cut off by time, ` +
      `then ${(residentMiB() - beforeMiB).toFixed(0)} MiB more\n`,
  );
  child.kill();
  await engine.close();
  process.exitCode = cut === count ? 0 : 1;
}

/** The other side, in a process of its own. */
async function hold(target: number): Promise<void> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(200, count - sockets.length) }, () => connect(target, '127.0.0.1'));
    for (const socket of batch) socket.on('error', () => undefined).resume();
    await Promise.all(batch.map((socket) => once(socket, 'connect')));
    for (const socket of batch) socket.write('INVITE sip:bot@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TCP ');
    sockets.push(...batch);
  }
  process.send?.(`${file} holds ${sockets.length}`);
}

async function ask(target: number): Promise<void> {
  const socket = connect(target, '127.0.0.1');
  socket.write(
    [
      'MESSAGE sip:bot@127.0.0.1 SIP/2.0',
      'Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKhonest',
      'From: <sip:honest@example.net>;tag=1',
      'To: <sip:bot@127.0.0.1>',
      'Call-ID: honest',
      'CSeq: 1 MESSAGE',
      'Max-Forwards: 70',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (!answer.toString().startsWith('SIP/2.0 200')) throw new Error(answer.toString());
  socket.destroy();
}

function residentMiB(): number {
  return process.memoryUsage().rss / 1_048_576;
}
