/** A target that keeps what it reads, under the fuzzer in a thread of its own: tells the kinds of what was found. */
import { parentPort } from 'node:worker_threads';
import { fuzz } from '../../scripts/fuzz/run.js';
import type { Target } from '../../scripts/fuzz/target.js';

const left: string[] = [];
const target: Target = {
  name: 'leaking',
  shape: 'tokens',
  words: [],
  seeds: ['a;b'],
  fixtures: [],
  mayThrow: () => false,
  run: () => void left.push(Buffer.alloc(3_000_000, `x${left.length}`).toString('latin1')),
};

const kinds: string[] = [];
const corpus = target.seeds.map((seed) => Buffer.from(seed));
fuzz(target, { count: 10, seed: 1, corpus, onFinding: ({ kind }) => kinds.push(kind) });
parentPort?.postMessage(kinds);
