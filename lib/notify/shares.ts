/** How many of something are under way, by who shares a limit: a burst must not pass one that it would reach. */

export interface Shares {
  of(key: string): number;
  /** Counts for each key while `work` runs. */
  during<T>(keys: readonly string[], work: () => Promise<T>): Promise<T>;
}

export function createShares(): Shares {
  const counts = new Map<string, number>();
  const of = (key: string): number => counts.get(key) ?? 0;
  const add = (key: string, more: number): void => {
    const count = of(key) + more;
    if (count > 0) counts.set(key, count);
    else counts.delete(key);
  };
  return {
    of,
    async during(keys, work) {
      for (const key of keys) add(key, 1);
      try {
        return await work();
      } finally {
        for (const key of keys) add(key, -1);
      }
    },
  };
}
