/**
 * `npm run fuzz -- [target …] [count|seconds] [seed]`: hostile inputs for every parser, `1000000` of them or `60s` long for
 * each target; the same seed makes the same inputs. `--guided`: those that reach new code are changed further, and written
 * to scripts/fuzz/corpus/. `--replay TARGET FILE`: one input again. Exit 1 where a promise was broken.
 */
import { readFileSync } from 'node:fs';
import { corpusOf, keep, writeFinding } from './corpus.js';
import { startCoverage } from './coverage.js';
import { randomOf } from './random.js';
import { fuzz, type Finding } from './run.js';
import { targets } from './targets.js';

interface Wish {
  readonly names: readonly string[];
  readonly count: number;
  readonly seconds: number | undefined;
  readonly seed: number;
  readonly guided: boolean;
}

const guidedShare = 0.1;

function wishOf(args: readonly string[]): Wish {
  const names = args.filter((arg) => /^[a-z]/.test(arg));
  const [amount = '20000', seed = String(Date.now() % 1_000_000)] = args.filter((arg) => /^\d+s?$/.test(arg));
  const seconds = amount.endsWith('s') ? Number(amount.slice(0, -1)) : undefined;
  const count = seconds === undefined ? Number(amount) : Infinity;
  return { names, count, seconds, seed: Number(seed), guided: args.includes('--guided') };
}

function replay([name = '', file = '']: readonly string[]): void {
  const target = targets.find((one) => one.name === name);
  if (!target) throw new Error(`no such target: ${name}`);
  const input = readFileSync(file);
  const from = performance.now();
  try {
    target.run(input, randomOf(0));
    process.stdout.write('taken');
  } catch (error) {
    process.stdout.write(target.mayThrow(error) ? `refused: ${String(error)}` : `BROKEN: ${String(error)}`);
    if (!target.mayThrow(error)) process.exitCode = 1;
  }
  process.stdout.write(` (${(performance.now() - from).toFixed(2)} ms for ${input.length} octets)\n`);
}

function run(wish: Wish): void {
  const chosen = targets.filter(({ name }) => wish.names.length === 0 || wish.names.includes(name));
  let inputs = 0;
  let findings = 0;
  const onFinding = (finding: Finding): void => {
    findings++;
    const { target, kind, text, input } = finding;
    process.stdout.write(`FOUND ${target}: ${kind}: ${text}\n      ${writeFinding(target, input)}\n`);
  };
  process.stdout.write(`seed ${wish.seed}\n`);
  for (const target of chosen) {
    const from = Date.now();
    const endMs = (share: number): number =>
      wish.seconds === undefined ? Infinity : from + wish.seconds * 1000 * share;
    const corpus = [...corpusOf(target)];
    const common = { seed: wish.seed, onFinding };
    let tried = 0;
    if (wish.guided) {
      const coverage = startCoverage();
      const count = Math.ceil(wish.count * guidedShare);
      const guided = fuzz(target, { ...common, count, untilMs: endMs(guidedShare * 3), coverage, corpus });
      coverage.close();
      for (const input of guided.reached) if (input.length <= 4096) keep(target.name, input);
      corpus.push(...guided.reached);
      tried = guided.inputs;
    }
    const result = fuzz(target, { ...common, count: wish.count - tried, untilMs: endMs(1), corpus });
    tried += result.inputs;
    inputs += tried;
    const perSecond = Math.round((tried * 1000) / (Date.now() - from + 1));
    const figures = `slowest ${result.slowestMs.toFixed(1)} ms, left ${Math.round(result.growthBytes / 1024)} KiB`;
    process.stdout.write(
      `${target.name.padEnd(20)}${String(tried).padStart(9)} inputs ${String(perSecond).padStart(7)}/s, corpus ${corpus.length}, ${figures}\n`,
    );
  }
  process.stdout.write(`${inputs} inputs, ${findings} findings\n`);
  if (findings > 0) process.exitCode = 1;
}

const args = process.argv.slice(2);
const unknown = args.filter((arg) => /^[a-z]/.test(arg) && !targets.some(({ name }) => name === arg));
if (args[0] === '--replay') replay(args.slice(1));
else if (unknown.length > 0) {
  process.stderr.write(
    `no such target: ${unknown.join(' ')}; there are ${targets.map(({ name }) => name).join(' ')}\n`,
  );
  process.exitCode = 2;
} else run(wishOf(args));
