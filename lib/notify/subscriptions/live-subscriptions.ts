/** The live subscriptions in memory: by id, and by bot and API; none whose time is over. */
import type { Subscription, SubscriptionApi } from '../../resources/subscription.js';
import type { KeptSubscription } from './subscription-record.js';

export interface LiveSubscriptions {
  readonly size: number;
  get(id: string): KeptSubscription | undefined;
  ofBot(bot: string, api: SubscriptionApi): readonly KeptSubscription[];
  countOfBot(bot: string): number;
  countOfPlatform(platformId: string): number;
  set(kept: KeptSubscription): void;
  delete(id: string): void;
  /** Those whose time is over. */
  expired(nowMs: number): readonly KeptSubscription[];
  /** When the next one's time is over (wall clock, ms). */
  nextExpiryMs(): number | undefined;
  ids(): readonly string[];
}

export function isExpired({ expiresAtMs }: Subscription, nowMs: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= nowMs;
}

/** The same with a new duration in seconds from now on; 0: for ever. */
export function lasting(subscription: Subscription, duration: number, nowMs: number): Subscription {
  const copy: { -readonly [K in keyof Subscription]: Subscription[K] } = { ...subscription };
  delete copy.duration;
  delete copy.expiresAtMs;
  return duration > 0 ? { ...copy, duration, expiresAtMs: nowMs + duration * 1000 } : copy;
}

export function createLiveSubscriptions(): LiveSubscriptions {
  const byId = new Map<string, KeptSubscription>();
  const byBot = new Map<string, Map<string, KeptSubscription>>();
  const byPlatform = new Map<string, number>();
  const count = ({ subscription: { platformId } }: KeptSubscription, more: number): void => {
    byPlatform.set(platformId, (byPlatform.get(platformId) ?? 0) + more);
  };
  const remove = (id: string): void => {
    const kept = byId.get(id);
    if (!kept) return;
    byId.delete(id);
    count(kept, -1);
    const ofBot = byBot.get(kept.subscription.bot);
    ofBot?.delete(id);
    if (ofBot?.size === 0) byBot.delete(kept.subscription.bot);
  };
  return {
    get size() {
      return byId.size;
    },
    get: (id) => byId.get(id),
    ofBot: (bot, api) => [...(byBot.get(bot)?.values() ?? [])].filter((kept) => kept.subscription.api === api),
    countOfBot: (bot) => byBot.get(bot)?.size ?? 0,
    countOfPlatform: (platformId) => byPlatform.get(platformId) ?? 0,
    set(kept) {
      const { id, bot } = kept.subscription;
      if (!byId.has(id)) count(kept, 1);
      byId.set(id, kept);
      const ofBot = byBot.get(bot) ?? new Map<string, KeptSubscription>();
      byBot.set(bot, ofBot.set(id, kept));
    },
    delete: remove,
    expired: (nowMs) => [...byId.values()].filter((kept) => isExpired(kept.subscription, nowMs)),
    nextExpiryMs() {
      let next: number | undefined;
      for (const { subscription } of byId.values()) {
        if (subscription.expiresAtMs !== undefined) next = Math.min(next ?? Infinity, subscription.expiresAtMs);
      }
      return next;
    },
    ids: () => [...byId.keys()],
  };
}
