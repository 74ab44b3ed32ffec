/** A world whose gateway is a process of its own, to be sent signals: raw phones, handsets behind its next hop, a platform. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayProcess, type Ports } from '../../scripts/crash/gateway.js';
import { Handsets } from '../../scripts/crash/handsets.js';
import { SimulatedPlatform } from '../../lib/sim/platform.js';
import { freePort } from '../support/free-port.js';
import { bot, key } from './world.js';
import { pause } from '../support/ask-again.js';

export interface ProcessWorld {
  readonly gateway: GatewayProcess;
  readonly handsets: Handsets;
  readonly platform: SimulatedPlatform;
  readonly ports: Ports;
  close(): Promise<void>;
}

export interface ProcessWorldOptions {
  /** Each key in place of the one below. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Of the one platform. */
  readonly platform?: Readonly<Record<string, unknown>>;
  /** Whom the simulated platform speaks for; default: the bot of the other worlds. */
  readonly bot?: (ports: Ports) => string;
}

const soon = { baseMs: 100, factor: 1, maxMs: 100, jitter: 0 };

export async function startProcessWorld(options: ProcessWorldOptions = {}): Promise<ProcessWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'maap-iwf-drain-'));
  const ports = { sip: await freePort(), rest: await freePort(), msrp: await freePort(), admin: await freePort() };
  const handsets = new Handsets();
  await handsets.start();
  const serverRoot = `http://127.0.0.1:${ports.rest}`;
  const platform = new SimulatedPlatform({ serverRoot, key, bot: options.bot?.(ports) ?? bot });
  await platform.start();
  const config = {
    serverRoot,
    rest: { port: ports.rest },
    admin: { port: ports.admin },
    sip: { listen: [`udp/127.0.0.1:${ports.sip}`, `tcp/127.0.0.1:${ports.sip}`], nextHop: handsets.nextHop },
    msrp: { port: ports.msrp },
    store: { path: join(folder, 'iwf.db') },
    chat: { backoff: soon },
    notify: { backoff: soon },
    // However busy the machine of the specs is.
    overload: { leastShare: 1 },
    log: { level: 'warn', format: 'json' },
    platforms: [
      {
        id: 'spec',
        keys: [createHash('sha256').update(key).digest('hex')],
        chatbots: [{ uri: bot, mode: 'session' }],
        notify: { allow: ['127.0.0.1'] },
        ...options.platform,
      },
    ],
    ...options.config,
  };
  const gateway = new GatewayProcess({ folder, ports, config });
  await gateway.start();
  return {
    ...{ gateway, handsets, platform, ports },
    async close() {
      await gateway.kill();
      handsets.stop();
      await platform.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Lines for somebody to be woken by; a gateway that is stopped and started has none. */
export function errorsOf({ gateway }: Pick<ProcessWorld, 'gateway'>): readonly string[] {
  const lines = readFileSync(gateway.logFile, 'utf8').split('\n');
  return lines.filter((line) => line.includes('"level":"error"'));
}

/** Resolves once new work is refused: SIGTERM has reached it. */
export async function draining({ ports }: Pick<ProcessWorld, 'ports'>): Promise<void> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${ports.admin}/readyz`);
    if ((await response.text()).includes('draining')) return;
    await pause();
  }
}
