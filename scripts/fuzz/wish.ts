/** What the command line asks of the fuzzer. */

export interface Wish {
  readonly names: readonly string[];
  /** Inputs for each target. */
  readonly count: number;
  readonly seconds: number | undefined;
  readonly seed: number;
  readonly guided: boolean;
}

export function wishOf(args: readonly string[]): Wish {
  const names = args.filter((arg) => /^[a-z]/.test(arg));
  const [amount = '20000', seed = String(Date.now() % 1_000_000)] = args.filter((arg) => /^\d+s?$/.test(arg));
  const seconds = amount.endsWith('s') ? Number(amount.slice(0, -1)) : undefined;
  const count = seconds === undefined ? Number(amount) : Infinity;
  return { names, count, seconds, seed: Number(seed), guided: args.includes('--guided') };
}

/** When a target's time is over, by its beginning. */
export function endMs({ seconds }: Wish, fromMs: number, share = 1): number {
  return seconds === undefined ? Infinity : fromMs + seconds * 1000 * share;
}

/** What all targets have done. */
export interface Tally {
  readonly inputs: number;
  readonly findings: number;
}
