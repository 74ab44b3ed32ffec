/** A world with low limits: what a peer sees at each, and that metric and log say which it was. */
import { expect } from 'chai';
import { connect, type Socket } from 'node:net';
import type { Fields } from '../../../lib/log.js';
import { adminClient } from '../../support/admin-client.js';
import { KeptLog } from '../kept-log.js';
import { startWorld, type World, type WorldOptions } from '../world.js';

export interface Limited {
  readonly world: World;
  readonly log: KeptLog;
  /** A connection from an address of loopback, so that sources are told apart. */
  open(port: number, from?: string): Promise<RawSocket>;
  /** `limit reached` stands in the log, and how often `iwf_limit_reached_total` has counted the key. */
  reached(limit: string): Promise<number>;
  /** Who it was, as the first of its lines says. */
  whoReached(limit: string): Promise<string>;
  stop(): Promise<void>;
}

/** One limit: its key, what its peer sees, and how the peer comes to see it. */
export interface LimitCase {
  readonly limit: string;
  readonly sees: string;
  readonly meets: (on: Limited) => Promise<string>;
  /** Of whom the log says that he reached it; a peer of loopback where nothing is said. */
  readonly who?: string;
}

export async function startLimited(options: WorldOptions): Promise<Limited> {
  const log = new KeptLog();
  const world = await startWorld({ ...options, log });
  const sockets: RawSocket[] = [];
  const told = (limit: string): Promise<Fields> => log.waitFor('limit reached', (fields) => fields['limit'] === limit);
  return {
    world,
    log,
    async open(port, from = '127.0.0.1') {
      const socket = await RawSocket.open(port, from);
      sockets.push(socket);
      return socket;
    },
    async whoReached(limit) {
      return String((await told(limit))['who']);
    },
    async reached(limit) {
      await told(limit);
      return countOf(world, `iwf_limit_reached_total{limit="${limit}"}`);
    },
    async stop() {
      for (const socket of sockets) socket.close();
      await world.stop();
    },
  };
}

/** The cases as specs: a title is the whole requirement. */
export function itTells(cases: readonly LimitCase[], on: () => Limited): void {
  for (const { limit, sees, meets, who = '127.0.0.' } of cases) {
    it(`${limit}: ${sees}`, async () => {
      expect(await meets(on())).to.equal(sees);
      expect(await on().reached(limit)).to.be.at.least(1);
      expect(await on().whoReached(limit)).to.include(who);
    });
  }
}

/** A line of /metrics; 0 where there is none. */
export async function countOf(world: World, series: string): Promise<number> {
  const { body } = await adminClient(() => world.gateway.ports.admin).ask('GET', '/metrics');
  const line = String(body)
    .split('\n')
    .find((one) => one.startsWith(`${series} `));
  return Number(line?.slice(series.length) ?? 0);
}

/** Octets out, text in, until it is closed. */
export class RawSocket {
  private readonly socket: Socket;
  private text = '';
  private readonly watchers = new Set<() => void>();
  private isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1');
      this.tell();
    });
    socket.once('close', () => {
      this.isClosed = true;
      this.tell();
    });
  }

  static async open(port: number, from: string): Promise<RawSocket> {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true });
    const opened = new RawSocket(socket);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return opened;
  }

  /** Resolves once the system has taken it: what is asked next comes behind. */
  write(octets: string | Buffer): Promise<void> {
    return new Promise((resolve) => this.socket.write(octets, () => resolve()));
  }

  /** What has come, once it holds `wanted`; rejects where the other side closes before. */
  async until(wanted: RegExp): Promise<string> {
    await this.settled(() => wanted.test(this.text) || this.isClosed);
    if (!wanted.test(this.text)) throw new Error(`closed without ${String(wanted)}, after ${this.text.slice(0, 200)}`);
    return this.text;
  }

  /** All that came until the other side closed. */
  async closed(): Promise<string> {
    await this.settled(() => this.isClosed);
    return this.text;
  }

  close(): void {
    this.socket.destroy();
  }

  private settled(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        this.watchers.delete(look);
        resolve();
      };
      this.watchers.add(look);
      look();
    });
  }

  private tell(): void {
    for (const look of [...this.watchers]) look();
  }
}

/** Opens connections from these sources until one is closed at once; what that one saw. */
export async function crowd(on: Limited, port: number, sources: readonly string[]): Promise<string> {
  const opened: RawSocket[] = [];
  for (const source of sources) opened.push(await on.open(port, source));
  const seen = await Promise.race(opened.map((socket) => socket.closed()));
  for (const socket of opened) socket.close();
  await Promise.all(opened.map((socket) => socket.closed()));
  return seen === '' ? 'closed at once' : seen;
}
