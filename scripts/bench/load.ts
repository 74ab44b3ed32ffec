/**
 * The whole gateway under the load tools of a folder, as a share of what a bare Node server does with the same traffic.
 * node dist/scripts/bench/load.js FOLDER [rounds, default 5] [seconds of a round, default 5] [figures: msrp, message, rest]
 * The folder holds a Makefile and the programs that it makes (README.md there says what each one plays). Gateway and
 * ceilings run on core 0, the tools on core 1; one more round warms up.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endsWithUs } from '../crash/children.js';

const [folder = '', rounds = '5', seconds = '5', ...wanted] = process.argv.slice(2);
const bot = 'sip:shop.acme@botplatform.maap.example.net';
const key = 'a-key-of-the-load-test';
const ports = await freePorts([
  ...['sip', 'msrp', 'rest', 'admin', 'echo', 'bridgeSip', 'bridgeRest'],
  ...['httpSink', 'httpSinkOfBridge', 'sipSink', 'sipSinkOfBridge', 'msrpSink', 'msrpSinkOfBridge'],
] as const);
const main = fileURLToPath(new URL('../../lib/main.js', import.meta.url));

/** What a tool prints at its end. */
type Printed = Readonly<Record<string, number>>;

interface Round {
  readonly gateway: number;
  readonly ceiling: number;
  /** Processor time of the gateway, all its threads, for one message, µs: what neighbours on the machine disturb least. */
  readonly gatewayCpuUs: number;
  readonly ceilingCpuUs: number;
  /** Why the round does not count. */
  readonly voids: readonly string[];
}

interface Figure {
  readonly name: string;
  readonly run: (tools: Tools) => Round;
}

interface Tools {
  readonly tool: (name: string, args: readonly string[]) => Printed;
  /** Processor time so far of the program of that file name, seconds. */
  readonly cpuS: (program: string) => number;
}

const figures: Readonly<Record<string, Figure>> = {
  msrp: {
    name: 'MSRP in, 100 sessions, durable, messages/s',
    run: (tools) => {
      const load = ['-n', '100', '-w', '1', '-R', '-s', seconds];
      const gateway = (): Printed => tools.tool('msrpload', [...load, '-g', `127.0.0.1:${ports.sip}`]);
      const ceiling = (): Printed => tools.tool('msrpload', [...load, '-r', `127.0.0.1:${ports.echo}`]);
      return compare(tools, { gateway, ceiling, bare: 'rawecho.js' });
    },
  },
  message: {
    name: 'MESSAGE in, 2xx/s',
    run: (tools) => {
      const load = ['-u', '1000', '-w', '256', '-s', seconds];
      const gateway = (): Printed => tools.tool('sipload', [...load, '-g', `127.0.0.1:${ports.sip}`]);
      const ceiling = (): Printed => tools.tool('sipload', [...load, '-g', `127.0.0.1:${ports.bridgeSip}`]);
      return compare(tools, { gateway, ceiling, bare: 'rawbridge.js' });
    },
  },
  rest: {
    name: 'REST out, 201/s',
    run: (tools) => {
      const load = ['-c', '32', '-u', '1000', '-s', seconds, '-H', `Authorization: Bearer ${key}`];
      const gateway = (): Printed => tools.tool('httpload', [...load, '-l', `127.0.0.1:${ports.rest}`]);
      const ceiling = (): Printed => tools.tool('httpload', [...load, '-l', `127.0.0.1:${ports.bridgeRest}`]);
      return compare(tools, { gateway, ceiling, bare: 'rawbridge.js' });
    },
  },
};

interface Runs {
  readonly gateway: () => Printed;
  readonly ceiling: () => Printed;
  /** The ceiling's program. */
  readonly bare: string;
}

function compare({ cpuS }: Tools, { gateway, ceiling, bare }: Runs): Round {
  const measured = (who: string, run: () => Printed): { printed: Printed; cpuUs: number } => {
    const before = cpuS(who);
    const printed = run();
    return { printed, cpuUs: ((cpuS(who) - before) * 1e6) / Math.max(1, taken(printed)) };
  };
  const ours = measured('main.js', gateway);
  const theirs = measured(bare, ceiling);
  return {
    gateway: rate(ours.printed),
    ceiling: rate(theirs.printed),
    gatewayCpuUs: ours.cpuUs,
    ceilingCpuUs: theirs.cpuUs,
    voids: voidsOf({ gateway: ours.printed, ceiling: theirs.printed }),
  };
}

if (folder === '') {
  process.stderr.write('usage: load.js FOLDER [rounds] [seconds] [msrp] [message] [rest]\n');
  process.exit(2);
}
await measure();

