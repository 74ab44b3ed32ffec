/** The gateway under attack: a process of its own with short times, phones behind it, a platform that takes callbacks. */
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';

import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { freePort } from '../../../spec/support/free-port.js';
import { GatewayProcess, type Ports } from '../../crash/gateway.js';
import { Handsets } from '../../crash/handsets.js';
import { adminKey, bots, honestKey, key } from './names.js';
import type { Asked, ProbeAnswer } from './probe.js';

export interface World {
  readonly ports: Ports;
  readonly sinkPort: number;
  readonly gateway: GatewayProcess;
  /** Asks the probe in the process; rejects where it does not answer. */
  ask(what: Asked): Promise<number>;
  /** Gauges by name and labels, as /metrics shows them. */
  gauges(): Promise<ReadonlyMap<string, number>>;
  /** Lines logged since last asked. */
  newLines(): readonly string[];
  /** Forgets what the phones have taken. */
  forget(): void;
  close(): Promise<void>;
}

const askMs = 10_000;

export async function startWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'maap-iwf-fuzz-'));
  const ports = { sip: await freePort(), rest: await freePort(), msrp: await freePort(), admin: await freePort() };
  const handsets = new Handsets();
  await handsets.start();
  const sink = await callbackSink();
  const sinkPort = (sink.address() as AddressInfo).port;
  const gateway = new GatewayProcess({
    folder,
    ports,
    config: configOf(ports, { nextHop: handsets.nextHop, store: join(folder, 'iwf.db') }),
    nodeOptions: ['--expose-gc', '--import', new URL('./probe.js', import.meta.url).href],
    ipc: true,
  });
  let readBytes = 0;
  const world: World = {
    ports,
    sinkPort,
    gateway,
    ask: (what) => ask(gateway.process, what),
    gauges: async () => parseMetrics(await read(`http://127.0.0.1:${ports.admin}/metrics`)),
    newLines() {
      const text = readFileSync(gateway.logFile).subarray(readBytes);
      const whole = text.lastIndexOf('\n') + 1;
      readBytes += whole;
      return text.subarray(0, whole).toString('utf8').split('\n').slice(0, -1);
    },
    forget() {
      handsets.arrivals.length = 0;
      handsets.requests.length = 0;
    },
    async close() {
      await gateway.kill();
      handsets.stop();
      sink.closeAllConnections();
      sink.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await gateway.start();
    await subscribe(ports.rest, sinkPort);
  } catch (error) {
    await world.close();
    throw error;
  }
  return world;
}

function ask(child: ChildProcess | undefined, what: Asked): Promise<number> {
  return new Promise((resolve, reject) => {
    if (!child?.connected) {
      reject(new Error('the gateway has ended'));
      return;
    }
    const onMessage = ({ asked, value }: ProbeAnswer): void => {
      if (asked === what) done(() => resolve(value));
    };
    const onGone = (): void => done(() => reject(new Error('the gateway does not answer')));
    const timer = setTimeout(onGone, askMs);
    const done = (then: () => void): void => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('disconnect', onGone);
      then();
    };
    child.on('message', onMessage);
    child.on('disconnect', onGone);
    child.send(what, (error) => error && onGone());
  });
}

/** Over a connection of its own, which is closed at once: it must not count as one that is left. */
function read(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => void textOf(response).then(resolve, reject)).on('error', reject);
  });
}

function parseMetrics(text: string): ReadonlyMap<string, number> {
  return new Map(
    [...text.matchAll(/^([a-z_]+(?:\{[^}]*\})?) (\S+)$/gm)].map(([, name = '', value]) => [name, Number(value)]),
  );
}

async function callbackSink(): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function subscribe(restPort: number, sinkPort: number): Promise<void> {
  for (const [name, bot] of Object.entries(bots)) {
    const callbackReference = { notifyURL: `http://127.0.0.1:${sinkPort}/` };
    const subscription = { callbackReference, ...(name === 'confirmed' && { confirmedChatSupported: true }) };
    const answer = await fetch(`http://127.0.0.1:${restPort}/chat/v1/${encodeURIComponent(bot)}/subscriptions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${name === 'honest' ? honestKey : key}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ chatNotificationSubscription: subscription }),
    });
    if (answer.status !== 201) throw new Error(`subscription of ${bot}: ${answer.status} ${await answer.text()}`);
  }
}

/** What ends by time ends in seconds; what is remembered is little, so that growth shows; nothing is refused for being much. */
function configOf(ports: Ports, { nextHop, store }: { nextHop: string; store: string }): unknown {
  const again = { baseMs: 50, factor: 2, maxMs: 500, jitter: 0 };
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  return {
    serverRoot: `http://127.0.0.1:${ports.rest}`,
    rest: { port: ports.rest, headersTimeoutS: 1, requestTimeoutS: 2, keepAliveS: 1 },
    admin: {
      port: ports.admin,
      key: sha256(adminKey),
      maxConnections: 1000,
      headersTimeoutS: 1,
      requestTimeoutS: 2,
      keepAliveS: 1,
    },
    sip: {
      listen: [`udp/127.0.0.1:${ports.sip}`, `tcp/127.0.0.1:${ports.sip}`],
      nextHop,
      keepAliveS: 0,
      callTimeoutS: 2,
      requestTimeoutS: 1,
      answerTimeoutS: 2,
      t1Ms: 20,
      t2Ms: 100,
      t4Ms: 100,
      idleConnectionS: 2,
      messageTimeoutS: 1,
      connectTimeoutMs: 500,
      dnsTimeoutMs: 200,
    },
    msrp: {
      port: ports.msrp,
      transactionTimeoutS: 1,
      assemblyTimeoutS: 1,
      bindTimeoutS: 1,
      unboundTimeoutS: 1,
      connectTimeoutMs: 500,
    },
    store: { path: store },
    chat: { idleTimeoutS: 1, validityS: 2, backoff: again, composingTimeoutS: 1, glareSilenceS: 1, lingerS: 1 },
    capabilities: { cacheS: 1, timeoutS: 1, maxContacts: 100 },
    revoke: { deadlineS: 1 },
    privacy: { deadlineS: 1 },
    notify: {
      validityS: 2,
      timeoutS: 1,
      connectTimeoutMs: 500,
      backoff: again,
      maxDeadLetters: 100,
      originIdleS: 1,
      maxOrigins: 10,
      channels: { maxPerBot: 10, maxItemsPerChannel: 10, maxWaitS: 1, lifetimeS: 2, maxLifetimeS: 2 },
    },
    limits: { contactsPerHour: 1_000_000, subscriptionsPerBot: 5 },
    overload: { leastShare: 1 },
    trace: { conversations: 20, eventsPerConversation: 20, bodies: true },
    log: { level: 'warn', format: 'json' },
    platforms: [
      {
        id: 'fuzz',
        keys: [sha256(key)],
        chatbots: [
          { uri: bots.session, mode: 'session' },
          { uri: bots.standalone, mode: 'standalone' },
          { uri: bots.confirmed },
        ],
        notify: { allow: ['127.0.0.1'] },
      },
      { id: 'honest', keys: [sha256(honestKey)], chatbots: [{ uri: bots.honest }], notify: { allow: ['127.0.0.1'] } },
    ],
  };
}
