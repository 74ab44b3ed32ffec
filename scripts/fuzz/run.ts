/** One target, many inputs: each judged by what came out, by how long it took, and all of them by what they left in memory. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Coverage } from './coverage.js';
import { makeInput, type Material } from './mutate.js';
import { randomOf } from './random.js';
import type { Target } from './target.js';

/** What one input may take. */
export const maxMs = 50;
/** What may be left in memory by all inputs of a target, beyond what is kept of them on purpose. */
export const maxGrowthBytes = 16 * 1024 * 1024;

export interface Finding {
  readonly target: string;
  readonly kind: 'wrong error' | 'too slow' | 'memory grows';
  readonly text: string;
  readonly input: Buffer;
}

export interface Plan {
  readonly count: number;
  /** Ends earlier than `count`. */
  readonly untilMs?: number;
  readonly seed: number;
  /** Inputs that reach new blocks are taken into the corpus while this is given. */
  readonly coverage?: Coverage;
  readonly corpus: readonly Buffer[];
  /** False: memory is not looked at; with a large heap that takes longer than hundreds of inputs. */
  readonly memory?: boolean;
  readonly onFinding: (finding: Finding) => void;
}

export interface Result {
  readonly inputs: number;
  readonly slowestMs: number;
  readonly growthBytes: number;
  /** Found by coverage; empty without it. */
  readonly reached: readonly Buffer[];
}

const batchSize = 400;
const defaultMaxBytes = 65_536;
/** After so many the target is broken enough. */
const maxFindings = 20;

export function fuzz(target: Target, plan: Plan): Result {
  const corpus = [...plan.corpus];
  const material: Material = {
    shape: target.shape,
    words: target.words,
    corpus,
    maxBytes: target.maxBytes ?? defaultMaxBytes,
  };
  const judge = new Judge(target, plan);
  for (const [index, input] of corpus.entries()) judge.run(input, [plan.seed, -1 - index]);
  const guide = plan.coverage && new Guide(judge, plan.coverage, corpus);
  const held = plan.memory === false ? () => 0 : heldBytes;
  const before = held();
  let inputs = 0;
  for (; inputs < plan.count && judge.findings < maxFindings && Date.now() < (plan.untilMs ?? Infinity);) {
    const size = Math.min(batchSize, plan.count - inputs);
    runBatch({ material, judge, guide, seed: plan.seed }, inputs, size);
    inputs += size;
  }
  const growthBytes = held() - before - (guide?.keptBytes ?? 0);
  if (growthBytes > maxGrowthBytes) {
    const text = `${Math.round(growthBytes / 1024)} KiB are left by ${inputs} inputs`;
    plan.onFinding({ target: target.name, kind: 'memory grows', text, input: Buffer.alloc(0) });
  }
  return { inputs, slowestMs: judge.slowestMs, growthBytes, reached: guide?.reached ?? [] };
}

interface Workbench {
  readonly material: Material;
  readonly judge: Judge;
  readonly guide: Guide | undefined;
  readonly seed: number;
}

/** A function of its own: when it has returned, nothing holds its inputs. */
function runBatch({ material, judge, guide, seed }: Workbench, from: number, size: number): void {
  const batch: Case[] = [];
  for (let index = from; index < from + size; index++) {
    const seeds = [seed, index] as const;
    const input = makeInput(material, randomOf(...seeds));
    batch.push({ input, seeds });
    judge.run(input, seeds);
  }
  guide?.look(batch);
}

interface Case {
  readonly input: Buffer;
  readonly seeds: readonly [number, number];
}

class Judge {
  slowestMs = 0;
  findings = 0;
  private readonly target: Target;
  private readonly onFinding: (finding: Finding) => void;

  private readonly judgesTime: boolean;

  constructor(target: Target, plan: Plan) {
    this.target = target;
    this.onFinding = plan.onFinding;
    // Counting makes everything several times slower.
    this.judgesTime = plan.coverage === undefined;
  }

