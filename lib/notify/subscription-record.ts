/** What the store keeps of a subscription, of how one ended, and of the first answer to a clientCorrelator. */
import { createHash } from 'node:crypto';
import type { Chatbot } from '../iwf/actions.js';
import type { Subscription, SubscriptionApi } from '../resources/subscription.js';
import type { Json, Put, Remove } from '../store/store.js';

/** Why a subscription ended other than by its bot's wish; what it still had queued becomes dead letters. */
export type EndReason = 'gone' | 'expired';

export interface KeptSubscription {
  readonly subscription: Subscription;
  /** Key of the correlator record that answers with this subscription. */
  readonly correlatorKey?: string;
}

/** An expired record outlives its subscription for so long, so that its end is seen and kept even after a pause. */
const graceMs = 86_400_000;

export function putSubscription(kept: KeptSubscription, nowMs: number, ifRevision?: number): Put {
  const { id, expiresAtMs } = kept.subscription;
  return {
    kind: 'subscription',
    key: id,
    value: toJson(kept),
    ...(expiresAtMs === undefined ? {} : { ttlMs: Math.max(0, expiresAtMs - nowMs) + graceMs }),
    ...(ifRevision === undefined ? {} : { ifRevision }),
  };
}

/** All that a subscription leaves in the store. */
export function removeSubscription({ subscription, correlatorKey }: KeptSubscription): Remove[] {
  const own: Remove = { kind: 'subscription', key: subscription.id };
  return correlatorKey === undefined ? [own] : [own, { kind: 'correlator', key: correlatorKey }];
}

/** Undefined for a record of another shape. */
export function readSubscription(value: Json | undefined): KeptSubscription | undefined {
  const kept = value as unknown as Partial<KeptSubscription> | null | undefined;
  const subscription: Partial<Subscription> | undefined = kept?.subscription;
  if (typeof subscription?.id !== 'string' || typeof subscription.bot !== 'string') return undefined;
  return kept as KeptSubscription;
}

export interface FirstAnswer {
  readonly fingerprint: string;
  readonly subscriptionId: string;
}

/** Its scope is the bot and the collection; hashed, for a bot chooses its length. */
export function correlatorKey(bot: Chatbot, api: SubscriptionApi, correlator: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([bot.uri, api, correlator]))
    .digest('hex');
  return `subscription|${digest}`;
}

export function putFirstAnswer(key: string, answer: FirstAnswer, ttlMs: number): Put {
  return { kind: 'correlator', key, value: toJson(answer), ttlMs, ifRevision: 0 };
}

export function readFirstAnswer(value: Json | undefined): FirstAnswer | undefined {
  const answer = value as unknown as Partial<FirstAnswer> | null | undefined;
  return typeof answer?.fingerprint === 'string' ? (answer as FirstAnswer) : undefined;
}

export function endKey(subscriptionId: string): string {
  return `subscription-end|${subscriptionId}`;
}

export function putEnd(
  { id, bot, platformId }: Subscription,
  reason: EndReason,
  at: { ms: number; ttlMs: number },
): Put {
  const value = { reason, subscriptionId: id, bot, platformId, atMs: at.ms };
  return { kind: 'audit', key: endKey(id), value, ttlMs: at.ttlMs };
}

export function readEnd(value: Json | undefined): EndReason | undefined {
  const reason = (value as { readonly reason?: unknown } | null | undefined)?.reason;
  return reason === 'gone' || reason === 'expired' ? reason : undefined;
}

/** Our records are plain data: what JSON keeps of them is all there is. */
function toJson(value: KeptSubscription | FirstAnswer): Json {
  return value as unknown as Json;
}
