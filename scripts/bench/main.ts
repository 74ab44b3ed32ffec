/**
 * `npm run bench`: what each part alone reaches on this machine, beside what is wanted of it or what a bare peer reaches.
 * node dist/scripts/bench/main.js [cpim] [msrp] [store] [engine]; the gateway as a whole is load.ts's affair.
 */
import { benchCpim } from './cpim.js';
import { benchEngine } from './engine.js';
import { benchMsrp } from './msrp.js';
import { benchStore } from './store.js';

interface Figure {
  readonly name: string;
  readonly perSecond: number;
  /** Of a bare peer in the same run. */
  readonly ratio?: number;
}

const benches: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  cpim: benchCpim,
  msrp: benchMsrp,
  store: benchStore,
  engine: benchEngine,
};

/** Per second, by the beginning of the figure's name. */
const wanted: readonly (readonly [name: string, perSecond: number])[] = [
  ['CPIM parse + print', 400_000],
  ['msrp parse', 300_000],
];

function line({ name, perSecond, ratio }: Figure): string {
  const goal = wanted.find(([start]) => name.startsWith(start))?.[1];
  const beside = [
    ...(ratio === undefined ? [] : [`${ratio.toFixed(2)} of the peer`]),
    ...(goal === undefined ? [] : [`${(perSecond / goal).toFixed(2)} of the ${goal} wanted`]),
  ];
  return `${name.padEnd(56)}${String(Math.round(perSecond)).padStart(10)}/s  ${beside.join(', ')}`.trimEnd();
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in benches));
if (unknown.length > 0) {
  process.stderr.write(`no such bench: ${unknown.join(' ')}; there are ${Object.keys(benches).join(', ')}\n`);
  process.exit(2);
}
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  for (const figure of await bench()) process.stdout.write(`${line(figure)}\n`);
}
