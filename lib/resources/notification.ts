/** What a platform is told: one union, one root element each. */
import { type ChatMessage, chatMessageSchema } from './chat-message.js';
import { inSchemaOrder } from './dialects.js';
import { type IsComposing, isComposingSchema } from './is-composing.js';
import { type MessageStatus, messageStatuses } from './message-status.js';
import { callbackData, link, type Schema } from './schema.js';
import { messageStatusUrl, messageUrl, type Owner, subscriptionUrl } from './urls.js';

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

/** One member for each root element; rows to come: chatEvent, chatSessionInvitation, spamReport, privacyCommand, aliasLink, capability. */
export type Notification = ChatMessageNotification | ChatComposingNotification | ChatMessageStatusNotification;

export type NotificationKind = Notification['kind'];

const notificationId: Schema = {
  type: 'string',
  description: 'Ours: the same on every retry, and equal to the header `webhook-id`.',
};

export const chatMessageNotificationSchema: Schema = {
  type: 'object',
  description: 'A message from a user, or that a user is writing.',
  properties: {
    callbackData,
    link,
    dateTime: { type: 'string', description: 'When it was sent (RFC 3339).' },
    chatMessage: chatMessageSchema,
    isComposing: isComposingSchema,
    sessionId: { type: 'string', description: '`adhoc`, or the confirmed session’s.' },
    messageId: { type: 'string' },
    senderAddress: { type: 'string' },
    senderName: { type: 'string' },
    notificationId,
  },
  required: ['dateTime', 'sessionId', 'senderAddress', 'notificationId'],
};

export const chatMessageStatusNotificationSchema: Schema = {
  type: 'object',
  description: 'What became of a message of the bot.',
  properties: {
    callbackData,
    link,
    status: { type: 'string', enum: messageStatuses },
    messageId: { type: 'string' },
    description: { type: 'string', description: 'Ours: the reason in words.' },
    notificationId,
  },
  required: ['status', 'messageId', 'notificationId'],
};

/** What differs from one subscription to the next. */
export interface NotificationDelivery {
  readonly notificationId: string;
  readonly callbackData?: string;
  readonly serverRoot: string;
  readonly subscriptionId: string;
}

interface Link {
  readonly rel: string;
  readonly href: string;
}

/** The notification under its one root element, as a platform is told it. */
export function printNotification(notification: Notification, delivery: NotificationDelivery): Record<string, unknown> {
  switch (notification.kind) {
    case 'chatMessage':
    case 'isComposing':
      return { chatMessageNotification: messageForm(notification, delivery) };
    case 'messageStatus':
      return { chatMessageStatusNotification: statusForm(notification, delivery) };
  }
}

function messageForm(
  notification: ChatMessageNotification | ChatComposingNotification,
  delivery: NotificationDelivery,
): unknown {
  return inSchemaOrder(chatMessageNotificationSchema, {
    ...common(delivery),
    link: [...receiptLink(notification, delivery), subscriptionLink(notification, delivery)],
    dateTime: notification.dateTime,
    ...content(notification),
    sessionId: notification.sessionId,
    senderAddress: notification.senderAddress,
  });
}

function content(notification: ChatMessageNotification | ChatComposingNotification): object {
  if (notification.kind === 'isComposing') return { isComposing: notification.isComposing };
  const { message, messageId, senderName } = notification;
  return { chatMessage: message, messageId, senderName };
}

function statusForm(notification: ChatMessageStatusNotification, delivery: NotificationDelivery): unknown {
  const { status, messageId, description } = notification;
  const href = messageUrl(owner(notification, delivery), notification);
  return inSchemaOrder(chatMessageStatusNotificationSchema, {
    ...common(delivery),
    // Platforms take the first link for the message's Location.
    link: [{ rel: 'ChatMessage', href }, subscriptionLink(notification, delivery)],
    status,
    messageId,
    description,
  });
}

function common(delivery: NotificationDelivery): object {
  return { callbackData: delivery.callbackData, notificationId: delivery.notificationId };
}

/** Where the bot puts its receipt, only if the user asked for one. */
function receiptLink(
  notification: ChatMessageNotification | ChatComposingNotification,
  delivery: NotificationDelivery,
): readonly Link[] {
  if (notification.kind === 'isComposing' || !notification.receiptAsked) return [];
  const { senderAddress: contact, sessionId, messageId } = notification;
  const href = messageStatusUrl(owner(notification, delivery), { contact, sessionId, messageId });
  return [{ rel: 'MessageStatusReport', href }];
}

function subscriptionLink(notification: Notification, delivery: NotificationDelivery): Link {
  const href = subscriptionUrl(owner(notification, delivery), 'chat', delivery.subscriptionId);
  return { rel: 'ChatNotificationSubscription', href };
}

function owner(notification: Notification, delivery: NotificationDelivery): Owner {
  return { serverRoot: delivery.serverRoot, bot: notification.bot };
}
