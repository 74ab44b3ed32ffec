/** What a platform is told: one union, one root element each. */
import type { ChatMessage } from './chat-message.js';
import type { IsComposing } from './is-composing.js';
import type { MessageStatus } from './message-status.js';

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