async function measure(): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'maap-iwf-load-'));
  execFileSync('make', ['-s', '-C', resolve(folder), `OUT=${work}`]);
  const running: ChildProcess[] = [];
  const start = (core: number, command: readonly string[]): ChildProcess => {
    const child = spawn('taskset', ['-c', String(core), ...command], { stdio: 'ignore' });
    running.push(child);
    endsWithUs(child);
    return child;
  };
  const cpuS = (program: string): number => {
    const pid = running.find(({ spawnargs }) => spawnargs.some((arg) => arg.endsWith(program)))?.pid ?? 0;
    // utime and stime of proc(5), in ticks of 10 ms; the name in parentheses may hold blanks.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  };
  const tool = (name: string, args: readonly string[]): Printed => {
    const printed = execFileSync('taskset', ['-c', '1', join(work, name), ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return JSON.parse(printed.toString()) as Printed;
  };
  try {
    startCeilings(start, work);
    writeFileSync(join(work, 'config.json'), JSON.stringify(configOf(work)));
    await ready(start(0, [process.execPath, ...process.execArgv, main, '--config', join(work, 'config.json')]));
    await subscribe();
    for (const name of wanted.length > 0 ? wanted : Object.keys(figures)) {
      const figure = figures[name];
      if (figure) report(figure, { tool: (...args) => tolerant(() => tool(...args)), cpuS });
    }
  } finally {
    for (const child of running.reverse()) {
      if (child.exitCode !== null) continue;
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(work, { recursive: true, force: true });
  }
}

function startCeilings(start: (core: number, command: readonly string[]) => unknown, work: string): void {
  const node = (file: string): readonly string[] => [process.execPath, join(resolve(folder), file)];
  const at = (port: number): string => `127.0.0.1:${port}`;
  const bridge = {
    '--sip': ports.bridgeSip,
    '--http': ports.bridgeRest,
    '--notify': `http://${at(ports.httpSinkOfBridge)}/notify`,
    '--next-hop': at(ports.sipSinkOfBridge),
    '--sockets': 256,
  };
  start(0, [...node('rawecho.js'), String(ports.echo)]);
  start(0, [...node('rawbridge.js'), ...Object.entries(bridge).flat().map(String)]);
  for (const port of [ports.httpSink, ports.httpSinkOfBridge]) start(1, [join(work, 'httpsink'), '-l', String(port)]);
  start(1, [join(work, 'sipsink'), '-l', at(ports.sipSink), '-m', at(ports.msrpSink)]);
  start(1, [join(work, 'sipsink'), '-l', at(ports.sipSinkOfBridge), '-m', at(ports.msrpSinkOfBridge)]);
}

function report({ name, run }: Figure, tools: Tools): void {
  run(tools);
  const taken = Array.from({ length: Number(rounds) }, () => run(tools));
  const ratios = taken.map(({ gateway, ceiling }) => gateway / ceiling).sort((a, b) => a - b);
  const middle = [...taken].sort((a, b) => a.gateway - b.gateway)[taken.length >> 1];
  const line = {
    name,
    gateway: Math.round(middle?.gateway ?? 0),
    ceiling: Math.round(middle?.ceiling ?? 0),
    ratio: round(ratios[ratios.length >> 1]),
    lowest: round(ratios[0]),
    highest: round(ratios.at(-1)),
    gatewayCpuUs: Math.round(median(taken.map(({ gatewayCpuUs }) => gatewayCpuUs))),
    ceilingCpuUs: Math.round(median(taken.map(({ ceilingCpuUs }) => ceilingCpuUs))),
    voids: [...new Set(taken.flatMap(({ voids }) => voids))],
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** A second; the tools' own rate counts refusals, too. */
function rate(printed: Printed): number {
  return taken(printed) / Math.max(0.01, printed['secs'] ?? 0);
}

/** By msrpload, sipload, httpload. */
function taken(printed: Printed): number {
  return printed['done'] ?? printed['2xx'] ?? printed['expected'] ?? 0;
}

/** README.md there, Reading the results. */
function voidsOf(runs: { gateway: Printed; ceiling: Printed }): readonly string[] {
  return Object.entries(runs).flatMap(([who, printed]) => {
    const bad = ['lost', 'non200', '503', 'gone', 'failed'].filter((name) => (printed[name] ?? 0) > 0);
    const busy = (printed['own_cpu_pct'] ?? 0) > 80 ? ['the tool was the limit'] : [];
    return [...bad, ...busy].map((what) => `${who}: ${what}`);
  });
}

/** The tools exit with 1 where not everything was answered as hoped; what they printed counts all the same. */
function tolerant(run: () => Printed): Printed {
  try {
    return run();
  } catch (error) {
    const { stdout } = error as { stdout?: Buffer };
    if (!stdout || stdout.length === 0) throw error;
    return JSON.parse(stdout.toString()) as Printed;
  }
}

async function ready(gateway: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (gateway.exitCode !== null) throw new Error(`the gateway ended with ${gateway.exitCode}: is a port taken?`);
    const response = await fetch(`http://127.0.0.1:${ports.admin}/readyz`).catch(() => undefined);
    if (response?.status === 200) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error('the gateway did not become ready');
}

async function subscribe(): Promise<void> {
  const url = `http://127.0.0.1:${ports.rest}/chat/v1/${encodeURIComponent(bot)}/subscriptions`;
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      chatNotificationSubscription: { callbackReference: { notifyURL: `http://127.0.0.1:${ports.httpSink}/notify` } },
    }),
  });
  if (response.status !== 201) throw new Error(`subscription: ${response.status}`);
}

function configOf(work: string): unknown {
  return {
    serverRoot: `http://127.0.0.1:${ports.rest}`,
    rest: { port: ports.rest },
    admin: { port: ports.admin },
    sip: {
      listen: [`udp/127.0.0.1:${ports.sip}`, `tcp/127.0.0.1:${ports.sip}`],
      nextHop: `sip:127.0.0.1:${ports.sipSink}`,
    },
    msrp: { port: ports.msrp },
    store: { path: join(work, 'iwf.db') },
    log: { format: 'json' },
    platforms: [
      {
        id: 'load',
        keys: [createHash('sha256').update(key).digest('hex')],
        chatbots: [{ uri: bot }],
        notify: { allow: ['127.0.0.1'] },
      },
    ],
  };
}

function round(value = 0): number {
  return Number(value.toFixed(3));
}

/** Asked of the system and given back: the programs want to be told. */
async function freePorts<K extends string>(names: readonly K[]): Promise<Readonly<Record<K, number>>> {
  const servers = names.map(() => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))));
  const found = names.map((name, index) => [name, (servers[index]?.address() as AddressInfo).port]);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return Object.fromEntries(found) as Record<K, number>;
}
