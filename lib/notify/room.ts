/** Whether one more thing of a bot and a user may wait: the bot's share of both queues, and the length of the user's lanes. */
import type { Metrics } from '../metrics.js';
import type { Store } from '../store/store.js';
import { escapePart } from './delivery/item.js';
import type { PlatformLimits } from './options.js';

export interface RoomDeps {
  readonly store: Pick<Store, 'ownerDepth' | 'laneDepth'>;
  readonly metrics: Metrics;
  /** By the bot's platform. */
  readonly limitsOf: (bot: string) => Pick<PlatformLimits, 'queuedPerBot' | 'laneLength'>;
}

export type Room = 'free' | 'bot is full' | 'user is full';

/** `lanes`: those of the notify queue that it would wait in. */
export async function roomOf(bot: string, lanes: readonly string[], deps: RoomDeps): Promise<Room> {
  const room = await judge(bot, lanes, deps);
  if (room !== 'free') {
    const limit = room === 'bot is full' ? 'limits.queuedPerBot' : 'limits.laneLength';
    deps.metrics.count('limit_reached_total', { limit }, 1, bot);
  }
  return room;
}

/** One after the other: the store knows it at once, and to gather the answers would cost more than they do. */
async function judge(bot: string, lanes: readonly string[], { store, limitsOf }: RoomDeps): Promise<Room> {
  const { queuedPerBot, laneLength } = limitsOf(bot);
  const toUsers = await store.ownerDepth('outbound', bot);
  const toPlatform = await store.ownerDepth('notify', escapePart(bot));
  if (toUsers + toPlatform >= queuedPerBot) return 'bot is full';
  // One subscription that is told of him is enough: what becomes too much of the others is given up.
  for (const lane of lanes) if ((await store.laneDepth('notify', lane)) < laneLength) return 'free';
  return lanes.length > 0 ? 'user is full' : 'free';
}
