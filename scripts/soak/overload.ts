/**
 * What three times too much does: how much is taken, how late, what becomes of it, and how soon all is well again.
 * node dist/scripts/soak/overload.js [sip | rest, default both] [seconds, default 10]
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../spec/support/free-port.js';
import { GatewayProcess } from '../crash/gateway.js';
import { Handsets } from '../crash/handsets.js';
import { type Answer, closedLoop, openLoop, restSource, sipSource, type Source } from './load-source.js';

const key = 'a-key-of-the-overload-test';
const bots = ['a', 'b', 'c', 'd'].map((name) => `sip:${name}@botplatform.example.net`);
const users = 2000;
const window = 32;
const settleMs = 120_000;
const times = 3;

type Side = 'sip' | 'rest';

const sides: readonly Side[] =
  process.argv[2] === 'sip' || process.argv[2] === 'rest' ? [process.argv[2]] : ['sip', 'rest'];
const seconds = Number(process.argv[3] ?? 10);
for (const side of sides) {
  const line = await measure(side);
  process.stdout.write(`${JSON.stringify(line)}\n`);
  if (line.lost > 0 || line.refusedWithoutRetryAfter > 0) process.exitCode = 1;
}

interface Line {
  readonly side: Side;
  readonly capacityPerS: number;
  readonly offeredPerS: number;
  readonly acceptedPerS: number;
  readonly refused: number;
  readonly refusedWithoutRetryAfter: number;
  /** p50, p95, p99 */
  readonly ms: Readonly<Record<'atHalf' | 'accepted' | 'refused', readonly number[]>>;
  readonly recoveredAfterMs: number;
  readonly accepted: number;
  readonly lost: number;
  readonly rssMb: { readonly before: number; readonly most: number };
  readonly loadOfThisProcess: number;
}

async function measure(side: Side): Promise<Line> {
  const folder = mkdtempSync(join(tmpdir(), 'maap-iwf-overload-'));
  const ports = { sip: await freePort(), rest: await freePort(), msrp: await freePort(), admin: await freePort() };
  const handsets = new Handsets();
  await handsets.start();
  const arrived = new Set<string>();
  const sink = await callbackSink(arrived);
  const config = configOf(ports, handsets.nextHop, join(folder, 'iwf.db'));
  const nodeOptions = ['--max-semi-space-size=64'];
  const gateway = new GatewayProcess({ folder, ports, config, nodeOptions });
  try {
    await gateway.start();
    for (const bot of bots) await subscribe(ports.rest, bot, (sink.address() as AddressInfo).port);
    const source =
      side === 'sip'
        ? await sipSource({ port: ports.sip, bots, users })
        : await restSource({ port: ports.rest, bots, users, key });
    const far = (): ReadonlySet<string> =>
      side === 'sip' ? arrived : new Set(handsets.arrivals.map(({ messageId }) => messageId));
    try {
      return await phases({ side, source, gateway, far });
    } finally {
      source.close();
    }
  } finally {
    await gateway.stop();
    handsets.stop();
    sink.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Scene {
  readonly side: Side;
  readonly source: Source;
  readonly gateway: GatewayProcess;
  /** Ids of what has come to the other side. */
  readonly far: () => ReadonlySet<string>;
}

async function phases({ side, source, gateway, far }: Scene): Promise<Line> {
  const all: Answer[] = [];
  const keep = (answers: readonly Answer[]): readonly Answer[] => {
    for (const answer of answers) all.push(answer);
    return answers;
  };
  keep(await closedLoop(source, window, 4)); // to warm up
  const capacityPerS = accepted(keep(await closedLoop(source, window, 6))).length / 6;
  const half = keep(await openLoop(source, capacityPerS / 2, 5));
  const rss = watchRss(gateway.pid);
  const busy = performance.eventLoopUtilization();
  const over = keep(await openLoop(source, capacityPerS * times, seconds));
  const ownLoad = performance.eventLoopUtilization(busy).utilization;
  const after = keep(await openLoop(source, capacityPerS / 2, 6));
  const lastRefusal = after.findLastIndex((answer) => !answer.accepted);
  const taken = accepted(all);
  const lost = await missing(taken, far);
  return {
    side,
    capacityPerS: Math.round(capacityPerS),
    offeredPerS: Math.round(capacityPerS * times),
    acceptedPerS: Math.round(accepted(over).length / seconds),
    refused: over.length - accepted(over).length,
    refusedWithoutRetryAfter: all.filter((answer) => !answer.accepted && !answer.retryAfter).length,
    ms: {
      atHalf: percentiles(accepted(half)),
      accepted: percentiles(accepted(over)),
      refused: percentiles(over.filter((answer) => !answer.accepted)),
    },
    recoveredAfterMs: Math.round(((lastRefusal + 1) * 1000) / (capacityPerS / 2)),
    accepted: taken.length,
    lost,
    rssMb: rss.stop(),
    loadOfThisProcess: Number(ownLoad.toFixed(2)),
  };
}

function accepted(answers: readonly Answer[]): readonly Answer[] {
  return answers.filter((answer) => answer.accepted);
}

function percentiles(answers: readonly Answer[]): readonly number[] {
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  return [0.5, 0.95, 0.99].map((part) => Math.round(sorted[Math.floor(sorted.length * part)] ?? 0));
}

/** What was accepted and has not come, when nothing more comes. */
async function missing(taken: readonly Answer[], far: () => ReadonlySet<string>): Promise<number> {
  const deadline = performance.now() + settleMs;
  for (;;) {
    const come = far();
    const lost = taken.filter(({ id }) => !come.has(id)).length;
    if (lost === 0 || performance.now() > deadline) return lost;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function watchRss(pid: number): { stop(): Line['rssMb'] } {
  const before = rssMb(pid);
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, rssMb(pid))), 200);
  return {
    stop() {
      clearInterval(timer);
      return { before, most };
    },
  };
}

function rssMb(pid: number): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);
}

async function callbackSink(arrived: Set<string>): Promise<Server> {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (more: string) => (text += more));
    request.on('end', () => {
      arrived.add(/"messageId":"([^"]+)"/.exec(text)?.[1] ?? '');
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function subscribe(restPort: number, bot: string, callbackPort: number): Promise<void> {
  const notifyURL = `http://127.0.0.1:${callbackPort}/notify`;
  const answer = await fetch(`http://127.0.0.1:${restPort}/chat/v1/${encodeURIComponent(bot)}/subscriptions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ chatNotificationSubscription: { callbackReference: { notifyURL } } }),
  });
  if (answer.status !== 201) throw new Error(`subscription: ${answer.status}`);
}

function configOf(ports: Record<'sip' | 'rest' | 'msrp' | 'admin', number>, nextHop: string, path: string): unknown {
  return {
    serverRoot: `http://127.0.0.1:${ports.rest}`,
    rest: { port: ports.rest },
    admin: { port: ports.admin },
    sip: { listen: [`tcp/127.0.0.1:${ports.sip}`, `udp/127.0.0.1:${ports.sip}`], nextHop },
    msrp: { port: ports.msrp },
    store: { path },
    trace: { conversations: 0 },
    log: { level: 'warn', format: 'json' },
    platforms: [
      {
        id: 'load',
        keys: [createHash('sha256').update(key).digest('hex')],
        chatbots: bots.map((uri) => ({ uri, mode: 'standalone' })),
        notify: { allow: ['127.0.0.1'] },
      },
    ],
  };
}
