/**
 * What one bad bot does to the others: p99 from a user's message to its callback, without and with him, in turns.
 * `floods, limited`: his platform may ask 100 times a second (`limits.requestsPerS`).
 * node dist/scripts/soak/isolation.js [rounds, default 3] [seconds of each turn, default 6] [vices, default all, with commas between]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { AskedTurn, ProbeOptions, Turn } from './isolation-probe.js';
import { type Answer, closedLoop, openLoop, restSource, sipSource, type Source } from './load-source.js';
import { boundedBot, boundedKey, key, type LoadWorld, startLoadWorld } from './load-world.js';

const good = ['a', 'b', 'c', 'd'].map((name) => `sip:${name}@botplatform.example.net`);
const bad = 'sip:bad@botplatform.example.net';
const goodPerS = 40;
const awayUser = '+15552000000';
const connections = 256;

/** What he does, and how much of it a second; a flood is as much as 256 connections carry, or as 256 users under way send. */
const vices = {
  hangs: 40,
  'lane full': 400,
  floods: Infinity,
  'floods, limited': Infinity,
  'is flooded': Infinity,
} as const;
type Vice = keyof typeof vices;

const [rounds = '3', seconds = '6', wanted = ''] = process.argv.slice(2);
const asked: AskedTurn = { perS: goodPerS, seconds: Number(seconds) };

const world = await startLoadWorld([bad], { silent: good });
const probe = fork(
  fileURLToPath(new URL('isolation-probe.js', import.meta.url)),
  [JSON.stringify({ sipPort: world.ports.sip, restPort: world.ports.rest, key, bots: good } satisfies ProbeOptions)],
  { execArgv: [] },
);
try {
  await once(probe, 'message');
  world.handsets.fate = (_asked, user) => (user === awayUser ? { kind: 'ignores' } : { kind: 'takes' });
  await turn(probe); // to warm up
  for (const vice of Object.keys(vices) as Vice[]) {
    if (wanted === '' || wanted.split(',').includes(vice)) await compare(vice);
  }
} finally {
  probe.disconnect();
  await world.close();
}
process.exit();

async function compare(vice: Vice): Promise<void> {
  const without: Turn[] = [];
  const withHim: Turn[] = [];
  let taken = 0;
  let sent = 0;
  for (let round = 0; round < Number(rounds); round++) {
    without.push(await turn(probe));
    const evil = misbehave(world, vice);
    withHim.push(await turn(probe));
    const answers = await evil;
    sent += answers.length;
    taken += answers.filter(({ accepted }) => accepted).length;
    world.hangs.clear();
  }
  const perS = (count: number): number => Math.round(count / Number(rounds) / Number(seconds));
  const of = (turns: readonly Turn[]): unknown => ({
    p50Ms: turns.map(({ p50Ms }) => p50Ms),
    p99Ms: turns.map(({ p99Ms }) => p99Ms),
  });
  const ratio = median(withHim.map(({ p99Ms }) => p99Ms)) / median(without.map(({ p99Ms }) => p99Ms));
  const line = {
    vice,
    askedPerS: perS(sent),
    takenPerS: perS(taken),
    refusedOfOthers: [...without, ...withHim].reduce((sum, { refused }) => sum + refused, 0),
    without: of(without),
    withHim: of(withHim),
    ownDelayMs: Math.max(...withHim.map(({ ownDelayMs }) => ownDelayMs)),
    ratio: Number(ratio.toFixed(2)),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function turn(process: ChildProcess): Promise<Turn> {
  const done = once(process, 'message');
  process.send(asked);
  const [measured] = (await done) as [Turn];
  return measured;
}

async function misbehave({ ports, hangs }: LoadWorld, vice: Vice): Promise<readonly Answer[]> {
  if (vice === 'hangs') hangs.add(bad);
  const rest = (users: number, who = { bots: [bad], key }): Source =>
    restSource({ port: ports.rest, users, ...who }, connections);
  const sources: Readonly<Record<Vice, () => Source | Promise<Source>>> = {
    hangs: () => sipSource({ port: ports.sip, bots: [bad], users: 200 }),
    'lane full': () => rest(1),
    floods: () => rest(2000),
    'floods, limited': () => rest(2000, { bots: [boundedBot], key: boundedKey }),
    'is flooded': () => sipSource({ port: ports.sip, bots: [bad], users: 2000 }),
  };
  const source = await sources[vice]();
  const perS = vices[vice];
  try {
    return await (perS === Infinity
      ? closedLoop(source, connections, Number(seconds))
      : openLoop(source, perS, Number(seconds)));
  } finally {
    source.close();
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
