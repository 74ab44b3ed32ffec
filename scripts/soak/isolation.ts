/**
 * What one bad bot does to the others: p99 from a user's message to its callback, without and with him, in turns.
 * `floods, limited`: his platform may ask 100 times a second (`limits.requestsPerS`).
 * node dist/scripts/soak/isolation.js [rounds, default 3] [seconds of each turn, default 6]
 */
import { type Answer, closedLoop, openLoop, restSource, sipSource, type Source } from './load-source.js';
import { boundedBot, boundedKey, key, type LoadWorld, startLoadWorld } from './load-world.js';

const good = ['a', 'b', 'c', 'd'].map((name) => `sip:${name}@botplatform.example.net`);
const bad = 'sip:bad@botplatform.example.net';
const rounds = Number(process.argv[2] ?? 3);
const seconds = Number(process.argv[3] ?? 6);
const goodPerS = 40;
const awayUser = '+15552000000';
const settleMs = 15_000;
const connections = 256;

/** What he does, and how much of it a second; a flood is as much as 256 connections carry. */
const vices = { hangs: 40, 'lane full': 400, floods: Infinity, 'floods, limited': Infinity } as const;
type Vice = keyof typeof vices;

let refusedOfOthers = 0;
const world = await startLoadWorld([...good, bad]);
try {
  world.handsets.fate = (_asked, user) => (user === awayUser ? { kind: 'ignores' } : { kind: 'takes' });
  const probe = await sipSource({ port: world.ports.sip, bots: good, users: 400 });
  await turn(world, probe); // to warm up
  for (const vice of Object.keys(vices) as Vice[]) {
    const without: number[] = [];
    const withHim: number[] = [];
    let taken = 0;
    let asked = 0;
    for (let round = 0; round < rounds; round++) {
      without.push(await turn(world, probe));
      const evil = misbehave(world, vice);
      withHim.push(await turn(world, probe));
      const answers = await evil;
      asked += answers.length;
      taken += answers.filter(({ accepted }) => accepted).length;
      world.hangs.clear();
    }
    const perS = (count: number): number => Math.round(count / rounds / seconds);
    const line = { vice, askedPerS: perS(asked), takenPerS: perS(taken), refusedOfOthers };
    refusedOfOthers = 0;
    const ratio = Number((median(withHim) / median(without)).toFixed(2));
    process.stdout.write(`${JSON.stringify({ ...line, p99WithoutMs: without, p99WithMs: withHim, ratio })}\n`);
  }
} finally {
  await world.close();
}
process.exit();

/** p99 of one turn, ms. */
async function turn({ arrivedAtMs }: LoadWorld, probe: Source): Promise<number> {
  const all = await openLoop(probe, goodPerS, seconds);
  const answers = all.filter(({ accepted }) => accepted);
  refusedOfOthers += all.length - answers.length;
  const deadline = performance.now() + settleMs;
  while (answers.some(({ id }) => !arrivedAtMs.has(id)) && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const tookMs = answers.map(({ id, dueMs }) => (arrivedAtMs.get(id) ?? Infinity) - dueMs).sort((a, b) => a - b);
  return Math.round(tookMs[Math.floor(tookMs.length * 0.99)] ?? 0);
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
  };
  const source = await sources[vice]();
  const perS = vices[vice];
  try {
    return await (perS === Infinity ? closedLoop(source, connections, seconds) : openLoop(source, perS, seconds));
  } finally {
    source.close();
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
