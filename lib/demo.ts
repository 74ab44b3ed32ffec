/** The demo: the gateway with config/demo.yaml, a simulated phone on the network's side and an echo chatbot on the platform's. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { systemClock } from './clock.js';
import { type Config, loadConfig } from './config.js';
import { demoFile } from './demo/demo-file.js';
import { choosePlaces, connectable, demoHost, type DemoPlaces } from './demo/places.js';
import { printWelcome, type Welcome } from './demo/welcome.js';
import { type Gateway, startGateway } from './gateway.js';
import { randomId } from './gateway/random-id.js';
import { createLogger, type Logger } from './log.js';
import type { Metrics } from './metrics.js';
import { createMsrpEndpoint } from './msrp/endpoint.js';
import { defaultMsrpOptions } from './msrp/options.js';
import { startEcho } from './sim/echo-bot.js';
import { SimulatedPhone } from './sim/phone.js';
import { startPhoneHttp } from './sim/phone-http.js';
import { SimulatedPlatform } from './sim/platform.js';

const number = '+15550100001';
/** Whom the route of config/demo.yaml leads to: on one phone at each of its next hops. */
const abroadNumber = '+447700900123';
const bot = 'sip:echo@botplatform.example.net';
/** Their hashes stand in config/demo.yaml. */
const key = 'demo-key';
const adminKey = 'demo-admin';

export interface Demo {
  /** The gateway drains while phone and bot still answer; then these. Idempotent. */
  stop(): Promise<void>;
}

/** Prints to standard output where things are, once all is ready; `watch` gets the log as soon as there is one. */
export async function startDemo(watch: (log: Logger) => void): Promise<Demo> {
  const places = await choosePlaces(loadConfig({ file: demoFile, env: process.env }), process.env);
  const config = loadConfig({ file: demoFile, env: places.env });
  for (const notice of places.notices) process.stdout.write(`maap-iwf: ${notice}\n`);
  // Standard output is for the lines to paste.
  const log = createLogger(config.log, process.stderr);
  watch(log);
  const started: (() => Promise<void>)[] = [];
  try {
    // Before the gateway, which asks its next hop at once whether it is there.
    await startPhones(config, places, { log, started });
    const gateway = await startGateway(config, log);
    started.unshift(() => gateway.stop());
    const warnings = await ready(`http://${connectable(config.admin.host)}:${gateway.ports.admin}`);
    await startBot(config, places, { log, started });
    process.stdout.write(printWelcome(welcomeTo(config, places, { gateway, warnings })));
  } catch (error) {
    await stopAll(started);
    throw error;
  }
  let stopping: Promise<void> | undefined;
  return { stop: () => (stopping ??= stopAll(started)) };
}

async function stopAll(started: readonly (() => Promise<void>)[]): Promise<void> {
  for (const stop of started) await stop();
}

interface Stage {
  readonly log: Logger;
  readonly started: (() => Promise<void>)[];
}

/** Resolves with what is degraded once `/readyz` is 200. */
async function ready(admin: string): Promise<readonly string[]> {
  const untilMs = Date.now() + 10_000;
  for (;;) {
    const response = await fetch(`${admin}/readyz`);
    const { checks } = (await response.json()) as Readiness;
    if (response.ok) return checks.flatMap(({ name, detail }) => (detail === undefined ? [] : [`${name}: ${detail}`]));
    if (Date.now() > untilMs) throw new Error(`not ready: ${JSON.stringify(checks)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface Readiness {
  readonly checks: readonly { readonly name: string; readonly detail?: string }[];
}

async function startPhones(config: Config, places: DemoPlaces, { log, started }: Stage): Promise<void> {
  const nothing: Metrics = { count: () => undefined, observe: () => undefined };
  const msrp = createMsrpEndpoint(
    { ...defaultMsrpOptions, port: 0 },
    { clock: systemClock, metrics: nothing, log, randomId },
  );
  await msrp.start();
  started.push(() => msrp.close());
  const template = (name: string): Promise<string> =>
    readFile(fileURLToPath(new URL(`../../sdp-templates/chatbot-session-${name}.sdp`, import.meta.url)), 'utf8');
  const templates = { offer: await template('offer'), answer: await template('answer') };
  const startOne = async (of: string, port: number): Promise<SimulatedPhone> => {
    const phone = new SimulatedPhone({
      number: of,
      host: demoHost,
      port,
      gateway: gatewayOf(config),
      msrp,
      templates,
      receipts: ['delivered', 'displayed'],
      onError: (error) => log.warn('phone failed', { error }),
    });
    await phone.start();
    started.push(() => phone.stop());
    return phone;
  };
  const phone = await startOne(number, places.phoneSipPort);
  const others: Record<string, SimulatedPhone> = {};
  for (const [at, port] of places.abroadSipPorts.entries()) {
    others[at === 0 ? 'abroad' : `abroad${at + 1}`] = await startOne(abroadNumber, port);
  }
  const http = await startPhoneHttp({ phone, others, bot, host: demoHost, port: places.phoneHttpPort });
  started.push(() => http.close());
}

async function startBot({ serverRoot, rest }: Config, { botPort }: DemoPlaces, { log, started }: Stage): Promise<void> {
  const platform = new SimulatedPlatform({ serverRoot: localRoot({ serverRoot, rest }), key, bot, port: botPort });
  await platform.start();
  started.push(() => platform.stop());
  await startEcho(platform, (error) => log.warn('echo bot failed', { error }));
}

/** The serverRoot as this machine reaches it, whatever stands before the gateway. */
function localRoot({ serverRoot, rest }: Pick<Config, 'serverRoot' | 'rest'>): string {
  return `http://${connectable(rest.host)}:${rest.port}${new URL(serverRoot).pathname.replace(/\/$/, '')}`;
}

/** The phone speaks TCP alone. */
function gatewayOf({ sip }: Config): { host: string; port: number } {
  const { host, port } = sip.listen.find(({ protocol }) => protocol === 'tcp') ?? { host: demoHost, port: 5060 };
  return { host: connectable(host).replace(/^\[|\]$/g, ''), port };
}

function welcomeTo(
  config: Config,
  { phoneHttpPort }: DemoPlaces,
  { gateway, warnings }: { gateway: Gateway; warnings: readonly string[] },
): Welcome {
  return {
    bot,
    number,
    rest: localRoot(config),
    admin: `http://${connectable(config.admin.host)}:${gateway.ports.admin}`,
    phone: `http://${demoHost}:${phoneHttpPort}`,
    sip: gateway.sip,
    msrp: `${config.msrp.host}:${gateway.ports.msrp}`,
    key,
    adminKey,
    warnings,
  };
}
