/** The store, and the watch over how soon it answers. */
import { openStore } from '../store/open.js';
import { withPatience } from '../store/patience.js';
import type { Store } from '../store/store.js';
import { type Foundation, closing } from './foundation.js';
import { createStorePulse, type StorePulse } from './load/store-pulse.js';
import { createStoreWait, type StoreWait } from './load/store-wait.js';
import { storeLimits } from './settings.js';

export interface Storage {
  /** As it is. */
  readonly opened: Store;
  /** The same for those who work off its lanes: what they have done is noted, though it fail for a while. */
  readonly store: Store;
  readonly pulse: StorePulse;
  readonly wait: StoreWait;
}

/** `isOver`: nothing is asked again. Rejects where the store cannot be opened. */
export async function openStorage(foundation: Foundation, isOver: () => boolean): Promise<Storage> {
  const { config, clock, log, metrics, started } = foundation;
  const opened = await openStore({ ...config.store, clock, log, metrics, limits: storeLimits(config) });
  started.push(() => opened.close());
  const pulse = createStorePulse(opened);
  const wait = createStoreWait({ pulse, timeoutMs: config.store.answerTimeoutMs, clock, log, metrics });
  wait.start();
  started.push(closing(wait));
  return { opened, store: withPatience(opened, { clock, log, isOver }), pulse, wait };
}
