/** Lanes that nobody will be told of: dead letters, lane by lane as they come up. */
import type { Subscription } from '../../resources/subscription.js';
import type { Claim, Store } from '../../store/store.js';
import { readItem } from './item.js';
import { merge, type DeadReason, type Letters } from './letters.js';
import type { EndReason } from '../subscriptions/subscription-record.js';

export interface BurialDeps {
  readonly store: Pick<Store, 'ack'>;
  readonly letters: Letters;
  readonly subscriptions: {
    end(id: string, reason: EndReason): Promise<void>;
    endOf(id: string): Promise<EndReason | undefined>;
  };
}

/** Settles all items of `claim`; of a live `subscription`, whose URL is gone (410), ends it before. */
export async function bury(claim: Claim, subscription: Subscription | undefined, deps: BurialDeps): Promise<void> {
  if (subscription) await deps.subscriptions.end(subscription.id, 'gone');
  const item = claim.items[0] && readItem(claim.items[0]);
  const reason = item ? reasonOf(await deps.subscriptions.endOf(item.subscriptionId)) : 'unreadable';
  await giveUp(claim, reason, deps);
}

/** Settles all items of `claim` as dead letters. */
export async function giveUp(
  claim: Claim,
  reason: DeadReason,
  { store, letters }: Pick<BurialDeps, 'store' | 'letters'>,
): Promise<void> {
  const changes = await Promise.all(claim.items.map((each) => letters.dead(each, { reason })));
  await store.ack(claim, { count: claim.items.length, changes: merge(changes) });
}

function reasonOf(end: EndReason | undefined): DeadReason {
  switch (end) {
    case 'gone':
      return 'gone';
    case 'expired':
    case 'suspended':
      return 'ended';
    case undefined:
      return 'removed';
  }
}
