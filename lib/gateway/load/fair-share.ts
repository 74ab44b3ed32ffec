/** Who is refused when not all may come in: max-min fairness, so that a bot that floods is refused and one that does not is not. */

export interface FairShare {
  /** One more has come of this source: may it come in? */
  take(source: string): boolean;
  /** From now on this part of all that comes may come in; to be called at even times. */
  set(share: number): void;
}

interface Source {
  /** Since the last look. */
  count: number;
  /** Per look, smoothed. */
  rate: number;
  /** So many may come in until the next look. */
  credit: number;
}

/** Beyond so many sources the others count as one. */
const maxSources = 10_000;
/** Of the rate that is kept from look to look: half a second's memory at ten looks a second. */
const memory = 0.8;
/** Below it a source is forgotten. */
const leastRate = 0.01;

export function createFairShare(): FairShare {
  const sources = new Map<string, Source>();
  let open = true;
  let level = 0;

  function sourceOf(name: string): Source {
    const key = sources.size < maxSources || sources.has(name) ? name : '';
    const known = sources.get(key);
    if (known) return known;
    const made = { count: 0, rate: 0, credit: level };
    sources.set(key, made);
    return made;
  }

  return {
    take(name) {
      const source = sourceOf(name);
      source.count++;
      if (open) return true;
      if (source.credit < 1) return false;
      source.credit -= 1;
      return true;
    },
    set(share) {
      open = share === 1;
      for (const [name, source] of sources) {
        source.rate = source.rate * memory + source.count * (1 - memory);
        source.count = 0;
        if (source.rate < leastRate) sources.delete(name);
      }
      if (open) return;
      const rates = [...sources.values()].map(({ rate }) => rate);
      level = levelOf(rates, share);
      // What is below one is saved up.
      for (const source of sources.values()) source.credit = Math.min(source.credit + level, Math.max(level, 1));
    },
  };
}

/** The rate that none may exceed, so that together they make up this part of all; 0 where nothing comes. */
export function levelOf(rates: readonly number[], share: number): number {
  const sorted = [...rates].sort((a, b) => a - b);
  let budget = share * sorted.reduce((sum, rate) => sum + rate, 0);
  for (const [index, rate] of sorted.entries()) {
    const level = budget / (sorted.length - index);
    if (rate > level) return level;
    budget -= rate;
  }
  return 0;
}
