/**
 * What three times too much does: how much is taken, how late, what becomes of it, and how soon all is well again.
 * node dist/scripts/soak/overload.js [sip | rest, default both] [seconds, default 10]
 */
import { readFileSync } from 'node:fs';
import type { GatewayProcess } from '../crash/gateway.js';
import { type Answer, closedLoop, openLoop, restSource, sipSource, type Source } from './load-source.js';
import { key, startLoadWorld } from './load-world.js';

const bots = ['a', 'b', 'c', 'd'].map((name) => `sip:${name}@botplatform.example.net`);
const users = 2000;
/** Of the platform: what finds none free waits before it, and that is no time of the gateway. */
const connections = 1000;
const window = 32;
const settleMs = 120_000;
const times = 3;

type Side = 'sip' | 'rest';

const sides: readonly Side[] =
  process.argv[2] === 'sip' || process.argv[2] === 'rest' ? [process.argv[2]] : ['sip', 'rest'];
const seconds = Number(process.argv[3] ?? 10);
for (const side of sides) {
  const line = await measure(side);
  process.stdout.write(`${JSON.stringify(line)}\n`);
  if (line.lost > 0 || line.refusedWithoutRetryAfter > 0) process.exitCode = 1;
}

interface Line {
  readonly side: Side;
  readonly capacityPerS: number;
  readonly offeredPerS: number;
  readonly acceptedPerS: number;
  readonly refused: number;
  readonly refusedWithoutRetryAfter: number;
  /** p50, p95, p99 */
  readonly ms: Readonly<Record<'atHalf' | 'accepted' | 'refused', readonly number[]>>;
  readonly recoveredAfterMs: number;
  readonly accepted: number;
  readonly lost: number;
  readonly rssMb: { readonly before: number; readonly most: number };
  readonly loadOfThisProcess: number;
}

async function measure(side: Side): Promise<Line> {
  const world = await startLoadWorld(bots);
  const { ports, gateway, handsets } = world;
  try {
    const source =
      side === 'sip'
        ? await sipSource({ port: ports.sip, bots, users })
        : restSource({ port: ports.rest, bots, users, key }, connections);
    const far = (): { has(id: string): boolean } =>
      side === 'sip' ? world.arrivedAtMs : new Set(handsets.arrivals.map(({ messageId }) => messageId));
    try {
      return await phases({ side, source, gateway, far });
    } finally {
      source.close();
    }
  } finally {
    await world.close();
  }
}

interface Scene {
  readonly side: Side;
  readonly source: Source;
  readonly gateway: GatewayProcess;
  /** Ids of what has come to the other side. */
  readonly far: () => { has(id: string): boolean };
}

async function phases({ side, source, gateway, far }: Scene): Promise<Line> {
  const all: Answer[] = [];
  const keep = (answers: readonly Answer[]): readonly Answer[] => {
    for (const answer of answers) all.push(answer);
    return answers;
  };
  keep(await closedLoop(source, window, 4)); // to warm up
  const capacityPerS = accepted(keep(await closedLoop(source, window, 6))).length / 6;
  const half = keep(await openLoop(source, capacityPerS / 2, 5));
  const rss = watchRss(gateway.pid);
  const busy = performance.eventLoopUtilization();
  const over = keep(await openLoop(source, capacityPerS * times, seconds));
  const ownLoad = performance.eventLoopUtilization(busy).utilization;
  const after = keep(await openLoop(source, capacityPerS / 2, 6));
  const lastRefusal = after.findLastIndex((answer) => !answer.accepted);
  const taken = accepted(all);
  const lost = await missing(taken, far);
  return {
    side,
    capacityPerS: Math.round(capacityPerS),
    offeredPerS: Math.round(capacityPerS * times),
    acceptedPerS: Math.round(accepted(over).length / seconds),
    refused: over.length - accepted(over).length,
    refusedWithoutRetryAfter: all.filter((answer) => !answer.accepted && !answer.retryAfter).length,
    ms: {
      atHalf: percentiles(accepted(half)),
      accepted: percentiles(accepted(over)),
      refused: percentiles(over.filter((answer) => !answer.accepted)),
    },
    recoveredAfterMs: Math.round(((lastRefusal + 1) * 1000) / (capacityPerS / 2)),
    accepted: taken.length,
    lost,
    rssMb: rss.stop(),
    loadOfThisProcess: Number(ownLoad.toFixed(2)),
  };
}

function accepted(answers: readonly Answer[]): readonly Answer[] {
  return answers.filter((answer) => answer.accepted);
}

function percentiles(answers: readonly Answer[]): readonly number[] {
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  return [0.5, 0.95, 0.99].map((part) => Math.round(sorted[Math.floor(sorted.length * part)] ?? 0));
}

/** What was accepted and has not come, when nothing more comes. */
async function missing(taken: readonly Answer[], far: Scene['far']): Promise<number> {
  const deadline = performance.now() + settleMs;
  for (;;) {
    const come = far();
    const lost = taken.filter(({ id }) => !come.has(id)).length;
    if (lost === 0 || performance.now() > deadline) return lost;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function watchRss(pid: number): { stop(): Line['rssMb'] } {
  const before = rssMb(pid);
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, rssMb(pid))), 200);
  return {
    stop() {
      clearInterval(timer);
      return { before, most };
    },
  };
}

function rssMb(pid: number): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);
}
