/**
 * The whole gateway under the load tools of a folder, as a share of what a bare Node server does with the same traffic.
 * node dist/scripts/bench/load.js FOLDER [rounds, default 5] [seconds of a round, default 5] [figures: msrp, message, rest]
 * The folder holds a Makefile and the programs that it makes (README.md there says what each one plays). Gateway and
 * ceilings run on core 0, the tools on core 1; one more round warms up.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const [folder = '', rounds = '5', seconds = '5', ...wanted] = process.argv.slice(2);
const bot = 'sip:shop.acme@botplatform.maap.example.net';
const key = 'a-key-of-the-load-test';
const ports = { sip: 5060, msrp: 2855, rest: 8080, admin: 8081 };
const main = fileURLToPath(new URL('../../lib/main.js', import.meta.url));

/** What a tool prints at its end. */
type Printed = Readonly<Record<string, number>>;

interface Round {
  readonly gateway: number;
  readonly ceiling: number;
  /** Why the round does not count. */
  readonly voids: readonly string[];
}

interface Figure {
  readonly name: string;
  readonly run: (tools: Tools) => Round;
}

interface Tools {
  readonly tool: (name: string, args: readonly string[]) => Printed;
}

const figures: Readonly<Record<string, Figure>> = {
  msrp: {
    name: 'MSRP in, 100 sessions, durable, messages/s',
    run: ({ tool }) => {
      const load = ['-n', '100', '-w', '1', '-R', '-s', seconds];
      const gateway = tool('msrpload', [...load, '-g', `127.0.0.1:${ports.sip}`]);
      const ceiling = tool('msrpload', [...load, '-r', '127.0.0.1:2856']);
      return { gateway: rate(gateway), ceiling: rate(ceiling), voids: voidsOf({ gateway, ceiling }) };
    },
  },
  message: {
    name: 'MESSAGE in, answered/s',
    run: ({ tool }) => {
      const load = ['-u', '1000', '-w', '256', '-s', seconds];
      const gateway = tool('sipload', [...load, '-g', `127.0.0.1:${ports.sip}`]);
      const ceiling = tool('sipload', [...load, '-g', '127.0.0.1:5062']);
      return { gateway: rate(gateway), ceiling: rate(ceiling), voids: voidsOf({ gateway, ceiling }) };
    },
  },
  rest: {
    name: 'REST out, 201/s',
    run: ({ tool }) => {
      const load = ['-c', '32', '-u', '1000', '-s', seconds, '-H', `Authorization: Bearer ${key}`];
      const gateway = tool('httpload', [...load, '-l', `127.0.0.1:${ports.rest}`]);
      const ceiling = tool('httpload', [...load, '-l', '127.0.0.1:8082']);
      return { gateway: rate(gateway), ceiling: rate(ceiling), voids: voidsOf({ gateway, ceiling }) };
    },
  },
};

if (folder === '') {
  process.stderr.write('usage: load.js FOLDER [rounds] [seconds] [msrp] [message] [rest]\n');
  process.exit(2);
}
await measure();

async function measure(): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'maap-iwf-load-'));
  execFileSync('make', ['-s', '-C', resolve(folder), `OUT=${work}`]);
  const running: ChildProcess[] = [];
  const start = (core: number, command: readonly string[]): void => {
    running.push(spawn('taskset', ['-c', String(core), ...command], { stdio: 'ignore' }));
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
    start(0, [process.execPath, ...process.execArgv, main, '--config', join(work, 'config.json')]);
    await ready();
    await subscribe();
    for (const name of wanted.length > 0 ? wanted : Object.keys(figures)) {
      const figure = figures[name];
      if (figure) report(figure, { tool: (...args) => tolerant(() => tool(...args)) });
    }
  } finally {
    for (const child of running.reverse()) {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(work, { recursive: true, force: true });
  }
}

function startCeilings(start: (core: number, command: readonly string[]) => void, work: string): void {
  const node = (file: string): readonly string[] => [process.execPath, join(resolve(folder), file)];
  start(0, [...node('rawecho.js'), '2856']);
  const notify = ['--notify', 'http://127.0.0.1:9091/notify', '--next-hop', '127.0.0.1:5081', '--sockets', '256'];
  start(0, [...node('rawbridge.js'), '--sip', '5062', '--http', '8082', ...notify]);
  start(1, [join(work, 'httpsink'), '-l', '9090']);
  start(1, [join(work, 'httpsink'), '-l', '9091']);
  start(1, [join(work, 'sipsink'), '-l', '127.0.0.1:5080', '-m', '127.0.0.1:2866']);
  start(1, [join(work, 'sipsink'), '-l', '127.0.0.1:5081', '-m', '127.0.0.1:2867']);
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
    voids: [...new Set(taken.flatMap(({ voids }) => voids))],
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function rate(printed: Printed): number {
  return printed['rate'] ?? 0;
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

async function ready(): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
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
      chatNotificationSubscription: { callbackReference: { notifyURL: 'http://127.0.0.1:9090/notify' } },
    }),
  });
  if (response.status !== 201) throw new Error(`subscription: ${response.status}`);
}

function configOf(work: string): unknown {
  return {
    serverRoot: `http://127.0.0.1:${ports.rest}`,
    sip: { nextHop: 'sip:127.0.0.1:5080' },
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
