/** How soon the store answers: one question at a time, which goes the way of every commit. */
import type { Store } from '../../store/store.js';

export interface StorePulse {
  /** Asks, unless a question is open. */
  ask(): void;
  /** Since the open question was asked; 0: none is open. */
  silentMs(): number;
  /** From the question that was answered last to its answer. */
  tookMs(): number;
}

export function createStorePulse(store: Pick<Store, 'ping'>): StorePulse {
  let askedMs: number | undefined;
  let tookMs = 0;
  const silentMs = (): number => (askedMs === undefined ? 0 : performance.now() - askedMs);
  const answered = (): void => {
    tookMs = silentMs();
    askedMs = undefined;
  };
  return {
    ask() {
      if (askedMs !== undefined) return;
      askedMs = performance.now();
      // Of a store that fails, too, it is only asked how fast it is; the question has it find out whether it still does.
      store.ping().then(answered, answered);
    },
    silentMs,
    tookMs: () => tookMs,
  };
}
