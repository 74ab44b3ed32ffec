/** How many messages the SQLite store takes and gives a second, and what that costs the event loop. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock } from '../../lib/clock.js';
import { openStore } from '../../lib/store/open.js';
import type { Store } from '../../lib/store/store.js';

interface Figure {
  readonly name: string;
  readonly perSecond: number;
}

const quiet = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const concurrency = 64;
const messages = 20_000;
const body = 'x'.repeat(300);

/** On a file of its own in the folder for temporary files; about four seconds. */
export async function benchStore(): Promise<Figure[]> {
  const folder = mkdtempSync(join(process.env['BENCH_FOLDER'] ?? tmpdir(), 'iwf-bench-'));
  const store = await openStore({
    kind: 'sqlite',
    path: join(folder, 'bench.db'),
    allowVolatile: false,
    clock: systemClock,
    log: quiet,
  });
  try {
    await times(2000, (n) => put(store, `warm${n}`));
    await times(2000, () => take(store));
    const commits = await measured('store: commits (put + enqueue)', () => times(messages, (n) => put(store, `m${n}`)));
    const acks = await measured('store: claims and acks', () => times(messages, () => take(store)));
    const both = await measured('store: commit, claim, ack', () =>
      times(messages, async (n) => {
        await put(store, `b${n}`);
        await take(store);
      }),
    );
    const gets = await measured('store: get', () => times(messages, (n) => store.get('message', `m${n}`)));
    const paced = await measured('store: paced (3 per ms)', () => pace(store));
    return [...commits, ...acks, ...both, ...gets, ...paced];
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

function put(store: Store, id: string): Promise<boolean> {
  return store.commit({
    put: [{ kind: 'message', key: id, value: { state: 'pending', body }, ttlMs: 3_600_000 }],
    enqueue: [{ queue: 'outbound', lane: `lane ${id}`, id, value: { body } }],
  });
}

async function take(store: Store): Promise<void> {
  for (const claim of await store.claim('outbound', { lanes: 1, perLane: 1, leaseMs: 30_000 })) await store.ack(claim);
}

async function times(count: number, work: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** What the event loop suffers from a load that is not as much as can be: three messages a millisecond, whole. */
async function pace(store: Store): Promise<void> {
  const begun: Promise<void>[] = [];
  const whole = async (n: number): Promise<void> => {
    await put(store, `p${n}`);
    await take(store);
  };
  await new Promise<void>((resolve) => {
    const startMs = performance.now();
    const timer = setInterval(() => {
      const due = Math.min(messages, Math.floor((performance.now() - startMs) * 3));
      while (begun.length < due) begun.push(whole(begun.length));
      if (due < messages) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  await Promise.all(begun);
}

async function measured(name: string, work: () => Promise<void>): Promise<Figure[]> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const cpuBefore = process.cpuUsage();
  const loopBefore = performance.eventLoopUtilization();
  const startMs = performance.now();
  await work();
  const seconds = (performance.now() - startMs) / 1000;
  delay.disable();
  const cpu = process.cpuUsage(cpuBefore);
  const loopShare = performance.eventLoopUtilization(loopBefore).utilization;
  const cpuShare = (cpu.user + cpu.system) / 1e6 / seconds;
  console.log(
    `${name}: ${Math.round(messages / seconds)}/s at ${concurrency}; event loop p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms, max ${(delay.max / 1e6).toFixed(1)} ms; main thread ${loopShare.toFixed(2)}, process ${cpuShare.toFixed(2)} cores`,
  );
  return [{ name, perSecond: Math.round(messages / seconds) }];
}

function ignore(): void {
  return undefined;
}
