/** Everything that a soak run is made of: the gateway as a process, phones on both kinds of line, platform, proxies, disk and clock. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../spec/support/free-port.js';
import { GatewayProcess, type Ports } from '../crash/gateway.js';
import { type Asked, type Fate, Handsets } from '../crash/handsets.js';
import { type Chance, chanceOf } from './chance.js';
import { DatagramHandsets } from './datagram-handsets.js';
import { DatagramProxy } from './datagram-proxy.js';
import { Disk } from './disk.js';
import { allBots, bots, datagramPrefix } from './plan.js';
import { Platform } from './platform.js';

const key = 'a-key-of-the-soak-test';
/** Of every datagram: lost, doubled, late. */
const datagramTrouble = 0.05;

export interface World {
  readonly gateway: GatewayProcess;
  readonly handsets: Handsets;
  readonly platform: Platform;
  readonly disk: Disk;
  readonly ports: Ports;
  /** Where phones send datagrams to. */
  readonly datagramPort: number;
  readonly proxies: readonly DatagramProxy[];
  /** Sets the wall clock of the gateway forward or back, now and for its later lives. */
  stepClock(stepMs: number): void;
  /** What the gateway logged. */
  log(): string;
  /** With `keepLog` what the gateway logged stays, in the file that is returned. */
  close(keepLog: boolean): Promise<string | undefined>;
}

export async function startWorld(seed: number, signal: AbortSignal): Promise<World> {
  const disk = new Disk();
  const folder = mkdtempSync(join(tmpdir(), 'maap-iwf-soak-'));
  const ports = { sip: await freePort(), rest: await freePort(), msrp: await freePort(), admin: await freePort() };
  const handsets = new Handsets();
  handsets.fate = fateOf(seed);
  await handsets.start();
  const datagramHandsets = new DatagramHandsets(handsets);
  await datagramHandsets.start();
  const proxies = [
    new DatagramProxy({ targetPort: ports.sip, chance: chanceOf(seed, 'proxy in'), probability: datagramTrouble }),
    new DatagramProxy({
      targetPort: datagramHandsets.port,
      chance: chanceOf(seed, 'proxy out'),
      probability: datagramTrouble,
    }),
  ] as const;
  await Promise.all(proxies.map((proxy) => proxy.start()));
  const clockFile = join(folder, 'clock');
  let clockMs = 0;
  writeFileSync(clockFile, '0');
  const gateway = new GatewayProcess({
    folder,
    ports,
    config: configOf(ports, {
      store: join(disk.folder, 'iwf.db'),
      nextHop: handsets.nextHop,
      datagramHop: `sip:127.0.0.1:${proxies[1].port};transport=udp`,
    }),
    nodeOptions: ['--import', new URL('./stepped-clock.js', import.meta.url).href],
    env: { SOAK_CLOCK_FILE: clockFile },
  });
  const platform = new Platform({ restPort: ports.rest, key, signal });
  return {
    gateway,
    handsets,
    platform,
    disk,
    ports,
    datagramPort: proxies[0].port,
    proxies,
    stepClock(stepMs) {
      clockMs += stepMs;
      writeFileSync(clockFile, String(clockMs));
      if (gateway.isUp) process.kill(gateway.pid, 'SIGUSR2');
    },
    log: () => readFileSync(gateway.logFile, 'utf8'),
    async close(keepLog) {
      await gateway.stop();
      platform.stop();
      handsets.stop();
      datagramHandsets.close();
      for (const proxy of proxies) proxy.close();
      disk.remove();
      if (keepLog) return gateway.logFile;
      rmSync(folder, { recursive: true, force: true });
      return undefined;
    },
  };
}

/** Now and then a phone, or the network before it, refuses, keeps silent or vanishes; by user and the number of his request. */
function fateOf(seed: number): (asked: Asked, user: string, content: string) => Fate {
  const chances = new Map<string, Chance>();
  return (asked, user, content) => {
    const chance = chances.get(user + asked) ?? chanceOf(seed, 'fate', user, asked);
    chances.set(user + asked, chance);
    const roll = chance.next();
    if (roll < 0.005) return { kind: 'vanishes', taken: true };
    if (roll < 0.01) return { kind: 'vanishes', taken: false };
    if (roll < 0.013) return { kind: 'ignores' };
    const fate = asked === 'SEND' ? fateOfSend(roll) : fateOfRequest(roll);
    // Who declines to hear of a failure is not told of it: the ledger could not know.
    return content.includes('imdn+xml') &&
      fate.kind === 'refuses' &&
      /^[46]/.test(fate.status) &&
      !fate.status.startsWith('480')
      ? { kind: 'takes' }
      : fate;
  };
}

function fateOfSend(roll: number): Fate {
  if (roll < 0.016) return { kind: 'refuses', status: '408 Request timeout' };
  if (roll < 0.019) return { kind: 'refuses', status: '413 Stop sending' };
  return { kind: 'takes' };
}

function fateOfRequest(roll: number): Fate {
  if (roll < 0.03) return { kind: 'refuses', status: '480 Temporarily Unavailable' };
  if (roll < 0.035) return { kind: 'refuses', status: '500 Server Internal Error' };
  if (roll < 0.04) return { kind: 'refuses', status: '503 Service Unavailable', lines: ['Retry-After: 1'] };
  if (roll < 0.045) return { kind: 'refuses', status: '603 Decline' };
  return { kind: 'takes' };
}

interface Places {
  readonly store: string;
  readonly nextHop: string;
  readonly datagramHop: string;
}

/** Times are short, so that a run of a minute meets all of them. */
function configOf(ports: Ports, { store, nextHop, datagramHop }: Places): unknown {
  return {
    serverRoot: `http://127.0.0.1:${ports.rest}`,
    rest: { port: ports.rest },
    admin: { port: ports.admin },
    sip: {
      listen: [`udp/127.0.0.1:${ports.sip}`, `tcp/127.0.0.1:${ports.sip}`],
      nextHop,
      routes: [{ match: datagramPrefix, nextHop: datagramHop }],
      requestTimeoutS: 4,
      callTimeoutS: 4,
      keepAliveS: 5,
      keepAliveTimeoutS: 2,
    },
    msrp: { port: ports.msrp, transactionTimeoutS: 3, bindTimeoutS: 3 },
    store: { path: store },
    chat: { backoff: { baseMs: 50, factor: 2, maxMs: 1000, jitter: 0.2 } },
    // Short enough that an outage of the callbacks outlives it: then users must be told.
    notify: {
      validityS: 8,
      timeoutS: 2,
      backoff: { baseMs: 50, factor: 2, maxMs: 1000, jitter: 0.2 },
      breaker: { failures: 10, probeMs: 500 },
    },
    drain: { timeoutS: 5 },
    log: { level: 'warn', format: 'json' },
    platforms: [
      {
        id: 'soak',
        keys: [createHash('sha256').update(key).digest('hex')],
        chatbots: allBots.map((uri) => ({
          uri,
          mode: bots.session.some((bot) => bot === uri) ? 'session' : 'standalone',
        })),
        notify: { allow: ['127.0.0.1'] },
      },
    ],
  };
}
