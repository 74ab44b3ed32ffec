/** A whole world for one spec: a gateway, a simulated phone and a simulated platform, on free loopback ports. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { systemClock } from '../../lib/clock.js';
import { loadConfig } from '../../lib/config.js';
import { type Gateway, startGateway } from '../../lib/gateway.js';
import type { MsrpEndpoint } from '../../lib/msrp/api.js';
import { createMsrpEndpoint } from '../../lib/msrp/endpoint.js';
import { defaultMsrpOptions } from '../../lib/msrp/options.js';
import { SimulatedPhone } from '../../lib/sim/phone.js';
import { SimulatedPlatform } from '../../lib/sim/platform.js';
import { silentLog, silentMetrics } from '../support/silent.js';

export const bot = 'sip:shop@botplatform.example.net';
export const number = '+15550100001';
export const contact = `tel:${number}`;
const key = 'a-key-of-the-spec';

export interface World {
  readonly gateway: Gateway;
  /** Ends the gateway and starts it again on the same store and ports. */
  restart(): Promise<void>;
  readonly phone: SimulatedPhone;
  readonly platform: SimulatedPlatform;
  readonly folder: string;
  stop(): Promise<void>;
}

export interface WorldOptions {
  /** Merged over the configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly mode?: 'auto' | 'session' | 'standalone';
  readonly receipts?: readonly ('delivered' | 'displayed')[];
  /** Without a subscription nobody listens for the bot. */
  readonly subscribe?: boolean;
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'maap-iwf-spec-'));
  const ports = { sip: await freePort(), rest: await freePort(), msrp: await freePort() };
  const msrp = phoneMsrp();
  await msrp.start();
  const phone = new SimulatedPhone({
    number,
    host: '127.0.0.1',
    port: 0,
    gateway: { host: '127.0.0.1', port: ports.sip },
    msrp,
    templates: { offer: template('offer'), answer: template('answer') },
    receipts: options.receipts ?? [],
  });
  await phone.start();
  const serverRoot = `http://127.0.0.1:${ports.rest}`;
  const platform = new SimulatedPlatform({ serverRoot, key, bot });
  await platform.start();
  const config = configOf(options, { folder, ports, phonePort: phone.port, serverRoot });
  let gateway = await startGateway(config, silentLog);
  if (options.subscribe !== false) await platform.subscribe('the data');
  return {
    get gateway() {
      return gateway;
    },
    async restart() {
      await gateway.stop();
      gateway = await startGateway(config, silentLog);
    },
    phone,
    platform,
    folder,
    async stop() {
      await phone.stop();
      await gateway.stop();
      await Promise.all([platform.stop(), msrp.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function template(name: 'offer' | 'answer'): string {
  return readFileSync(new URL(`../../../sdp-templates/chatbot-session-${name}.sdp`, import.meta.url), 'utf8');
}

function configOf(
  { config = {}, mode = 'auto' }: WorldOptions,
  {
    folder,
    ports,
    phonePort,
    serverRoot,
  }: { folder: string; ports: { sip: number; rest: number; msrp: number }; phonePort: number; serverRoot: string },
): ReturnType<typeof loadConfig> {
  const file = join(folder, 'config.yaml');
  const own = {
    serverRoot,
    rest: { port: ports.rest },
    admin: { port: 0, key: createHash('sha256').update('admin').digest('hex') },
    sip: {
      listen: [`udp/127.0.0.1:${ports.sip}`, `tcp/127.0.0.1:${ports.sip}`],
      nextHop: `sip:127.0.0.1:${phonePort};transport=tcp`,
      userUri: 'sip:{e164}@ims.example.net;user=phone',
    },
    msrp: { port: ports.msrp },
    store: { path: join(folder, 'iwf.db') },
    platforms: [
      {
        id: 'spec',
        keys: [createHash('sha256').update(key).digest('hex')],
        chatbots: [{ uri: bot, mode }],
        notify: { allow: ['127.0.0.1'] },
      },
    ],
  };
  writeFileSync(file, stringify(merge(own, config)));
  return loadConfig({ file, env: {} });
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

/** Asked of the system and given back: the gateway's own URLs must be known before it starts. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
