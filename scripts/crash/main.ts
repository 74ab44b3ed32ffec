/**
 * The crash test: 500 messages each way, `kill -9` at a random moment, restart, and every acknowledged message is asked for.
 * node dist/scripts/crash/main.js [runs, default 20] [first seed, default random]
 */
import { randomInt } from 'node:crypto';
import { planOf } from './plan.js';
import { crashRun } from './run.js';

const messages = 500;
const runs = Number(process.argv[2] ?? 20);
const firstSeed = Number(process.argv[3] ?? randomInt(1_000_000_000));

for (let run = 0; run < runs; run++) {
  const plan = planOf(firstSeed + run, messages);
  const { faults, duplicates, acknowledgedAtKill, seconds } = await crashRun(plan);
  const line = {
    run: run + 1,
    seed: plan.seed,
    acknowledgedAtKill: acknowledgedAtKill[0],
    duplicatesToUser: duplicates.toUser,
    duplicatesToBot: duplicates.toBot,
    seconds: Number(seconds.toFixed(1)),
    faults: faults.length,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  for (const fault of faults.slice(0, 20)) process.stdout.write(`  ${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}
