/** What the store keeps of a subscription, of how one ended, and of the first answer to a clientCorrelator. */
import { createHash } from 'node:crypto';
import type { Chatbot } from '../../iwf/actions.js';
import type { Subscription, SubscriptionApi } from '../../resources/subscription.js';
import type { Put, Remove, Store } from '../../store/store.js';
import { recordTable } from '../records.js';

/** Why a subscription ended other than by its bot's wish; what it still had queued becomes dead letters. */
export type EndReason = 'gone' | 'expired' | 'suspended';

export interface KeptSubscription {
  readonly subscription: Subscription;
  /** Id of the correlator record that answers with this subscription. */
  readonly correlatorKey?: string;
}

export interface FirstAnswer {
  readonly fingerprint: string;
  readonly subscriptionId: string;
}

export interface SubscriptionEnd {
  readonly reason: EndReason;
  readonly subscriptionId: string;
  readonly bot: string;
  readonly platformId: string;
  /** Wall clock. */
  readonly atMs: number;
}

/** By subscription id. */
export const keptSubscriptions = recordTable<KeptSubscription>('subscription');
/** By correlatorKey. */
export const firstAnswers = recordTable<FirstAnswer>('correlator', 'subscription|');
/** By subscription id. */
export const subscriptionEnds = recordTable<SubscriptionEnd>('audit', 'subscription-end|');

/** An expired record outlives its subscription for so long, so that its end is seen and kept even after a pause. */
const graceMs = 86_400_000;

export function putSubscription(kept: KeptSubscription, nowMs: number, ifRevision?: number): Put {
  const { id, expiresAtMs } = kept.subscription;
  return keptSubscriptions.put(id, kept, {
    ...(expiresAtMs === undefined ? {} : { ttlMs: Math.max(0, expiresAtMs - nowMs) + graceMs }),
    ...(ifRevision === undefined ? {} : { ifRevision }),
  });
}

/** All that a subscription leaves in the store; its correlator may stand for a later one by now. */
export async function removalOf(store: Store, { subscription, correlatorKey }: KeptSubscription): Promise<Remove[]> {
  const own = keptSubscriptions.remove(subscription.id);
  if (correlatorKey === undefined) return [own];
  const answer = await firstAnswers.get(store, correlatorKey);
  return answer?.value.subscriptionId === subscription.id ? [own, firstAnswers.remove(correlatorKey)] : [own];
}

/** Its scope is the bot and the collection; hashed, for a bot chooses its length. */
export function correlatorKeyOf(bot: Chatbot, api: SubscriptionApi, correlator: string): string {
  return createHash('sha256')
    .update(JSON.stringify([bot.uri, api, correlator]))
    .digest('hex');
}