  run(input: Buffer, seeds: readonly [number, number]): void {
    const ms = this.timed(input, seeds);
    if (ms <= this.slowestMs || !this.judgesTime) return;
    // Neighbours on the machine, or a collection of garbage, are not the input's fault: processor time, and the least of it.
    const best = ms > 5 ? Math.min(...[1, 2, 3].map(() => this.processorMs(input, seeds))) : ms;
    this.slowestMs = Math.max(this.slowestMs, best);
    if (best > maxMs) this.found('too slow', `${Math.round(best)} ms for ${input.length} octets`, input);
  }

  /** Without a word of what is wrong: for coverage. */
  repeat({ input, seeds }: Case): void {
    try {
      this.target.run(Buffer.from(input), randomOf(...seeds, 1));
    } catch {
      // Judged before.
    }
  }

  private processorMs(input: Buffer, seeds: readonly number[]): number {
    const from = process.cpuUsage();
    this.timed(input, seeds);
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1000;
  }

  private timed(input: Buffer, seeds: readonly number[]): number {
    // Parsers hand out views: what one does to its input must not be seen by the next.
    const own = Buffer.from(input);
    const random = randomOf(...seeds, 1);
    const from = performance.now();
    try {
      this.target.run(own, random);
    } catch (error) {
      if (!this.target.mayThrow(error)) this.found('wrong error', describe(error), input);
    }
    return performance.now() - from;
  }

  private found(kind: Finding['kind'], text: string, input: Buffer): void {
    this.findings++;
    this.onFinding({ target: this.target.name, kind, text, input });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 4).join(' | ') : String(error);
}

/** Takes coverage by the batch: asking for it costs as much as hundreds of inputs. */
class Guide {
  readonly reached: Buffer[] = [];
  keptBytes = 0;
  private readonly judge: Judge;
  private readonly coverage: Coverage;
  private readonly corpus: Buffer[];
  private readonly known: Set<string>;

  /** What has run by now is known. */
  constructor(judge: Judge, coverage: Coverage, corpus: Buffer[]) {
    this.judge = judge;
    this.coverage = coverage;
    this.corpus = corpus;
    this.known = new Set(coverage.take());
  }

  look(batch: readonly Case[]): void {
    let fresh = this.freshOf(this.coverage.take());
    for (let tries = 0; fresh.length > 0 && tries < 8; tries++) {
      const found = this.bisect(batch, fresh);
      for (const block of fresh) if (!found || found.blocks.has(block)) this.known.add(block);
      if (found) this.take(found.input);
      fresh = fresh.filter((block) => !this.known.has(block));
    }
  }

  private freshOf(blocks: ReadonlySet<string>): string[] {
    return [...blocks].filter((block) => !this.known.has(block));
  }

  /** One input that reaches one of the blocks; undefined where it does not do so again. */
  private bisect(
    batch: readonly Case[],
    fresh: readonly string[],
  ): { input: Buffer; blocks: ReadonlySet<string> } | undefined {
    let cases = batch;
    let blocks = new Set<string>() as ReadonlySet<string>;
    while (cases.length > 0) {
      const half = cases.length > 1 ? cases.slice(0, cases.length >> 1) : cases;
      this.coverage.take();
      for (const one of half) this.judge.repeat(one);
      blocks = this.coverage.take();
      const hit = fresh.some((block) => blocks.has(block));
      if (cases.length === 1) return hit && cases[0] ? { input: cases[0].input, blocks } : undefined;
      cases = hit ? half : cases.slice(half.length);
    }
    return undefined;
  }

  private take(input: Buffer): void {
    const own = Buffer.from(input);
    this.reached.push(own);
    this.corpus.push(own);
    this.keptBytes += own.length;
  }
}

let collect: (() => void) | undefined;
/** What a further collection frees beyond this is worth another one. */
const settledBytes = 64 * 1024;
const maxCollections = 10;

/**
 * What is alive. One collection is not enough to know: buffers that it finds dead are given back beside it, and what a
 * finished function has left on the stack falls with the next.
 */
function heldBytes(): number {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  let held = Infinity;
  for (let tries = 0; tries < maxCollections; tries++) {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    if (held - heapUsed - external < settledBytes) return Math.min(held, heapUsed + external);
    held = heapUsed + external;
  }
  return held;
}
