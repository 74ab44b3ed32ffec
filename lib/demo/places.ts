/** Where everything of the demo listens: as config/demo.yaml says, or on the next free port; what the environment sets stays. */
import type { Config } from '../config.js';
import { type Environment, readEnvironment } from '../config/environment.js';
import { valueAt } from '../config/path.js';
import { loadSqlite, lockFile, type SqliteModule } from '../store/sqlite/sqlite-file.js';
import { parseSipUri } from '../wire/sip-uri.js';
import { freePort, type Listener } from './free-port.js';

export interface DemoPlaces {
  /** The environment with what was chosen here: the configuration is read with it. */
  readonly env: Environment;
  readonly phoneSipPort: number;
  /** Of the phones in the other operator's network, one at each next hop of the first route; none without a route. */
  readonly abroadSipPorts: readonly number[];
  readonly phoneHttpPort: number;
  /** Of the bot's callbacks. */
  readonly botPort: number;
  /** One line for each that is not where it would be. */
  readonly notices: readonly string[];
}

/** Everything that the demo brings itself listens here. */
export const demoHost = '127.0.0.1';

const defaultPhoneSipPort = 5070;

/** `config`: as read with `env` alone. */
export async function choosePlaces(config: Config, env: Environment): Promise<DemoPlaces> {
  const { rest, sip } = config;
  const phoneHttp = portFrom(env, 'DEMO_PHONE_PORT', 8082);
  const bot = portFrom(env, 'DEMO_BOT_PORT', 8083);
  const [phoneSip = defaultPhoneSipPort] = hopPorts(sip.nextHop);
  const abroadSip = hopPorts(sip.routes[0]?.nextHop);
  const notices: string[] = [];
  const next = portChooser([...gatewayPorts(config), phoneSip, ...abroadSip, phoneHttp, bot], notices);
  const isGiven = givenBy(env);
  const chosen = await chooseGatewayPorts(config, isGiven, next);
  const phoneSipPort = await next("the phone's SIP", phoneSip, [tcp(demoHost)]);
  const abroadSipPorts: number[] = [];
  for (const port of abroadSip) abroadSipPorts.push(await next("the other operator's SIP", port, [tcp(demoHost)]));
  const defaults = {
    ...chosen,
    ...(abroadSip.length === 0 ? {} : { IWF_SIP__ROUTES__0__NEXTHOP: abroadSipPorts.map(phoneHop).join(', ') }),
    IWF_SERVERROOT: `http://${connectable(rest.host)}:${chosen['IWF_REST__PORT'] ?? rest.port}`,
    IWF_SIP__NEXTHOP: phoneHop(phoneSipPort),
    IWF_STORE__PATH: await chooseFile(config, notices),
  };
  return {
    env: { ...env, ...withoutGiven(defaults, isGiven) },
    phoneSipPort,
    abroadSipPorts,
    phoneHttpPort: await next("the phone's HTTP", phoneHttp, [tcp(demoHost)]),
    botPort: await next("the bot's callback", bot, [tcp(demoHost)]),
    notices,
  };
}

type Chooser = (what: string, wanted: number, listeners: readonly Listener[]) => Promise<number>;

/** No one is moved to where another would like to be. */
function portChooser(wanted: readonly number[], notices: string[]): Chooser {
  const taken = new Set(wanted);
  return async (what, port, listeners) => {
    const free = await freePort(port, listeners, taken);
    taken.add(free);
    if (port !== 0 && free !== port) notices.push(`port ${port} is taken: ${what} is on ${free}`);
    return free;
  };
}

function gatewayPorts({ rest, admin, sip, msrp }: Config): readonly number[] {
  return [rest.port, admin.port, msrp.port, ...sip.listen.map(({ port }) => port)];
}

/** As variables of the environment; what that has set already is left alone, but a port 0 there means any, and one is chosen. */
async function chooseGatewayPorts(
  { rest, admin, sip, msrp }: Config,
  isGiven: (variable: string) => boolean,
  next: Chooser,
): Promise<Readonly<Record<string, string>>> {
  const chosen: Record<string, string> = {};
  const http = { REST: rest, admin, MSRP: msrp };
  for (const [what, { host, port }] of Object.entries(http)) {
    const variable = `IWF_${what.toUpperCase()}__PORT`;
    if (port === 0 || !isGiven(variable)) chosen[variable] = String(await next(what, port, [tcp(host)]));
  }
  if (isGiven('IWF_SIP__LISTEN')) return chosen;
  const port = await next('SIP', sip.listen[0]?.port ?? 0, sip.listen.map(listenerOf));
  return {
    ...chosen,
    IWF_SIP__LISTEN: sip.listen.map(({ protocol, host }) => `${protocol}/${host}:${port}`).join(','),
  };
}

function withoutGiven(
  variables: Readonly<Record<string, string>>,
  isGiven: (variable: string) => boolean,
): Readonly<Record<string, string>> {
  const isPort = (variable: string): boolean => variable.endsWith('__PORT');
  return Object.fromEntries(Object.entries(variables).filter(([name]) => isPort(name) || !isGiven(name)));
}

/** `http://…` for who stands on this machine. */
export function connectable(host: string): string {
  if (host === '0.0.0.0') return demoHost;
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** Whether the environment has set a key, under this variable or as part of an object (`IWF_REST={"port":8090}`). */
function givenBy(env: Environment): (variable: string) => boolean {
  const { assignments } = readEnvironment(env);
  return (variable) => {
    const path = readEnvironment({ [variable]: '' }).assignments[0]?.path ?? [];
    return assignments.some(
      (assigned) =>
        assigned.path.every((step, at) => step === path[at]) &&
        valueAt(assigned.value, path.slice(assigned.path.length)) !== undefined,
    );
  };
}

function phoneHop(port: number): string {
  return `sip:${demoHost}:${port};transport=tcp`;
}

function hopPorts(nextHops: string | undefined): readonly number[] {
  return (nextHops?.split(',') ?? []).flatMap((hop) => parseSipUri(hop.trim()).port ?? []);
}

function portFrom(env: Environment, variable: string, port: number): number {
  const written = env[variable] ?? '';
  return /^[0-9]{1,5}$/.test(written) ? Number(written) : port;
}

function tcp(host: string): Listener {
  return { protocol: 'tcp', host };
}

function listenerOf({ protocol, host }: Config['sip']['listen'][number]): Listener {
  return { protocol: protocol === 'udp' ? 'udp' : 'tcp', host };
}

async function chooseFile({ store }: Config, notices: string[]): Promise<string> {
  const sqlite = await loadSqlite().catch(() => undefined);
  const path = sqlite ? freeFile(sqlite, store.path) : store.path;
  if (path !== store.path) notices.push(`${store.path} is in use: messages are kept in ${path}`);
  return path;
}

/** Two gateways must not share a file: `data/iwf.db`, else `data/iwf-2.db` and so on. */
function freeFile(sqlite: SqliteModule, path: string): string {
  for (let number = 1; number < 100; number += 1) {
    const name = number === 1 ? path : path.replace(/(\.[^./]*)?$/, `-${number}$1`);
    try {
      lockFile(sqlite, name).close();
      return name;
    } catch (error) {
      // Anything else is told in the store's own words when it is opened.
      if (!/in use/.test(String(error))) return path;
    }
  }
  return path;
}
