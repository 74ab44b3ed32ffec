/** An item of the notify queue: the body that every try sends, and what is to be known of it without reading it. */
import { randomUUID } from 'node:crypto';
import type { Notification, NotificationKind } from '../../resources/notification.js';
import type { Subscription } from '../../resources/subscription.js';
import type { ClaimedItem, Enqueue, Json } from '../../store/store.js';

/** Whose message or receipt a notification tells of. */
export type About = {
  readonly kind: NotificationKind;
  readonly bot: string;
  /** The user. */
  readonly contact: string;
  readonly messageId?: string;
  /** Subscriptions that are told of it; absent: this one alone. */
  readonly copies?: number;
  /** It was a dead letter once, and its user knows. */
  readonly replayed?: true;
};

export type NotifyItem = {
  readonly subscriptionId: string;
  readonly about: About;
  /** The complete JSON text; what is sent is printed from it. */
  readonly body: string;
  /** How it is sent; absent: as JSON. */
  readonly format?: 'XML';
  /** Wall clock, ms: the end of the message's own life, where that comes before the validity of all callbacks. */
  readonly expiresAtMs?: number;
  /** Where it goes, for the subscription is no more: this tells of its end. */
  readonly farewellTo?: Subscription;
};

/** What the printer needs beside the notification. */
export interface PrintContext {
  readonly notificationId: string;
  readonly callbackData?: string | undefined;
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

interface PrepareTerms {
  readonly print: Print;
  readonly serverRoot: string;
  readonly expiresAtMs?: number | undefined;
  /** Subscriptions that are told of it. */
  readonly takers: number;
}

/** The item that tells `subscription` of `notification`, with an id of its own that every try repeats. */
export function prepare(notification: Notification, subscription: Subscription, how: PrepareTerms): Prepared {
  const notificationId = randomUUID();
  const { id: subscriptionId, callbackData, notificationFormat } = subscription;
  const told = aboutOf(notification);
  const about: About = how.takers > 1 ? { ...told, copies: how.takers } : told;
  const body = how.print(notification, { notificationId, serverRoot: how.serverRoot, subscriptionId, callbackData });
  const item: { -readonly [K in keyof NotifyItem]: NotifyItem[K] } = { subscriptionId, about, body };
  if (notificationFormat === 'XML') item.format = 'XML';
  if (how.expiresAtMs !== undefined) item.expiresAtMs = how.expiresAtMs;
  return { id: notificationId, lane: laneOf(subscriptionId, about.bot, about.contact), item };
}

/** Tells a subscription that has ended of its end. */
export function prepareFarewell(subscription: Subscription, how: Omit<PrepareTerms, 'takers'>): Prepared {
  const notification: Notification = { kind: 'chatSubscriptionCancellation', bot: subscription.bot };
  const { item, ...place } = prepare(notification, subscription, { ...how, takers: 1 });
  return { ...place, item: { ...item, farewellTo: subscription } };
}

/** `subscription|bot|user`, each part escaped: no address can reach into another lane. */
export function laneOf(subscriptionId: string, bot: string, contact: string): string {
  return `${escapePart(subscriptionId)}|${escapePart(bot)}|${escapePart(contact)}`;
}

export function escapePart(part: string): string {
  return part.includes('|') || part.includes('%') ? part.replace(/[%|]/g, escapeChar) : part;
}

function escapeChar(char: string): string {
  return char === '%' ? '%25' : '%7C';
}

export function enqueue({ id, lane, item }: Prepared): Enqueue {
  return { queue: 'notify', lane, id, value: item as object as Json };
}

/** Undefined for a value of another shape. */
export function readItem({ value }: ClaimedItem): NotifyItem | undefined {
  const item = value as Partial<NotifyItem> | null;
  if (typeof item?.subscriptionId !== 'string' || typeof item.body !== 'string' || !item.about) return undefined;
  return item as NotifyItem;
}

/** When it is given up (wall clock, ms): at its own end, and never later than all callbacks are. */
export function endOf(claimed: ClaimedItem, validityMs: number): number {
  return Math.min(readItem(claimed)?.expiresAtMs ?? Infinity, claimed.enqueuedAtMs + validityMs);
}

function aboutOf(notification: Notification): About {
  const { kind, bot } = notification;
  switch (notification.kind) {
    case 'chatMessage':
      return { kind, bot, contact: notification.senderAddress, messageId: notification.messageId };
    case 'messageStatus':
      return { kind, bot, contact: notification.contact, messageId: notification.messageId };
    case 'isComposing':
      return { kind, bot, contact: notification.senderAddress };
    case 'chatEvent':
      return { kind, bot, contact: notification.contact };
    case 'chatSessionInvitation':
      return { kind, bot, contact: notification.originatorAddress };
    case 'chatSubscriptionCancellation':
      return { kind, bot, contact: '' };
    case 'capability':
      return { kind, bot, contact: notification.capabilities.contactId };
    case 'spamReport':
      return { kind, bot, contact: notification.report.senderAddress };
    case 'privacyCommand':
      return { kind, bot, contact: notification.command.senderAddress };
    case 'aliasLink':
      return { kind, bot, contact: notification.report.userAddress ?? notification.report.alias ?? '' };
  }
}
