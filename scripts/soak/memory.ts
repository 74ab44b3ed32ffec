/**
 * Steady load for minutes: does memory grow once it is warm?
 * node dist/scripts/soak/memory.js [minutes, default 10] [messages a second each way, default 50]
 */
import { readFileSync } from 'node:fs';
import { openLoop, restSource, sipSource } from './load-source.js';
import { key, startLoadWorld } from './load-world.js';

const bots = ['a', 'b'].map((name) => `sip:${name}@botplatform.example.net`);
const minutes = Number(process.argv[2] ?? 10);
const perS = Number(process.argv[3] ?? 50);
const turnS = 10;
/** Of the run; the rest is judged. */
const warm = 0.4;

interface Sample {
  readonly minute: number;
  readonly rssMb: number;
  readonly heapMb: number;
}

// Before each reading the gateway collects its garbage: SIGUSR2 (gc-on-signal.ts).
const hook = new URL('./gc-on-signal.js', import.meta.url).href;
const world = await startLoadWorld(bots, { nodeOptions: ['--expose-gc', '--import', hook] });
const samples: Sample[] = [];
try {
  const { ports, gateway, handsets } = world;
  const inbound = await sipSource({ port: ports.sip, bots, users: 1000 });
  const outbound = restSource({ port: ports.rest, bots, users: 1000, key });
  const beganMs = performance.now();
  while (performance.now() - beganMs < minutes * 60_000) {
    await Promise.all([openLoop(inbound, perS, turnS), openLoop(outbound, perS, turnS)]);
    handsets.arrivals.length = 0;
    handsets.requests.length = 0;
    process.kill(gateway.pid, 'SIGUSR2');
    await new Promise((resolve) => setTimeout(resolve, 500));
    const sample = { minute: (performance.now() - beganMs) / 60_000, ...(await reading(gateway.pid, ports.admin)) };
    samples.push(sample);
    process.stdout.write(`${JSON.stringify({ ...sample, minute: Number(sample.minute.toFixed(1)) })}\n`);
  }
  inbound.close();
  outbound.close();
} finally {
  await world.close();
}
const judged = samples.slice(Math.floor(samples.length * warm));
const line = {
  minutes,
  messagesPerS: 2 * perS,
  rssMb: judged.at(-1)?.rssMb,
  heapMb: judged.at(-1)?.heapMb,
  rssMbPerMinute: slope(judged.map(({ minute, rssMb }) => [minute, rssMb])),
  heapMbPerMinute: slope(judged.map(({ minute, heapMb }) => [minute, heapMb])),
};
process.stdout.write(`${JSON.stringify(line)}\n`);
process.exit();

async function reading(pid: number, adminPort: number): Promise<Omit<Sample, 'minute'>> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const heap = Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(text)?.[1] ?? NaN);
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? NaN);
  return { rssMb: Math.round(rss / 1024), heapMb: Number((heap / 1_048_576).toFixed(1)) };
}

/** Least squares. */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const mx = mean(points.map(([x]) => x));
  const my = mean(points.map(([, y]) => y));
  const above = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  const below = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  return Number((above / below).toFixed(2));
}
