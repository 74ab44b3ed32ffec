/** Chance that a seed decides: the same words give the same numbers, whatever happened in between. */
import { createHash } from 'node:crypto';
import { randomOf } from '../crash/plan.js';

export interface Chance {
  /** From 0 up to 1. */
  next(): number;
  /** True with this probability. */
  happens(probability: number): boolean;
  between(min: number, max: number): number;
  pick<T>(choices: readonly [T, ...T[]]): T;
}

export function chanceOf(seed: number, ...words: readonly (string | number)[]): Chance {
  const next = randomOf(
    createHash('sha256')
      .update(`${seed}|${words.join('|')}`)
      .digest()
      .readUInt32BE(0),
  );
  return {
    next,
    happens: (probability) => next() < probability,
    between: (min, max) => min + Math.floor(next() * (max - min + 1)),
    pick: (choices) => choices[Math.floor(next() * choices.length)] ?? choices[0],
  };
}
