/**
 * The soak test: traffic both ways under random faults, and the account of every message at the end.
 * npm run soak -- [seconds, default 1800] [seed, default random] [runs, default 1] [faults | restarts, default faults]
 */
import { randomInt } from 'node:crypto';
import { restartPlan, soakPlan } from './plan.js';
import { soakRun } from './run.js';
import type { Side } from './ledger.js';

const seconds = Number(process.argv[2] ?? 1800);
const firstSeed = Number(process.argv[3] ?? randomInt(1_000_000_000));
const runs = Number(process.argv[4] ?? 1);
const makePlan = process.argv[5] === 'restarts' ? restartPlan : soakPlan;
/** Of each kind. */
const shownFaults = 10;

for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
  process.stdout.write(`soak: ${seconds} s, seed ${seed}\n`);
  const { faults, toUser, toBot, ...rest } = await soakRun(seed, seconds, makePlan(seed, seconds));
  const line = { ...rest, toUser: counted(toUser), toBot: counted(toBot), faults: faults.length };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  for (const [kind, ofKind] of byKind(faults)) {
    process.stdout.write(`${ofKind.length} × ${kind}\n`);
    for (const fault of ofKind.slice(0, shownFaults)) process.stdout.write(`  ${fault}\n`);
  }
  if (faults.length > 0) process.exitCode = 1;
}

process.exit();

/** `to user +1555…: lost: …`: by what stands between the colons. */
function byKind(faults: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const kinds = new Map<string, string[]>();
  for (const fault of faults) {
    const kind = fault.split(': ')[1] ?? fault;
    kinds.set(kind, [...(kinds.get(kind) ?? []), fault]);
  }
  return kinds;
}

function counted({ faults, ...counts }: Side): Omit<Side, 'faults'> & { readonly faults: number } {
  return { ...counts, faults: faults.length };
}
