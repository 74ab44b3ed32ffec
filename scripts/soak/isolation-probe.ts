/**
 * Those who behave, in a process of their own: what the bad one's load costs its own process must not show as delay of the others.
 * Started by isolation.ts, that asks for turns by messages.
 */
import { setPriority } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { startCallbackSink } from './callback-sink.js';
import { openLoop, sipSource } from './load-source.js';

export interface ProbeOptions {
  readonly sipPort: number;
  readonly restPort: number;
  readonly key: string;
  readonly bots: readonly string[];
}

export interface AskedTurn {
  readonly perS: number;
  readonly seconds: number;
}

export interface Turn {
  /** Of each message, from the moment it was due to its callback. */
  readonly tookMs: readonly number[];
  readonly refused: number;
  /** The mean delay of the probe's own event loop: what of the above is its own. */
  readonly ownDelayMs: number;
}

const settleMs = 15_000;
const resolutionMs = 5;

const options = JSON.parse(process.argv[2] ?? '') as ProbeOptions;
favour();
const sink = await startCallbackSink();
for (const bot of options.bots) await sink.subscribe(bot, { port: options.restPort, key: options.key });
const source = await sipSource({ port: options.sipPort, bots: options.bots, users: 400 });
process.on('message', (asked: AskedTurn) => void turn(asked).then((done) => process.send?.(done)));
process.on('disconnect', () => process.exit());
process.send?.('ready');

/** It works little, and its clock is the measure. Without the right to it, it runs like the others. */
function favour(): void {
  try {
    setPriority(-10);
  } catch {
    process.stderr.write('the probe has no priority: its own delay is part of what it measures\n');
  }
}

async function turn({ perS, seconds }: AskedTurn): Promise<Turn> {
  const own = monitorEventLoopDelay({ resolution: resolutionMs });
  own.enable();
  const all = await openLoop(source, perS, seconds);
  const taken = all.filter(({ accepted }) => accepted);
  const deadline = performance.now() + settleMs;
  while (taken.some(({ id }) => !sink.arrivedAtMs.has(id)) && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 20));
  own.disable();
  return {
    tookMs: taken.map(({ id, dueMs }) => (sink.arrivedAtMs.get(id) ?? Infinity) - dueMs),
    refused: all.length - taken.length,
    ownDelayMs: own.mean / 1e6 - resolutionMs,
  };
}
