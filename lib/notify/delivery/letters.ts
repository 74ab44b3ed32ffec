/** What becomes of an item in the end: taken by the platform, or a dead letter that is kept, counted and told of. */
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import type { Changes, ClaimedItem } from '../../store/store.js';
import type { DeadLetters } from './dead-letters.js';
import { readItem, type About, type NotifyItem } from './item.js';

/**
 * `refused`: the platform answered 4xx; `expired`: its validity ended; `gone`: the platform answered 410;
 * `ended`: the subscription's time was over; `removed`: the bot removed the subscription; `surplus`: nobody answers there,
 * and it holds more than its share of what may wait for the bot; `unreadable`: not ours.
 */
export type DeadReason = 'refused' | 'expired' | 'gone' | 'ended' | 'removed' | 'surplus' | 'unreadable';

export interface Letter {
  readonly notificationId: string;
  readonly subscriptionId: string;
  readonly about: About;
  /** Wall clock, ms. */
  readonly enqueuedAtMs: number;
  /** Tries that failed before. */
  readonly attempts: number;
}

export interface DeadLetter extends Letter {
  readonly reason: DeadReason;
  /** HTTP status where the platform refused it. */
  readonly status?: number;
}

/** What the owner of a message commits together with the end of its notification; without `ifRevision`. */
export interface LetterHooks {
  /** The platform has taken it. */
  readonly onDelivered?: (letter: Letter) => Promise<Changes | undefined> | Changes | undefined;
  /** It will never be taken: time to tell the user who asked for negative delivery. */
  readonly onDead?: (letter: DeadLetter) => Promise<Changes | undefined> | Changes | undefined;
}

export interface LettersDeps extends LetterHooks {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly keep: DeadLetters['keep'];
}

export interface Letters {
  /** Changes to commit with the ack of a delivered item. */
  delivered(claimed: ClaimedItem): Promise<Changes>;
  /** Changes to commit with the ack of an item that is given up. */
  dead(claimed: ClaimedItem, why: { readonly reason: DeadReason; readonly status?: number }): Promise<Changes>;
}

export function createLetters(deps: LettersDeps): Letters {
  const asked = async (hook: () => Promise<Changes | undefined> | Changes | undefined): Promise<Changes> => {
    try {
      return (await hook()) ?? {};
    } catch (error) {
      // Its fault must not hold up the lane for ever.
      deps.log.error('hook of a notification failed', { error: error instanceof Error ? error.stack : String(error) });
      return {};
    }
  };
  return {
    async delivered(claimed) {
      const item = deps.onDelivered && readItem(claimed);
      return item ? asked(() => deps.onDelivered?.(letterOf(claimed, item))) : {};
    },
    async dead(claimed, why) {
      deps.metrics.count('notify_dead_letters', { reason: why.reason });
      const item = readItem(claimed);
      const of = { notificationId: claimed.id, bot: item?.about.bot, messageId: item?.about.messageId };
      deps.log.warn('notification given up', { ...of, ...why, attempts: claimed.attempts });
      if (!item) return {};
      const letter: DeadLetter = { ...letterOf(claimed, item), ...why };
      const changes = await asked(() => deps.onDead?.(letter));
      // Of a subscription that its bot removed nothing is to be played again, nor is the news that one has ended.
      const isPlayable = why.reason !== 'removed' && item.farewellTo === undefined;
      return isPlayable ? merge([changes, { put: deps.keep(letter, item) }]) : changes;
    },
  };
}

function letterOf({ id, enqueuedAtMs, attempts }: ClaimedItem, { subscriptionId, about }: NotifyItem): Letter {
  return { notificationId: id, subscriptionId, about, enqueuedAtMs, attempts };
}

export function merge(all: readonly Changes[]): Changes {
  if (all.length === 1) return all[0] ?? {};
  return {
    put: all.flatMap(({ put }) => put ?? []),
    remove: all.flatMap(({ remove }) => remove ?? []),
    enqueue: all.flatMap(({ enqueue }) => enqueue ?? []),
  };
}
