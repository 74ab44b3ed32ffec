/** A whole world for one spec: a gateway, a simulated phone and a simulated platform, on free loopback ports. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../lib/clock.js';
import { loadConfig } from '../../lib/config.js';
import type { Logger } from '../../lib/log.js';
import { type Gateway, startGateway } from '../../lib/gateway.js';
import type { MsrpEndpoint } from '../../lib/msrp/api.js';
import { createMsrpEndpoint } from '../../lib/msrp/endpoint.js';
import { defaultMsrpOptions } from '../../lib/msrp/options.js';
import { SimulatedPhone } from '../../lib/sim/phone.js';
import { SimulatedPlatform } from '../../lib/sim/platform.js';
import { type EngineServer, startEngineServer } from '../support/engine-server.js';
import { freePort } from '../support/free-port.js';
import { silentLog, silentMetrics } from '../support/silent.js';

export const bot = 'sip:shop@botplatform.example.net';
export const number = '+15550100001';
export const contact = `tel:${number}`;
/** Belongs to a second platform. */
export const otherBot = 'sip:bank@botplatform.example.org';
export const key = 'a-key-of-the-spec';
export const otherKey = 'another-key-of-the-spec';

export interface World {
  readonly gateway: Gateway;
  readonly phone: SimulatedPhone;
  readonly platform: SimulatedPlatform;
  readonly folder: string;
  /** Where the gateway listens. */
  readonly ports: Ports;
  readonly serverRoot: string;
  /** The server of `engine: 'drachtio'` dies; resolves with the way to bring it back. */
  loseEngine(): Promise<() => Promise<void>>;
  /** Stops the gateway and starts it anew with the same configuration and store. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

type Tree = Readonly<Record<string, unknown>>;

export interface Ports {
  readonly sip: number;
  readonly rest: number;
  readonly msrp: number;
  /** Of the phone's SIP. */
  readonly phone: number;
}

export interface WorldOptions {
  /** Merged over the configuration. */
  readonly config?: Tree | ((ports: Ports, folder: string) => Tree);
  /** Merged over the one platform. */
  readonly platform?: Tree;
  readonly log?: Logger;
  readonly mode?: 'auto' | 'session' | 'standalone';
  readonly receipts?: readonly ('delivered' | 'displayed')[];
  /** Where SIP is spoken: in the gateway, or in a server that it connects to. */
  readonly engine?: 'embedded' | 'drachtio';
  /** Without a subscription nobody listens for the bot. */
  readonly subscribe?: boolean;
  /** The port that the phone speaks to in place of the gateway's: of a proxy between them. */
  readonly phoneVia?: number;
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'maap-iwf-spec-'));
  const free = { sip: await freePort(), rest: await freePort(), msrp: await freePort() };
  const msrp = phoneMsrp();
  await msrp.start();
  const phone = new SimulatedPhone({
    number,
    host: '127.0.0.1',
    port: 0,
    gateway: { host: '127.0.0.1', port: options.phoneVia ?? free.sip },
    msrp,
    templates: { offer: template('offer'), answer: template('answer') },
    receipts: options.receipts ?? [],
  });
  await phone.start();
  const ports: Ports = { ...free, phone: phone.port };
  const serverRoot = `http://127.0.0.1:${ports.rest}`;
  const platform = new SimulatedPlatform({ serverRoot, key, bot });
  await platform.start();
  const listen = [`udp/127.0.0.1:${ports.sip}`, `tcp/127.0.0.1:${ports.sip}`];
  let server = options.engine === 'drachtio' ? await startEngineServer(listen) : undefined;
  const config = configOf(options, { folder, ports, serverRoot, server, listen });
  const log = options.log ?? silentLog;
  let gateway = await startGateway(config, log);
  if (options.subscribe !== false) await platform.subscribe('the data');
  return {
    get gateway() {
      return gateway;
    },
    phone,
    platform,
    folder,
    ports,
    serverRoot,
    async loseEngine() {
      const lost = server;
      if (!lost) throw new TypeError('the engine is embedded');
      await lost.close();
      return async () => void (server = await startEngineServer(listen, lost.port));
    },
    async restart() {
      await gateway.stop();
      gateway = await startGateway(config, log);
    },
    async stop() {
      await phone.stop();
      await gateway.stop();
      await server?.close();
      await Promise.all([platform.stop(), msrp.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function template(name: 'offer' | 'answer'): string {
  return readFileSync(new URL(`../../../sdp-templates/chatbot-session-${name}.sdp`, import.meta.url), 'utf8');
}

interface Place {
  readonly folder: string;
  readonly ports: Ports;
  readonly serverRoot: string;
  readonly server: EngineServer | undefined;
  readonly listen: readonly string[];
}

function configOf(
  { config = {}, mode = 'auto', platform = {} }: WorldOptions,
  { folder, ports, serverRoot, server, listen }: Place,
): ReturnType<typeof loadConfig> {
  const file = join(folder, 'config.json');
  const own = {
    serverRoot,
    rest: { port: ports.rest },
    admin: { port: 0, key: sha256('admin') },
    sip: {
      ...(server ? { engine: 'drachtio', drachtio: { port: server.port, secret: server.secret } } : { listen }),
      nextHop: `sip:127.0.0.1:${ports.phone};transport=tcp`,
      userUri: 'sip:{e164}@ims.example.net;user=phone',
    },
    msrp: { port: ports.msrp },
    store: { path: join(folder, 'iwf.db') },
    // However busy the machine of the specs is.
    overload: { leastShare: 1 },
    platforms: [
      {
        id: 'spec',
        keys: [sha256(key)],
        chatbots: [{ uri: bot, mode }],
        notify: { allow: ['127.0.0.1'] },
        ...platform,
      },
      { id: 'other', keys: [sha256(otherKey)], chatbots: [{ uri: otherBot }], notify: { allow: ['127.0.0.1'] } },
    ],
  };
  writeFileSync(file, JSON.stringify(merge(own, typeof config === 'function' ? config(ports, folder) : config)));
  return loadConfig({ file, env: {} });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function merge(base: Record<string, unknown>, over: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const merged = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const under = merged[name];
    merged[name] = isTree(under) && isTree(value) ? merge(under, value) : value;
  }
  return merged;
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function phoneMsrp(): MsrpEndpoint {
  return createMsrpEndpoint(
    { ...defaultMsrpOptions, port: 0 },
    { clock: systemClock, metrics: silentMetrics, log: silentLog, randomId: () => randomBytes(16).toString('hex') },
  );
}
