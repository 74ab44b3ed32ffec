/** The rarer notifications: sessions, capabilities, spam reports, privacy commands, alias links; one root element each. */
import { type AliasLink, aliasLinkSchema } from './alias-link.js';
import { type ContactServiceCapabilities, contactServiceCapabilitiesSchema } from './capabilities.js';
import { inSchemaOrder } from './forms/dialects.js';
import { type NotificationDelivery, notificationHead, notificationSchema, ownerOf } from './notification-head.js';
import { type PrivacyCommand, privacyCommandSchema } from './privacy-command.js';
import type { Schema } from './forms/schema.js';
import { type SpamReport, spamReportSchema } from './spam-report.js';
import type { SubscriptionApi } from './subscription.js';
import { chatSessionUrl, participantStatusUrl, privacyCommandStatusUrl } from './urls.js';

export interface ChatEventNotification {
  readonly kind: 'chatEvent';
  readonly bot: string;
  readonly contact: string;
  readonly sessionId: string;
  readonly eventType: 'Accepted' | 'Declined' | 'SessionEnded' | 'SessionCancelled' | 'SessionFailed';
}

export interface ChatSessionInvitationNotification {
  readonly kind: 'chatSessionInvitation';
  readonly bot: string;
  readonly originatorAddress: string;
  readonly originatorName?: string;
  readonly subject?: string;
  readonly sessionId: string;
}

export interface ChatSubscriptionCancellationNotification {
  readonly kind: 'chatSubscriptionCancellation';
  readonly bot: string;
}

export interface CapabilityNotification {
  readonly kind: 'capability';
  readonly bot: string;
  readonly capabilities: ContactServiceCapabilities;
}

export interface SpamReportNotification {
  readonly kind: 'spamReport';
  readonly bot: string;
  readonly report: SpamReport;
}

export interface PrivacyCommandNotification {
  readonly kind: 'privacyCommand';
  readonly bot: string;
  readonly command: PrivacyCommand;
}

export interface AliasLinkNotification {
  readonly kind: 'aliasLink';
  readonly bot: string;
  readonly report: AliasLink;
}

export type FurtherNotification =
  | ChatEventNotification
  | ChatSessionInvitationNotification
  | ChatSubscriptionCancellationNotification
  | CapabilityNotification
  | SpamReportNotification
  | PrivacyCommandNotification
  | AliasLinkNotification;

const text: Schema = { type: 'string' };

const eventTypes: readonly ChatEventNotification['eventType'][] = [
  'Accepted',
  'Declined',
  'SessionEnded',
  'SessionCancelled',
  'SessionFailed',
];

/** Root element → schema. */
export const furtherNotificationSchemas = {
  chatEventNotification: notificationSchema(
    'What happened to a confirmed session.',
    { eventType: { type: 'string', enum: eventTypes }, sessionId: text },
    ['eventType', 'sessionId'],
  ),
  chatSessionInvitationNotification: notificationSchema(
    'A user invites the bot to a session, which it accepts or declines.',
    { originatorAddress: text, originatorName: text, subject: text, tParticipantAddress: text, sessionId: text },
    ['originatorAddress', 'sessionId'],
  ),
  chatSubscriptionCancellationNotification: notificationSchema('The subscription has ended.', {}),
  capabilityNotification: notificationSchema(
    'Ours: the capabilities of a contact have changed.',
    { contactServiceCapabilities: contactServiceCapabilitiesSchema },
    ['contactServiceCapabilities'],
  ),
  spamReportNotification: notificationSchema(
    'Ours: a user reports the bot.', //
    { spamReport: spamReportSchema },
    ['spamReport'],
  ),
  privacyCommandNotification: notificationSchema(
    'Ours: a user asks for his privacy; answer at the link PrivacyCommandStatus.',
    privacyCommandSchema.properties ?? {},
    privacyCommandSchema.required,
  ),
  aliasLinkNotification: notificationSchema(
    'Ours: the network tells which user an alias belongs to.',
    aliasLinkSchema.properties ?? {},
    aliasLinkSchema.required,
  ),
} as const satisfies Readonly<Record<string, Schema>>;

type FurtherRoot = keyof typeof furtherNotificationSchemas;

export function printFurtherNotification(
  notification: FurtherNotification,
  delivery: NotificationDelivery,
): Record<string, unknown> {
  const print = (root: FurtherRoot, api: SubscriptionApi, form: Form) => ({
    [root]: inSchemaOrder(furtherNotificationSchemas[root], {
      ...notificationHead({ bot: notification.bot, api, links: form.links ?? [] }, delivery),
      ...form.members,
    }),
  });
  switch (notification.kind) {
    case 'chatEvent':
      return print('chatEventNotification', 'chat', eventForm(notification, delivery));
    case 'chatSessionInvitation':
      return print('chatSessionInvitationNotification', 'chat', invitationForm(notification, delivery));
    case 'chatSubscriptionCancellation':
      return print('chatSubscriptionCancellationNotification', 'chat', { members: {} });
    case 'capability':
      return print('capabilityNotification', 'capabilitydiscovery', {
        members: { contactServiceCapabilities: notification.capabilities },
      });
    case 'spamReport':
      return print('spamReportNotification', 'spamreport', { members: { spamReport: notification.report } });
    case 'privacyCommand':
      return print('privacyCommandNotification', 'aliasmgmt', commandForm(notification, delivery));
    case 'aliasLink':
      return print('aliasLinkNotification', 'aliasmgmt', { members: notification.report });
  }
}

interface Form {
  readonly members: object;
  readonly links?: readonly { readonly rel: string; readonly href: string }[];
}

function eventForm(notification: ChatEventNotification, delivery: NotificationDelivery): Form {
  const { contact, sessionId, eventType } = notification;
  const href = chatSessionUrl(ownerOf(notification, delivery), contact, sessionId);
  return { members: { eventType, sessionId }, links: [{ rel: 'ChatSessionInformation', href }] };
}

function invitationForm(notification: ChatSessionInvitationNotification, delivery: NotificationDelivery): Form {
  const { bot, originatorAddress, originatorName, subject, sessionId } = notification;
  const owner = ownerOf(notification, delivery);
  return {
    members: { originatorAddress, originatorName, subject, tParticipantAddress: bot, sessionId },
    links: [
      { rel: 'ParticipantSessionStatus', href: participantStatusUrl(owner, originatorAddress, sessionId) },
      { rel: 'ChatSessionInformation', href: chatSessionUrl(owner, originatorAddress, sessionId) },
    ],
  };
}

function commandForm(notification: PrivacyCommandNotification, delivery: NotificationDelivery): Form {
  const { command } = notification;
  const { senderAddress, commandId } = command;
  const href = privacyCommandStatusUrl(ownerOf(notification, delivery), senderAddress, commandId);
  return { members: command, links: [{ rel: 'PrivacyCommandStatus', href }] };
}
