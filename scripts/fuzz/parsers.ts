/** The parsers' targets one after the other, each in this process. */
import { readFileSync } from 'node:fs';
import { corpusOf, keep, writeFinding } from './corpus.js';
import { startCoverage } from './coverage.js';
import { randomOf } from './random.js';
import { fuzz, type Finding } from './run.js';
import type { Target } from './target.js';
import { endMs, type Tally, type Wish } from './wish.js';

const guidedShare = 0.1;

export function fuzzParsers(targets: readonly Target[], wish: Wish): Tally {
  let inputs = 0;
  let findings = 0;
  const onFinding = (finding: Finding): void => {
    findings++;
    const { target, kind, text, input } = finding;
    process.stdout.write(`FOUND ${target}: ${kind}: ${text}\n      ${writeFinding(target, input)}\n`);
  };
  for (const target of targets) {
    const from = Date.now();
    const corpus = [...corpusOf(target)];
    const common = { seed: wish.seed, onFinding };
    let tried = 0;
    if (wish.guided) {
      const coverage = startCoverage();
      const count = Math.ceil(wish.count * guidedShare);
      const guided = fuzz(target, { ...common, count, untilMs: endMs(wish, from, guidedShare * 3), coverage, corpus });
      coverage.close();
      for (const input of guided.reached) if (input.length <= 4096) keep(target.name, input);
      corpus.push(...guided.reached);
      tried = guided.inputs;
    }
    const result = fuzz(target, { ...common, count: wish.count - tried, untilMs: endMs(wish, from), corpus });
    tried += result.inputs;
    inputs += tried;
    const perSecond = Math.round((tried * 1000) / (Date.now() - from + 1));
    const figures = `slowest ${result.slowestMs.toFixed(1)} ms, left ${Math.round(result.growthBytes / 1024)} KiB`;
    process.stdout.write(
      `${target.name.padEnd(20)}${String(tried).padStart(9)} inputs ${String(perSecond).padStart(7)}/s, corpus ${corpus.length}, ${figures}\n`,
    );
  }
  return { inputs, findings };
}

/** Whether the parser's promises hold. */
export function replayInput(target: Target, file: string): boolean {
  const input = readFileSync(file);
  const from = performance.now();
  let broken = false;
  try {
    target.run(input, randomOf(0));
    process.stdout.write('taken');
  } catch (error) {
    broken = !target.mayThrow(error);
    process.stdout.write(broken ? `BROKEN: ${String(error)}` : `refused: ${String(error)}`);
  }
  process.stdout.write(` (${(performance.now() - from).toFixed(2)} ms for ${input.length} octets)\n`);
  return !broken;
}
