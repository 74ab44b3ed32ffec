/** Notifications: which subscription wants what, and the queue items of one event. */
import type { Notification, NotificationKind } from '../../resources/notification.js';
import type { Subscription, SubscriptionApi } from '../../resources/subscription.js';
import type { Enqueue } from '../../store/store.js';
import { enqueue, laneOf, prepare, type Prepared, type Print } from './item.js';
import type { Notifications } from '../notifications.js';
import type { Room } from '../room.js';

export interface DispatcherDeps {
  /** Live subscriptions of a bot, from memory. */
  readonly ofBot: (bot: string, api: SubscriptionApi) => readonly Subscription[];
  readonly print: Print;
  /** Base of the resourceURLs that the bot's platform sees. */
  readonly serverRoot: (bot: string) => string;
  /** Delivers once, at once, or drops. */
  readonly tellNow: (prepared: Prepared) => void;
  /** Whether these lanes of the bot may grow. */
  readonly room: (bot: string, lanes: readonly string[]) => Promise<Room>;
}

/** The API whose subscriptions are told of a kind. */
export const apiOfKind: Readonly<Record<NotificationKind, SubscriptionApi>> = {
  chatMessage: 'chat',
  isComposing: 'chat',
  messageStatus: 'chat',
  chatEvent: 'chat',
  chatSessionInvitation: 'chat',
  chatSubscriptionCancellation: 'chat',
  capability: 'capabilitydiscovery',
  spamReport: 'spamreport',
  privacyCommand: 'aliasmgmt',
  aliasLink: 'aliasmgmt',
};

export function createNotifications(deps: DispatcherDeps): Notifications {
  const prepareAll = (notification: Notification, expiresAtMs?: number): readonly Prepared[] => {
    const { bot, kind } = notification;
    const takers = takersOf(deps.ofBot(bot, apiOfKind[kind]), notification);
    if (takers.length === 0) return [];
    const how = { print: deps.print, serverRoot: deps.serverRoot(bot), expiresAtMs, takers: takers.length };
    return takers.map((subscription) => prepare(notification, subscription, how));
  };
  return {
    wanted: (bot, kind) =>
      deps.ofBot(bot, apiOfKind[kind]).some((subscription) => takes(subscription, chatOf({ kind }))),
    items: (notification, { expiresAtMs } = {}): readonly Enqueue[] =>
      prepareAll(notification, expiresAtMs).map(enqueue),
    tell: (notification) => prepareAll(notification).forEach(deps.tellNow),
    room: (bot, contact) =>
      deps.room(
        bot,
        deps.ofBot(bot, 'chat').map(({ id }) => laneOf(id, bot, contact)),
      ),
    roomFor: (bot, items) =>
      items.length === 0
        ? Promise.resolve('free')
        : deps.room(
            bot,
            items.map(({ lane }) => lane),
          ),
  };
}

/** The reserved session of messages whose transport the gateway chooses. */
const adhoc = 'adhoc';

type Chat = 'adhoc' | 'confirmed' | 'any';

/** In which kind of chat it happened; a message or receipt without a session is told as adhoc. */
function chatOf(notification: Pick<Notification, 'kind'> & { readonly sessionId?: string }): Chat {
  switch (notification.kind) {
    case 'chatMessage':
    case 'isComposing':
    case 'messageStatus':
      return (notification.sessionId ?? adhoc) === adhoc ? 'adhoc' : 'confirmed';
    case 'chatEvent':
    case 'chatSessionInvitation':
      return 'confirmed';
    case 'chatSubscriptionCancellation':
    case 'capability':
    case 'spamReport':
    case 'privacyCommand':
    case 'aliasLink':
      return 'any';
  }
}

/** A bot that is told nothing of confirmed sessions is told what became of its messages in them all the same. */
function takersOf(subscriptions: readonly Subscription[], notification: Notification): readonly Subscription[] {
  const chat = chatOf(notification);
  const takers = subscriptions.filter((subscription) => takes(subscription, chat));
  if (takers.length > 0 || chat !== 'confirmed' || notification.kind !== 'messageStatus') return takers;
  return subscriptions.filter((subscription) => takes(subscription, 'adhoc'));
}

function takes(subscription: Subscription, chat: Chat): boolean {
  switch (chat) {
    case 'adhoc':
      return subscription.adhocChatSupported;
    case 'confirmed':
      return subscription.confirmedChatSupported;
    case 'any':
      return true;
  }
}
