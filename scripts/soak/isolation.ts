/**
 * What one bad bot does to the others: p99 from a user's message to its callback, without and with him, in turns.
 * `floods limited`: his platform may ask 100 times a second (`limits.requestsPerS`); of 1000 messages
 * a second for `is flooded limited` he is given 100 (`limits.messagesPerS`).
 * node dist/scripts/soak/isolation.js [rounds, default 5] [seconds of each turn, default 6] [vices, default all, with commas between]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
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
  'floods limited': Infinity,
  'is flooded': Infinity,
  'is flooded limited': 1000,
} as const;
type Vice = keyof typeof vices;

const [rounds = '5', seconds = '6', wanted = ''] = process.argv.slice(2);
const asked: AskedTurn = { perS: goodPerS, seconds: Number(seconds) };

const world = await startLoadWorld([bad], { silent: good });
const probe = fork(
  fileURLToPath(new URL('isolation-probe.js', import.meta.url)),
  [JSON.stringify({ sipPort: world.ports.sip, restPort: world.ports.rest, key, bots: good } satisfies ProbeOptions)],
  { execArgv: [] },
);
try {
  await once(probe, 'message');
  stepBack();
  world.handsets.fate = (_asked, user) => (user === awayUser ? { kind: 'ignores' } : { kind: 'takes' });
  await turn(probe); // to warm up
  for (const vice of Object.keys(vices) as Vice[]) {
    if (wanted !== '' && !wanted.split(',').includes(vice)) continue;
    if (vice === 'is flooded limited') await world.subscribeBounded();
    await compare(vice);
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
  // What is compiled in the first seconds of a load is no delay of the others.
  await misbehave(world, vice);
  world.hangs.clear();
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
  const [before, after] = [percentilesOf(without), percentilesOf(withHim)];
  const line = {
    vice,
    askedPerS: perS(sent),
    takenPerS: perS(taken),
    refusedOfOthers: [...without, ...withHim].reduce((sum, { refused }) => sum + refused, 0),
    without: before,
    withHim: after,
    ownDelayMs: tenths(Math.max(...withHim.map(({ ownDelayMs }) => ownDelayMs))),
    ratio: Number((after.p99Ms / before.p99Ms).toFixed(2)),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** He misbehaves from elsewhere: what that costs must not be taken from the gateway. */
function stepBack(): void {
  setPriority(10);
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
    'floods limited': () => rest(2000, { bots: [boundedBot], key: boundedKey }),
    'is flooded': () => sipSource({ port: ports.sip, bots: [bad], users: 2000 }),
    'is flooded limited': () => sipSource({ port: ports.sip, bots: [boundedBot], users: 2000 }),
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

/** Of all messages of these turns together: of one turn alone the p99 is its third latest message. */
function percentilesOf(turns: readonly Turn[]): { p50Ms: number; p99Ms: number } {
  const tookMs = turns.flatMap((one) => one.tookMs).sort((a, b) => a - b);
  const percentile = (part: number): number => tenths(tookMs[Math.floor(tookMs.length * part)] ?? NaN);
  return { p50Ms: percentile(0.5), p99Ms: percentile(0.99) };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
