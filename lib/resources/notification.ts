/** What a platform is told: one union, one root element each. */
import { type ChatMessage, chatMessageSchema } from './chat-message.js';
import { inSchemaOrder } from './forms/dialects.js';
import { type IsComposing, isComposingSchema } from './is-composing.js';
import { type MessageStatus, messageStatuses } from './message-status.js';
import { type FurtherNotification, printFurtherNotification } from './further-notification.js';
import {
  type Link,
  type NotificationDelivery,
  notificationHead,
  notificationSchema,
  ownerOf,
} from './notification-head.js';
import { messageStatusUrl, messageUrl } from './urls.js';

export interface ChatMessageNotification {
  readonly kind: 'chatMessage';
  readonly bot: string;
  readonly senderAddress: string;
  readonly senderName?: string;
  readonly sessionId: string;
  readonly messageId: string;
  readonly dateTime: string;
  readonly message: ChatMessage;
  /** Then a link MessageStatusReport says where the bot puts its receipt. */
  readonly receiptAsked: boolean;
}

export interface ChatComposingNotification {
  readonly kind: 'isComposing';
  readonly bot: string;
  readonly senderAddress: string;
  readonly sessionId: string;
  readonly dateTime: string;
  readonly isComposing: IsComposing;
}

export interface ChatMessageStatusNotification {
  readonly kind: 'messageStatus';
  readonly bot: string;
  readonly contact: string;
  readonly sessionId: string;
  readonly messageId: string;
  readonly status: MessageStatus;
  readonly description?: string;
}

export type Notification =
  ChatMessageNotification | ChatComposingNotification | ChatMessageStatusNotification | FurtherNotification;

export type NotificationKind = Notification['kind'];

export const chatMessageNotificationSchema = notificationSchema(
  'A message from a user, or that a user is writing.',
  {
    dateTime: { type: 'string', description: 'When it was sent (RFC 3339).' },
    chatMessage: chatMessageSchema,
    isComposing: isComposingSchema,
    sessionId: { type: 'string', description: '`adhoc`, or the confirmed session’s.' },
    messageId: { type: 'string' },
    senderAddress: { type: 'string' },
    senderName: { type: 'string' },
  },
  ['dateTime', 'sessionId', 'senderAddress'],
);

export const chatMessageStatusNotificationSchema = notificationSchema(
  'What became of a message of the bot.',
  {
    status: { type: 'string', enum: messageStatuses },
    messageId: { type: 'string' },
    description: { type: 'string', description: 'Ours: the reason in words.' },
  },
  ['status', 'messageId'],
);

/** The notification under its one root element, as a platform is told it. */
export function printNotification(notification: Notification, delivery: NotificationDelivery): Record<string, unknown> {
  switch (notification.kind) {
    case 'chatMessage':
    case 'isComposing':
      return { chatMessageNotification: messageForm(notification, delivery) };
    case 'messageStatus':
      return { chatMessageStatusNotification: statusForm(notification, delivery) };
    default:
      return printFurtherNotification(notification, delivery);
  }
}

function messageForm(
  notification: ChatMessageNotification | ChatComposingNotification,
  delivery: NotificationDelivery,
): unknown {
  const { bot, dateTime, sessionId, senderAddress } = notification;
  const links = receiptLink(notification, delivery);
  const { callbackData, link, notificationId } = notificationHead({ bot, api: 'chat', links }, delivery);
  const said = notification.kind === 'chatMessage' ? notification : undefined;
  const isComposing = notification.kind === 'isComposing' ? notification.isComposing : undefined;
  // One literal: to spread several objects into one costs three times as much.
  return inSchemaOrder(chatMessageNotificationSchema, {
    callbackData,
    link,
    dateTime,
    chatMessage: said?.message,
    isComposing,
    sessionId,
    messageId: said?.messageId,
    senderAddress,
    senderName: said?.senderName,
    notificationId,
  });
}

/** Where the bot puts its receipt, only if the user asked for one. */
function receiptLink(
  notification: ChatMessageNotification | ChatComposingNotification,
  delivery: NotificationDelivery,
): readonly Link[] {
  if (notification.kind === 'isComposing' || !notification.receiptAsked) return [];
  const { senderAddress: contact, sessionId, messageId } = notification;
  const href = messageStatusUrl(ownerOf(notification, delivery), { contact, sessionId, messageId });
  return [{ rel: 'MessageStatusReport', href }];
}

function statusForm(notification: ChatMessageStatusNotification, delivery: NotificationDelivery): unknown {
  const { bot, status, messageId, description } = notification;
  // Platforms take the first link for the message's Location.
  const links = [{ rel: 'ChatMessage', href: messageUrl(ownerOf(notification, delivery), notification) }];
  const { callbackData, link, notificationId } = notificationHead({ bot, api: 'chat', links }, delivery);
  const members = { callbackData, link, status, messageId, description, notificationId };
  return inSchemaOrder(chatMessageStatusNotificationSchema, members);
}
