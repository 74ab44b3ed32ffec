/** Whether one more thing of a bot and a user may wait: the bot's share of both queues, and the length of the user's lanes. */
import type { Metrics } from '../metrics.js';
import type { Store } from '../store/store.js';
import { escapePart } from './item.js';
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
  const { store, metrics, limitsOf } = deps;
  const { queuedPerBot, laneLength } = limitsOf(bot);
  const [toUsers, toPlatform, ...lengths] = await Promise.all([
    store.ownerDepth('outbound', bot),
    store.ownerDepth('notify', escapePart(bot)),
    ...lanes.map((lane) => store.laneDepth('notify', lane)),
  ]);
  const room: Room =
    toUsers + toPlatform >= queuedPerBot
      ? 'bot is full'
      : lengths.some((length) => length >= laneLength)
        ? 'user is full'
        : 'free';
  if (room !== 'free') {
    metrics.count('limit_reached_total', {
      limit: room === 'bot is full' ? 'limits.queuedPerBot' : 'limits.laneLength',
    });
  }
  return room;
}
