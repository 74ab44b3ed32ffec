/** Every resource of the REST face that takes a body, with the least that is right. */
import { bot, contact } from '../world.js';

const botPath = encodeURIComponent(bot);
export const chat = `/chat/v1/${botPath}`;
export const withUser = `${chat}/oneToOne/${encodeURIComponent(contact)}`;
export const discovery = `/capabilitydiscovery/v1/${botPath}`;
export const callbackReference = { notifyURL: 'https://callback.example.com/' };

export interface Resource {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly root: string;
  readonly good: Readonly<Record<string, unknown>>;
}

/** Status of a message and receipts below sessions are the same routes as adhoc. */
export const resources: readonly Resource[] = [
  { method: 'POST', path: `${withUser}/adhoc/messages`, root: 'chatMessage', good: { text: 'never sent' } },
  { method: 'POST', path: `${withUser}/adhoc/messages`, root: 'isComposing', good: { state: 'active' } },
  {
    method: 'PUT',
    path: `${withUser}/adhoc/messages/m/status`,
    root: 'messageStatusReport',
    good: { status: 'Displayed' },
  },
  { method: 'POST', path: withUser, root: 'chatSessionInformation', good: { subject: 'never opened' } },
  { method: 'PUT', path: `${withUser}/s/status`, root: 'participantSessionStatus', good: { status: 'Connected' } },
  {
    method: 'POST',
    path: `${chat}/subscriptions`,
    root: 'chatNotificationSubscription',
    good: { callbackReference },
  },
  {
    method: 'POST',
    path: `${discovery}/capabilitySources`,
    root: 'capabilitySource',
    good: { serviceCapability: [{ capabilityId: 'Chat' }] },
  },
  {
    method: 'POST',
    path: `${discovery}/contactCapabilities`,
    root: 'adhocContactList',
    good: { contactId: [contact] },
  },
  {
    method: 'POST',
    path: `${discovery}/subscriptions`,
    root: 'capabilityNotificationSubscription',
    good: { callbackReference },
  },
  {
    method: 'POST',
    path: `/spamreport/v1/${botPath}/subscriptions`,
    root: 'spamReportNotificationSubscription',
    good: { callbackReference },
  },
  {
    method: 'POST',
    path: `/aliasmgmt/v1/${botPath}/subscriptions`,
    root: 'aliasNotificationSubscription',
    good: { callbackReference },
  },
  {
    method: 'PUT',
    path: `/aliasmgmt/v1/${botPath}/${encodeURIComponent(contact)}/commands/c/status`,
    root: 'privacyCommandStatus',
    good: { result: 'Success' },
  },
  {
    method: 'POST',
    path: `/notificationchannel/v1/${botPath}/channels`,
    root: 'notificationChannel',
    good: { channelType: 'LongPolling' },
  },
  // Of what is not there: the body is judged first.
  {
    method: 'PUT',
    path: `${chat}/subscriptions/none`,
    root: 'chatNotificationSubscription',
    good: { duration: 60 },
  },
  {
    method: 'PUT',
    path: `${discovery}/capabilitySources/none`,
    root: 'capabilitySource',
    good: { serviceCapability: [{ capabilityId: 'Chat' }] },
  },
  {
    method: 'PUT',
    path: `/notificationchannel/v1/${botPath}/channels/none/channelLifetime`,
    root: 'notificationChannelLifetime',
    good: { channelLifetime: 60 },
  },
  {
    method: 'POST',
    path: `${withUser}/none/messages`,
    root: 'chatMessage',
    good: { text: 'never sent' },
  },
];
