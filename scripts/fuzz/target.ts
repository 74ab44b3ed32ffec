/** What is fuzzed: one parser with its good inputs, its words, and what may come out of it. */
import { isDeepStrictEqual } from 'node:util';
import type { Shape } from './mutate.js';
import type { Random } from './random.js';

export interface Target {
  readonly name: string;
  readonly shape: Shape;
  readonly words: readonly string[];
  /** Good inputs of its own, besides `fixtures`. */
  readonly seeds: readonly (string | Buffer)[];
  /** Files or folders of spec/fixtures/; a name that ends in `#` holds one input a line. */
  readonly fixtures: readonly string[];
  /** Default 65,536. */
  readonly maxBytes?: number;
  /** Reads one input; a broken promise of the parser is thrown as `Broken`. `random` cuts streams. */
  readonly run: (input: Buffer, random: Random) => void;
  /** Whether the parser may throw this. */
  readonly mayThrow: (error: unknown) => boolean;
}

/** What the parser gave back is not what it promises. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

export function must(holds: boolean, promise: string): void {
  if (!holds) throw new Broken(promise);
}

/** More reads than one input of a few kilobytes comes in; each costs something, whoever reads. */
const maxPieces = 2000;

/** The bytes in pieces of one octet to all of them, as sockets deliver them. */
export function cut(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  const most = random.pick([1, 3, 20, 300, 5000]);
  for (let at = 0; at < bytes.length;) {
    const size = 1 + random.below(most) + Math.floor(bytes.length / maxPieces);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

/** The same value of a parser twice. */
export function same(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b);
}
