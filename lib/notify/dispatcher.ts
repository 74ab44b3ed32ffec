/** Notifications: which subscription wants what, and the queue items of one event. */
import type { Notification, NotificationKind } from '../resources/notification.js';
import type { Subscription, SubscriptionApi } from '../resources/subscription.js';
import type { Enqueue } from '../store/store.js';
import { enqueue, prepare, type Prepared, type Print } from './item.js';
import type { Notifications } from './notifications.js';

export interface DispatcherDeps {
  /** Live subscriptions of a bot, from memory. */
  readonly ofBot: (bot: string, api: SubscriptionApi) => readonly Subscription[];
  readonly print: Print;
  /** Base of the resourceURLs that the bot's platform sees. */
  readonly serverRoot: (bot: string) => string;
  /** Delivers once, at once, or drops. */
  readonly tellNow: (prepared: Prepared) => void;
}

/** The API whose subscriptions are told of a kind. */
const apiOfKind: Readonly<Record<NotificationKind, SubscriptionApi>> = {
  chatMessage: 'chat',
  isComposing: 'chat',
  messageStatus: 'chat',
};

export function createNotifications(deps: DispatcherDeps): Notifications {
  const prepareAll = (notification: Notification, expiresAtMs?: number): readonly Prepared[] => {
    const { bot, kind, sessionId } = notification;
    const takers = deps.ofBot(bot, apiOfKind[kind]).filter((subscription) => takes(subscription, sessionId));
    if (takers.length === 0) return [];
    const how = { print: deps.print, serverRoot: deps.serverRoot(bot), expiresAtMs };
    return takers.map((subscription) => prepare(notification, subscription, how));
  };
  return {
    wanted: (bot, kind) => deps.ofBot(bot, apiOfKind[kind]).some((subscription) => takes(subscription, adhoc)),
    items: (notification, { expiresAtMs } = {}): readonly Enqueue[] =>
      prepareAll(notification, expiresAtMs).map(enqueue),
    tell: (notification) => prepareAll(notification).forEach(deps.tellNow),
  };
}

/** The reserved session of messages whose transport the gateway chooses. */
const adhoc = 'adhoc';

function takes(subscription: Subscription, sessionId: string): boolean {
  return sessionId === adhoc ? subscription.adhocChatSupported : subscription.confirmedChatSupported;
}
