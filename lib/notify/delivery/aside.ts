/** Claimed lanes that cannot be run now: left leased and untried in the store, remembered here, called back when they can. */
import type { Clock } from '../../clock.js';
import type { Claim, Store } from '../../store/store.js';

export interface Aside {
  /**
   * Sets a lane aside under `key`, for `ms` at the longest: then its lease ends and it is due again. Unlike a nack this
   * counts as no attempt, and costs no write.
   */
  put(key: string, claim: Claim, ms: number): void;
  /** Makes the first `count` lanes of the key due, oldest first; false: there is none. */
  recall(key: string, count: number): boolean;
  /** Gives a lane back at once, untried. */
  release(claim: Claim): void;
  /** Keys that are remembered. */
  readonly size: number;
}

export interface AsideDeps {
  readonly store: Pick<Store, 'renew'>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

interface Entry {
  readonly claim: Claim;
  readonly untilMs: number;
}

/** Lanes remembered in all; those beyond come back when their lease ends. */
const maxEntries = 50_000;
/** Who asks for a key no more, as its URL is gone, leaves lanes behind that have come back by their lease. */
const sweepMs = 60_000;
/** To find no room costs a look at all of them: not each time. */
const fullSweepMs = 1_000;

export function createAside({ store, clock, onError }: AsideDeps): Aside {
  const keys = new Map<string, Entry[]>();
  let size = 0;
  let sweptAtMs = clock.now();
  const lease = (claim: Claim, ms: number): void => void store.renew(claim, Math.max(1, ms)).catch(onError);
  const forgetEnded = (key: string): readonly Entry[] => {
    const entries = keys.get(key) ?? [];
    const live = entries.filter(({ untilMs }) => untilMs > clock.now());
    size -= entries.length - live.length;
    if (live.length === 0) keys.delete(key);
    else keys.set(key, live);
    return live;
  };
  const sweep = (): void => {
    const sinceMs = clock.now() - sweptAtMs;
    // Below 0: the clock was put back.
    if (sinceMs >= 0 && sinceMs < (size >= maxEntries ? fullSweepMs : sweepMs)) return;
    sweptAtMs = clock.now();
    for (const key of keys.keys()) forgetEnded(key);
  };
  return {
    put(key, claim, ms) {
      lease(claim, ms);
      sweep();
      if (size >= maxEntries) return;
      const entries = keys.get(key) ?? [];
      // Without its items, which may be large.
      entries.push({ claim: { ...claim, items: [] }, untilMs: clock.now() + ms });
      keys.set(key, entries);
      size++;
    },
    recall(key, count) {
      const live = forgetEnded(key);
      const called = live.slice(0, count);
      if (called.length === 0) return false;
      if (live.length === called.length) keys.delete(key);
      else keys.set(key, live.slice(count));
      size -= called.length;
      for (const { claim } of called) lease(claim, 1);
      return true;
    },
    release: (claim) => lease(claim, 1),
    get size() {
      return keys.size;
    },
  };
}
