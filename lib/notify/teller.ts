/** What is told once and never stored (is-composing, RFC 3994): at once and only to who is listening, or not at all. */
import type { Metrics } from '../metrics.js';
import type { Subscription } from '../resources/subscription.js';
import type { Store } from '../store/store.js';
import type { Callbacks } from './callback/callback.js';
import type { Channels } from './channels/channels.js';
import type { Prepared } from './delivery/item.js';
import { printItem } from './delivery/printed.js';

export interface TellerDeps {
  readonly store: Pick<Store, 'laneDepth'>;
  readonly callbacks: Callbacks;
  readonly channels: Pick<Channels, 'tell'>;
  readonly metrics: Metrics;
  readonly known: (subscriptionId: string) => Subscription | undefined;
  /** Whether the worker has items of the lane in hand. */
  readonly holds: (lane: string) => boolean;
  /** A place for one callback, to be given back; undefined: none is free, or the other side must be spared. */
  readonly enter: (subscription: Subscription) => (() => void) | undefined;
}

export interface Teller {
  tell(prepared: Prepared): void;
}

export function createTeller(deps: TellerDeps): Teller {
  /** Lanes with one under way, and the latest that came meanwhile: an older state must not overtake a newer one. */
  const underWay = new Map<string, Prepared | undefined>();

  const post = async ({ id, lane, item }: Prepared): Promise<boolean> => {
    const subscription = deps.known(item.subscriptionId);
    if (!subscription || deps.holds(lane) || (await deps.store.laneDepth('notify', lane)) > 0) return false;
    const isTold = deps.channels.tell(subscription, item);
    if (isTold !== undefined) return isTold;
    const leave = deps.enter(subscription);
    if (!leave) return false;
    try {
      const { platformId, notifyURL } = subscription;
      const result = await deps.callbacks.post({ platformId, notifyURL, notificationId: id, ...printItem(item) });
      return result.kind === 'answered' && result.status < 300;
    } finally {
      leave();
    }
  };
  const deliver = async (prepared: Prepared): Promise<void> => {
    underWay.set(prepared.lane, undefined);
    const isTaken = await post(prepared).catch(() => false);
    deps.metrics.count('notify_told', { outcome: isTaken ? 'done' : 'dropped' });
    const next = underWay.get(prepared.lane);
    underWay.delete(prepared.lane);
    if (next) void deliver(next);
  };
  return {
    tell(prepared) {
      if (underWay.has(prepared.lane)) underWay.set(prepared.lane, prepared);
      else void deliver(prepared);
    },
  };
}
