/** The gateway under attack: a process of its own with short times, phones behind it, a platform that takes callbacks. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { freePort } from '../../../spec/support/free-port.js';
import { GatewayProcess, type Ports } from '../../crash/gateway.js';
import { Handsets } from '../../crash/handsets.js';
import { Callees } from './callees.js';
import { configOf } from './configuration.js';
import { bots, honestKey, key } from './names.js';
import type { Asked, ProbeAnswer } from './probe.js';

export interface World {
  readonly ports: Ports;
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

export async function startWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'maap-iwf-fuzz-'));
  const ports = { sip: await freePort(), rest: await freePort(), msrp: await freePort(), admin: await freePort() };
  const handsets = new Handsets();
  await handsets.start();
  const callees = new Callees();
  await callees.start();
  const sink = new Sink();
  const sinkPort = await sink.start();
  const gateway = new GatewayProcess({
    folder,
    ports,
    config: configOf(ports, { nextHop: handsets.nextHop, store: join(folder, 'iwf.db'), callees: callees.ports }),
    nodeOptions: ['--expose-gc', '--import', new URL('./probe.js', import.meta.url).href],
    ipc: true,
  });
  let readBytes = 0;
  const world: World = {
    ports,
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

/** An honest callback server: takes all. */
class Sink {
  private readonly server: Server;
  private bodies: string[] = [];
  private changed: (() => void) | undefined;

  constructor() {
    this.server = createServer((request, response) => {
      void textOf(request).then((body) => {
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
