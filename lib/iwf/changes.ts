/** Several changes as one commit. */
import type { Changes } from '../store/store.js';

/** In their order. */
export function together(...all: readonly (Changes | undefined)[]): Changes {
  return {
    put: all.flatMap((changes) => changes?.put ?? []),
    remove: all.flatMap((changes) => changes?.remove ?? []),
    enqueue: all.flatMap((changes) => changes?.enqueue ?? []),
  };
}
