/** What the measurements share: the gateway as a process, phones and callback servers that time what comes. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../spec/support/free-port.js';
import { GatewayProcess, type Ports } from '../crash/gateway.js';
import { Handsets } from '../crash/handsets.js';
import { type CallbackSink, startCallbackSink } from './callback-sink.js';

export const key = 'a-key-of-the-load-test';
export const boundedKey = 'a-key-of-the-bounded-platform';

export interface LoadWorld extends Pick<CallbackSink, 'arrivedAtMs' | 'hangs'> {
  readonly gateway: GatewayProcess;
  readonly ports: Ports;
  readonly handsets: Handsets;
  /** The bounded bot is told of messages from now on. */
  subscribeBounded(): Promise<void>;
  close(): Promise<void>;
}

/** Of a platform of its own, that may ask so much a second, and be told so many messages, and no more. */
export const boundedBot = 'sip:bounded@botplatform.example.net';
const boundedPerS = 100;

export interface LoadWorldOptions {
  readonly nodeOptions?: readonly string[];
  /** Bots that are configured, and subscribed by nobody yet. */
  readonly silent?: readonly string[];
}

/** With a subscription of each of these bots. */
export async function startLoadWorld(
  bots: readonly string[],
  { nodeOptions = [], silent = [] }: LoadWorldOptions = {},
): Promise<LoadWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'maap-iwf-load-'));
  const ports = { sip: await freePort(), rest: await freePort(), msrp: await freePort(), admin: await freePort() };
  const handsets = new Handsets();
  await handsets.start();
  const sink = await startCallbackSink();
  const config = configOf(ports, [...bots, ...silent], { nextHop: handsets.nextHop, path: join(folder, 'iwf.db') });
  const gateway = new GatewayProcess({ folder, ports, config, nodeOptions });
  const close = async (): Promise<void> => {
    await gateway.stop();
    handsets.stop();
    sink.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await gateway.start();
    for (const bot of bots) await sink.subscribe(bot, { port: ports.rest, key });
  } catch (error) {
    await close();
    throw error;
  }
  const subscribeBounded = (): Promise<void> => sink.subscribe(boundedBot, { port: ports.rest, key: boundedKey });
  return { gateway, ports, handsets, arrivedAtMs: sink.arrivedAtMs, hangs: sink.hangs, subscribeBounded, close };
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
        limits: { requestsPerS: boundedPerS, messagesPerS: boundedPerS },
        notify: { allow: ['127.0.0.1'] },
      },
    ],
  };
}
