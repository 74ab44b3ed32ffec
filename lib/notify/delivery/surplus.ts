/**
 * A subscription that nobody answers for holds its share of what may wait for the bot, and no more: what is beyond it is given
 * up, so that the bot's other subscriptions are told all the same (design §1). Of a bot with one subscription nothing is:
 * there the network keeps what does not fit.
 */
import type { Subscription, SubscriptionApi } from '../../resources/subscription.js';
import type { Claim, ClaimedItem, Store } from '../../store/store.js';
import type { Health } from '../pace/health.js';
import type { PlatformLimits } from '../options.js';
import { escapePart, readItem } from './item.js';

export interface SurplusDeps {
  readonly store: Pick<Store, 'groupDepth' | 'laneDepth'>;
  readonly health: Pick<Health, 'waitMs'>;
  /** Live subscriptions of a bot, from memory. */
  readonly ofBot: (bot: string, api: SubscriptionApi) => readonly Subscription[];
  /** By the bot's platform. */
  readonly limitsOf: (bot: string) => Pick<PlatformLimits, 'queuedPerBot' | 'laneLength'>;
}

/** Whether a claim of a subscription that must wait is too much; never where nobody else is told of the same. */
export async function isSurplus(
  claim: Claim,
  { id, api, bot }: Pick<Subscription, 'id' | 'api' | 'bot'>,
  { store, health, ofBot, limitsOf }: SurplusDeps,
): Promise<boolean> {
  const all = ofBot(bot, api);
  const isHeard = all.some((other) => other.id !== id && health.waitMs(other) === 0);
  if (!isHeard || !claim.items.every(hasCopies)) return false;
  const { queuedPerBot, laneLength } = limitsOf(bot);
  if ((await store.groupDepth(claim.queue, escapePart(id))) > queuedPerBot / all.length) return true;
  return (await store.laneDepth(claim.queue, claim.lane)) >= laneLength;
}

function hasCopies(claimed: ClaimedItem): boolean {
  return (readItem(claimed)?.about.copies ?? 1) > 1;
}
