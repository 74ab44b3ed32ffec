/** Random numbers that a seed repeats: sfc32 (Chris Doty-Humphrey's small fast counter, 128 bits of state). */

export interface Random {
  /** An integer of [0, below). */
  below(below: number): number;
  /** True once in `n`. */
  oneIn(n: number): boolean;
  /** Of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
}

/** The same numbers for the same seeds, on every machine. */
export function randomOf(...seeds: readonly number[]): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = 0xb7e15162;
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (const seed of seeds) {
    a ^= seed;
    b ^= Math.floor(seed / 2 ** 32);
    for (let i = 0; i < 12; i++) next();
  }
  const below = (bound: number): number => Math.floor((next() / 2 ** 32) * bound);
  return {
    below,
    oneIn: (n) => below(n) === 0,
    pick<T>(list: readonly T[]): T {
      if (list.length === 0) throw new RangeError('nothing to pick from');
      return list[below(list.length)] as T;
    },
  };
}
