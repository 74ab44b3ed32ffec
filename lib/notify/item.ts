/** An item of the notify queue: the body as it is sent at every try, and what is to be known of it without reading it. */
import { randomUUID } from 'node:crypto';
import type { Notification, NotificationKind } from '../resources/notification.js';
import type { Subscription } from '../resources/subscription.js';
import type { ClaimedItem, Enqueue, Json } from '../store/store.js';

/** Whose message or receipt a notification tells of. */
export interface About {
  readonly kind: NotificationKind;
  readonly bot: string;
  /** The user. */
  readonly contact: string;
  readonly messageId?: string;
}

export interface NotifyItem {
  readonly subscriptionId: string;
  readonly about: About;
  /** The complete JSON text. */
  readonly body: string;
  /** Wall clock, ms: the end of the message's own life, where that comes before the validity of all callbacks. */
  readonly expiresAtMs?: number;
}

/** What the printer needs beside the notification. */
export interface PrintContext {
  readonly notificationId: string;
  readonly callbackData?: string;
  readonly serverRoot: string;
  readonly subscriptionId: string;
}

/** Makes the body of a notification: a complete JSON text with one root element. */
export type Print = (notification: Notification, context: PrintContext) => string;

export interface Prepared {
  readonly id: string;
  readonly lane: string;
  readonly item: NotifyItem;
}

/** The item that tells `subscription` of `notification`, with an id of its own that every try repeats. */
export function prepare(
  notification: Notification,
  subscription: Subscription,
  how: { readonly print: Print; readonly serverRoot: string; readonly expiresAtMs?: number | undefined },
): Prepared {
  const notificationId = randomUUID();
  const { id: subscriptionId, callbackData } = subscription;
  const about = aboutOf(notification);
  const context = { notificationId, serverRoot: how.serverRoot, subscriptionId };
  const body = how.print(notification, callbackData === undefined ? context : { ...context, callbackData });
  return {
    id: notificationId,
    lane: laneOf(subscriptionId, about.bot, about.contact),
    item: { subscriptionId, about, body, ...(how.expiresAtMs === undefined ? {} : { expiresAtMs: how.expiresAtMs }) },
  };
}

/** `subscription|bot|user`, each part escaped: no address can reach into another lane. */
export function laneOf(subscriptionId: string, bot: string, contact: string): string {
  return [subscriptionId, bot, contact].map((part) => part.replace(/[%|]/g, escapeChar)).join('|');
}

function escapeChar(char: string): string {
  return char === '%' ? '%25' : '%7C';
}

export function enqueue({ id, lane, item }: Prepared): Enqueue {
  return { queue: 'notify', lane, id, value: item as unknown as Json };
}

/** Undefined for a value of another shape. */
export function readItem({ value }: ClaimedItem): NotifyItem | undefined {
  const item = value as unknown as Partial<NotifyItem> | null;
  if (typeof item?.subscriptionId !== 'string' || typeof item.body !== 'string' || !item.about) return undefined;
  return item as NotifyItem;
}

function aboutOf(notification: Notification): About {
  switch (notification.kind) {
    case 'chatMessage': {
      const { kind, bot, senderAddress: contact, messageId } = notification;
      return { kind, bot, contact, messageId };
    }
    case 'isComposing':
      return { kind: notification.kind, bot: notification.bot, contact: notification.senderAddress };
    case 'messageStatus': {
      const { kind, bot, contact, messageId } = notification;
      return { kind, bot, contact, messageId };
    }
  }
}
