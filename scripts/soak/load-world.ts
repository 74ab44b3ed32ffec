/** What the measurements share: the gateway as a process, phones and callback servers that time what comes. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../spec/support/free-port.js';
import { GatewayProcess, type Ports } from '../crash/gateway.js';
import { Handsets } from '../crash/handsets.js';

export const key = 'a-key-of-the-load-test';
export const boundedKey = 'a-key-of-the-bounded-platform';

export interface LoadWorld {
  readonly gateway: GatewayProcess;
  readonly ports: Ports;
  readonly handsets: Handsets;
  /** By messageId: when its callback came first. */
  readonly arrivedAtMs: ReadonlyMap<string, number>;
  /** Bots whose callbacks are never answered. */
  readonly hangs: Set<string>;
  close(): Promise<void>;
}

/** Of a platform of its own, that may ask so much a second and no more. */
export const boundedBot = 'sip:bounded@botplatform.example.net';
const boundedPerS = 100;

export async function startLoadWorld(
  bots: readonly string[],
  nodeOptions: readonly string[] = ['--max-semi-space-size=64'],
): Promise<LoadWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'maap-iwf-load-'));
  const ports = { sip: await freePort(), rest: await freePort(), msrp: await freePort(), admin: await freePort() };
  const handsets = new Handsets();
  await handsets.start();
  const arrivedAtMs = new Map<string, number>();
  const hangs = new Set<string>();
  const sink = await callbackSink(arrivedAtMs, hangs);
  const config = configOf(ports, bots, { nextHop: handsets.nextHop, path: join(folder, 'iwf.db') });
  const gateway = new GatewayProcess({ folder, ports, config, nodeOptions });
  const close = async (): Promise<void> => {
    await gateway.stop();
    handsets.stop();
    sink.closeAllConnections();
    sink.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await gateway.start();
    for (const bot of bots) await subscribe(ports.rest, bot, (sink.address() as AddressInfo).port);
  } catch (error) {
    await close();
    throw error;
  }
  return { gateway, ports, handsets, arrivedAtMs, hangs, close };
}

async function callbackSink(arrivedAtMs: Map<string, number>, hangs: ReadonlySet<string>): Promise<Server> {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (more: string) => (text += more));
    request.on('end', () => {
      if (hangs.has(decodeURIComponent(request.url?.slice(1) ?? ''))) return;
      const id = /"messageId":"([^"]+)"/.exec(text)?.[1] ?? '';
      if (!arrivedAtMs.has(id)) arrivedAtMs.set(id, performance.now());
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function subscribe(restPort: number, bot: string, callbackPort: number): Promise<void> {
  const notifyURL = `http://127.0.0.1:${callbackPort}/${encodeURIComponent(bot)}`;
  const answer = await fetch(`http://127.0.0.1:${restPort}/chat/v1/${encodeURIComponent(bot)}/subscriptions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ chatNotificationSubscription: { callbackReference: { notifyURL } } }),
  });
  if (answer.status !== 201) throw new Error(`subscription: ${answer.status}`);
}

function configOf(ports: Ports, bots: readonly string[], places: { nextHop: string; path: string }): unknown {
  const { nextHop, path } = places;
  return {
    serverRoot: `http://127.0.0.1:${ports.rest}`,
    rest: { port: ports.rest },
    admin: { port: ports.admin },
    sip: { listen: [`tcp/127.0.0.1:${ports.sip}`, `udp/127.0.0.1:${ports.sip}`], nextHop },
    msrp: { port: ports.msrp },
    store: { path },
    chat: { backoff: { baseMs: 1000, factor: 2, maxMs: 5000, jitter: 0.1 } },
    trace: { conversations: 0 },
    log: { level: 'warn', format: 'json' },
    platforms: [
      {
        id: 'load',
        keys: [createHash('sha256').update(key).digest('hex')],
        chatbots: bots.map((uri) => ({ uri, mode: 'standalone' })),
        notify: { allow: ['127.0.0.1'] },
      },
      {
        id: 'bounded',
        keys: [createHash('sha256').update(boundedKey).digest('hex')],
        chatbots: [{ uri: boundedBot, mode: 'standalone' }],
        limits: { requestsPerS: boundedPerS },
      },
    ],
  };
}
