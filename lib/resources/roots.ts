/** Every root element of the API: whose it is, and its schema. One table for the API document and the XML form. */
import {
  adhocContactListSchema,
  contactServiceCapabilitiesListSchema,
  contactServiceCapabilitiesSchema,
} from './capabilities.js';
import { capabilitySourceListSchema, capabilitySourceSchema } from './capability-source.js';
import { channelLifetimeSchema, channelListSchema, channelSchema } from './channel.js';
import { chatMessageSchema } from './chat-message.js';
import { chatSessionSchema, participantStatusSchema } from './chat-session.js';
import { furtherNotificationSchemas as further } from './further-notification.js';
import { isComposingSchema } from './is-composing.js';
import { messageStatusReportSchema } from './message-status.js';
import { chatMessageNotificationSchema, chatMessageStatusNotificationSchema } from './notification.js';
import { privacyCommandSchema, privacyCommandStatusSchema } from './privacy-command.js';
import { requestErrorSchema } from './request-error.js';
import { resourceReferenceSchema } from './resource-reference.js';
import type { Schema } from './forms/schema.js';
import { spamReportListSchema, spamReportSchema } from './spam-report.js';
import { type SubscriptionApi, subscriptionListSchema, subscriptionSchema } from './subscription.js';

export interface ResourceRoot {
  /** Names the XML namespace, `urn:oma:xml:rest:netapi:<api>:1`. */
  readonly api: SubscriptionApi | 'common' | 'notificationchannel';
  readonly schema: Schema;
}

export const resourceRoots: Readonly<Record<string, ResourceRoot>> = {
  requestError: { api: 'common', schema: requestErrorSchema },
  resourceReference: { api: 'common', schema: resourceReferenceSchema },
  chatMessage: { api: 'chat', schema: chatMessageSchema },
  isComposing: { api: 'chat', schema: isComposingSchema },
  messageStatusReport: { api: 'chat', schema: messageStatusReportSchema },
  chatSessionInformation: { api: 'chat', schema: chatSessionSchema },
  participantSessionStatus: { api: 'chat', schema: participantStatusSchema },
  chatMessageNotification: { api: 'chat', schema: chatMessageNotificationSchema },
  chatMessageStatusNotification: { api: 'chat', schema: chatMessageStatusNotificationSchema },
  chatNotificationSubscription: { api: 'chat', schema: subscriptionSchema },
  chatSubscriptionList: { api: 'chat', schema: subscriptionListSchema('chat') },
  chatEventNotification: { api: 'chat', schema: further.chatEventNotification },
  chatSessionInvitationNotification: { api: 'chat', schema: further.chatSessionInvitationNotification },
  chatSubscriptionCancellationNotification: { api: 'chat', schema: further.chatSubscriptionCancellationNotification },
  contactServiceCapabilities: { api: 'capabilitydiscovery', schema: contactServiceCapabilitiesSchema },
  contactServiceCapabilitiesList: { api: 'capabilitydiscovery', schema: contactServiceCapabilitiesListSchema },
  capabilitySource: { api: 'capabilitydiscovery', schema: capabilitySourceSchema },
  capabilitySourceList: { api: 'capabilitydiscovery', schema: capabilitySourceListSchema },
  capabilityNotification: { api: 'capabilitydiscovery', schema: further.capabilityNotification },
  adhocContactList: { api: 'capabilitydiscovery', schema: adhocContactListSchema },
  capabilityNotificationSubscription: { api: 'capabilitydiscovery', schema: subscriptionSchema },
  capabilitySubscriptionList: { api: 'capabilitydiscovery', schema: subscriptionListSchema('capabilitydiscovery') },
  spamReportNotificationSubscription: { api: 'spamreport', schema: subscriptionSchema },
  spamReportSubscriptionList: { api: 'spamreport', schema: subscriptionListSchema('spamreport') },
  spamReport: { api: 'spamreport', schema: spamReportSchema },
  spamReportList: { api: 'spamreport', schema: spamReportListSchema },
  spamReportNotification: { api: 'spamreport', schema: further.spamReportNotification },
  privacyCommand: { api: 'aliasmgmt', schema: privacyCommandSchema },
  privacyCommandStatus: { api: 'aliasmgmt', schema: privacyCommandStatusSchema },
  privacyCommandNotification: { api: 'aliasmgmt', schema: further.privacyCommandNotification },
  aliasLinkNotification: { api: 'aliasmgmt', schema: further.aliasLinkNotification },
  aliasNotificationSubscription: { api: 'aliasmgmt', schema: subscriptionSchema },
  notificationChannel: { api: 'notificationchannel', schema: channelSchema },
  notificationChannelList: { api: 'notificationchannel', schema: channelListSchema },
  notificationChannelLifetime: { api: 'notificationchannel', schema: channelLifetimeSchema },
  aliasSubscriptionList: { api: 'aliasmgmt', schema: subscriptionListSchema('aliasmgmt') },
};
