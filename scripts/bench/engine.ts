/** How fast the embedded engine is: parsing alone, and as a UAS against SIPp, beside SIPp against itself in the same run. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { createEngine } from '../../lib/sip-engine/engine.js';
import { DEFAULT_LIMITS } from '../../lib/sip-engine/options.js';
import { parseMessage } from '../../lib/sip-engine/message/parse.js';

export interface Figure {
  readonly name: string;
  readonly perSecond: number;
  /** Of what SIPp reaches against itself. */
  readonly ratio?: number;
}

const ROUND_MS = 3000;
/** More than any of both sides takes: what is measured is how long they need for a number of calls. */
const OFFERED_PER_S = 20_000;
/** Few enough that SIPp as the called side loses no datagram: it never finds one again. */
const AT_ONCE = 50;
const SCENARIOS = resolve('scripts/sipp');

/** Empty of SIPp figures where it is not installed. */
export async function benchEngine(): Promise<Figure[]> {
  const figures = [parseFigure()];
  if (spawnSync('sipp', ['-v']).error !== undefined) return figures;
  for (const [name, client, server] of [
    ['MESSAGE/s', { scenario: 'message.xml', calls: 10_000 }, 'uas-message.xml'],
    ['INVITE calls/s', { scenario: 'invite.xml', calls: 5000 }, 'uas-invite.xml'],
  ] as const) {
    const ceiling = await againstSipp(client, server);
    const perSecond = await againstEngine(client);
    figures.push({ name: `${name}, SIPp to SIPp`, perSecond: ceiling });
    figures.push({ name: `${name}, engine as UAS`, perSecond, ratio: perSecond / ceiling });
  }
  return figures;
}

function parseFigure(): Figure {
  const text = readFileSync('spec/fixtures/sip/valid/chatbot-invite.sip', 'latin1').replaceAll('\n', '\r\n');
  const bytes = Buffer.from(text, 'latin1');
  let count = 0;
  const started = performance.now();
  while (performance.now() - started < ROUND_MS) {
    for (let i = 0; i < 1000; i++) parseMessage(bytes, DEFAULT_LIMITS, true);
    count += 1000;
  }
  return { name: 'INVITE parsed to routing/s', perSecond: (count * 1000) / (performance.now() - started) };
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound));
  const { port } = socket.address();
  await new Promise<void>((closed) => socket.close(closed));
  return port;
}

function sipp(args: readonly string[]): ChildProcess {
  return spawn('sipp', [...args, '-i', '127.0.0.1', '-nostdin', '-buff_size', '4194304'], {
    cwd: tmpdir(),
    env: { ...process.env, TERM: 'dumb' },
    stdio: 'ignore',
  });
}

interface Load {
  readonly scenario: string;
  readonly calls: number;
}

/** Calls a second of a client that offers more than can be taken. */
async function load({ scenario, calls }: Load, port: number): Promise<number> {
  const limits = ['-m', String(calls), '-l', String(AT_ONCE), '-r', String(OFFERED_PER_S), '-timeout', '20'];
  const started = performance.now();
  const client = sipp(['-sf', resolve(SCENARIOS, scenario), '-t', 'u1', ...limits, `127.0.0.1:${port}`]);
  await new Promise((closed) => client.on('close', closed));
  return (calls * 1000) / (performance.now() - started);
}

async function againstSipp(client: Load, server: string): Promise<number> {
  const port = await freePort();
  const uas = sipp(['-sf', resolve(SCENARIOS, server), '-t', 'u1', '-p', String(port)]);
  try {
    return await load(client, port);
  } finally {
    uas.kill('SIGKILL');
  }
}

async function againstEngine(client: Load): Promise<number> {
  const engine = createEngine({ listen: ['udp/127.0.0.1:0'] });
  await engine.start({
    onRequest: (transaction) => void transaction.respond({ status: 200, headers: [] }),
    onAck: () => undefined,
    onCancel: () => undefined,
    onBye: () => undefined,
  });
  try {
    return await load(client, engine.listening[0]?.port ?? 0);
  } finally {
    await engine.close();
  }
}
