/** The gateway under attack: a process of its own with short times, phones behind it, a platform that takes callbacks. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, get, type IncomingMessage, request, type Server } from 'node:http';
import { request as requestSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { freePort } from '../../../spec/support/free-port.js';
import { Authority } from '../../../spec/support/certificates.js';
import { GatewayProcess } from '../../crash/gateway.js';
import { Handsets } from '../../crash/handsets.js';
import { Callees } from './callees.js';
import { configOf, type WorldPorts } from './configuration.js';
import { bots, honestKey, key } from './names.js';
import type { Asked, ProbeAnswer } from './probe.js';

export interface World {
  readonly ports: WorldPorts;
  /** REST is under TLS. */
  readonly secure: boolean;
  readonly sinkPort: number;
  /** Peers that it calls, and that may be hostile. */
  readonly callees: Callees;
  readonly gateway: GatewayProcess;
  /** Asks the probe in the process; rejects where it does not answer. */
  ask(what: Asked): Promise<number>;
  /** Gauges by name and labels, as /metrics shows them. */
  gauges(): Promise<ReadonlyMap<string, number>>;
  /** Lines logged since last asked. */
  newLines(): readonly string[];
  /** Whether a text has come to an honest phone, and to an honest callback server; false: not in time. */
  arrived(text: string): Promise<boolean>;
  /** Forgets what they have taken. */
  forget(): void;
  close(): Promise<void>;
}

const askMs = 10_000;
const arriveMs = 5000;

/** `secure`: with ports under TLS (configuration.ts). */
export async function startWorld({ secure = false } = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'maap-iwf-fuzz-'));
  const [sip, sipTls, rest] = [await freePort(), await freePort(), await freePort()];
  const ports = { sip, sipTls, rest, msrp: await freePort(), admin: await freePort() };
  const authority = secure ? await Authority.make('fuzz') : undefined;
  const certificate = await authority?.issue('gateway', ['IP:127.0.0.1']);
  const handsets = new Handsets();
  await handsets.start();
  const callees = new Callees();
  await callees.start();
  const sink = new Sink();
  const sinkPort = await sink.start();
  const gateway = new GatewayProcess({
    folder,
    ports,
    config: configOf(ports, {
      nextHop: handsets.nextHop,
      store: join(folder, 'iwf.db'),
      callees: callees.ports,
      tls: certificate && { cert: certificate.certFile, key: certificate.keyFile },
    }),
    nodeOptions: ['--expose-gc', '--import', new URL('./probe.js', import.meta.url).href],
    ipc: true,
  });
  let readBytes = 0;
  const world: World = {
    ports,
    secure,
    sinkPort,
    callees,
    gateway,
    ask: (what) => ask(gateway.process, what),
    gauges: async () => parseMetrics(await read(`http://127.0.0.1:${ports.admin}/metrics`)),
    newLines() {
      const text = readFileSync(gateway.logFile).subarray(readBytes);
      const whole = text.lastIndexOf('\n') + 1;
      readBytes += whole;
      return text.subarray(0, whole).toString('utf8').split('\n').slice(0, -1);
    },
    async arrived(text) {
      const reached = handsets.until(() => handsets.arrivals.some(({ content }) => content.includes(text)));
      const [phone, told] = await Promise.all([reached.then(() => true).catch(() => false), sink.told(text)]);
      return phone && told;
    },
    forget() {
      sink.forget();
      handsets.arrivals.length = 0;
      handsets.requests.length = 0;
    },
    async close() {
      await gateway.kill();
      handsets.stop();
      callees.stop();
      sink.stop();
      authority?.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await gateway.start();
    await subscribe(world);
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

/** An honest callback server: takes all. */
class Sink {
  private readonly server: Server;
  private bodies: string[] = [];
  private changed: (() => void) | undefined;

  constructor() {
    this.server = createServer((asked, response) => {
      void textOf(asked).then((body) => {
        this.bodies.push(body);
        response.writeHead(204).end();
        this.changed?.();
      });
    });
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as AddressInfo).port;
  }

  async told(text: string): Promise<boolean> {
    const deadline = Date.now() + arriveMs;
    while (!this.bodies.some((body) => body.includes(text))) {
      if (Date.now() > deadline) return false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now());
        this.changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return true;
  }

  forget(): void {
    this.bodies = [];
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

async function subscribe({ ports, secure, sinkPort }: World): Promise<void> {
  for (const [name, bot] of Object.entries(bots)) {
    const callbackReference = { notifyURL: `http://127.0.0.1:${sinkPort}/` };
    const subscription = { callbackReference, ...(name === 'confirmed' && { confirmedChatSupported: true }) };
    const status = await post(secure, {
      port: ports.rest,
      path: `/chat/v1/${encodeURIComponent(bot)}/subscriptions`,
      credential: name === 'honest' ? honestKey : key,
      body: JSON.stringify({ chatNotificationSubscription: subscription }),
    });
    if (status !== 201) throw new Error(`subscription of ${bot}: ${status}`);
  }
}

interface Posting {
  readonly port: number;
  readonly path: string;
  readonly credential: string;
  readonly body: string;
}

function post(secure: boolean, { port, path, credential, body }: Posting): Promise<number> {
  const headers = { authorization: `Bearer ${credential}`, 'content-type': 'application/json' };
  const options = { host: '127.0.0.1', port, path, method: 'POST', headers, agent: false };
  return new Promise((resolve, reject) => {
    const onAnswer = (response: IncomingMessage): void => {
      response.resume();
      resolve(response.statusCode ?? 0);
    };
    const asking = secure
      ? requestSecure({ ...options, rejectUnauthorized: false }, onAnswer)
      : request(options, onAnswer);
    asking.on('error', reject).end(body);
  });
}
