/** Every resource's URL, from the serverRoot (OMA REST NetAPI: `{serverRoot}/{api}/v1/{userId}/…`). */
import type { SubscriptionApi } from './subscription.js';

/** Whose resource it is: the base from configuration, without a slash at its end, and the chatbot's SIP URI. */
export interface Owner {
  readonly serverRoot: string;
  readonly bot: string;
}

export interface MessagePlace {
  /** The user, as tel: or sip: URI. */
  readonly contact: string;
  /** Absent: `adhoc`. */
  readonly sessionId?: string;
  /** Of any alphabet: it is the network's imdn.Message-ID. */
  readonly messageId: string;
}

/** What stands for itself in a path (RFC 3986 §2.3): most ids, and they are looked at for each notification. */
const plain = /^[A-Za-z0-9._~-]*$/;

/** A path variable, percent-encoded with upper-case hex; the sub-delimiters too, so that a URL survives quoting in shells and HTML. */
export function pathVariable(value: string): string {
  return plain.test(value) ? value : (encoded.get(value) ?? encode(value));
}

/** Bots and users of late: the same ones stand in several URLs of each notification. */
const encoded = new Map<string, string>();
const maxEncoded = 10_000;
const maxEncodedLength = 200;

function encode(value: string): string {
  const text = encodeURIComponent(value).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  if (value.length > maxEncodedLength) return text;
  if (encoded.size >= maxEncoded) encoded.clear();
  encoded.set(value, text);
  return text;
}

function base(api: string, owner: Owner): string {
  return `${owner.serverRoot}/${api}/v1/${pathVariable(owner.bot)}`;
}

export function subscriptionsUrl(owner: Owner, api: SubscriptionApi): string {
  return `${base(api, owner)}/subscriptions`;
}

export function subscriptionUrl(owner: Owner, api: SubscriptionApi, subscriptionId: string): string {
  return `${subscriptionsUrl(owner, api)}/${pathVariable(subscriptionId)}`;
}

export function chatSessionUrl(owner: Owner, contact: string, sessionId: string): string {
  return `${base('chat', owner)}/oneToOne/${pathVariable(contact)}/${pathVariable(sessionId)}`;
}

export function participantStatusUrl(owner: Owner, contact: string, sessionId: string): string {
  return `${chatSessionUrl(owner, contact, sessionId)}/status`;
}

export function messageUrl(owner: Owner, place: MessagePlace): string {
  const session = chatSessionUrl(owner, place.contact, place.sessionId ?? 'adhoc');
  return `${session}/messages/${pathVariable(place.messageId)}`;
}

export function messageStatusUrl(owner: Owner, place: MessagePlace): string {
  return `${messageUrl(owner, place)}/status`;
}

export function contactCapabilitiesUrl(owner: Owner, contact: string): string {
  return `${base('capabilitydiscovery', owner)}/contactCapabilities/${pathVariable(contact)}`;
}

export function capabilitySourcesUrl(owner: Owner): string {
  return `${base('capabilitydiscovery', owner)}/capabilitySources`;
}

export function capabilitySourceUrl(owner: Owner, sourceId: string): string {
  return `${capabilitySourcesUrl(owner)}/${pathVariable(sourceId)}`;
}

export function spamReportsUrl(owner: Owner): string {
  return `${base('spamreport', owner)}/reports`;
}

export function spamReportUrl(owner: Owner, reportId: string): string {
  return `${spamReportsUrl(owner)}/${pathVariable(reportId)}`;
}

export function privacyCommandUrl(owner: Owner, contact: string, commandId: string): string {
  return `${base('aliasmgmt', owner)}/${pathVariable(contact)}/commands/${pathVariable(commandId)}`;
}

export function privacyCommandStatusUrl(owner: Owner, contact: string, commandId: string): string {
  return `${privacyCommandUrl(owner, contact, commandId)}/status`;
}

export function channelsUrl(owner: Owner): string {
  return `${base('notificationchannel', owner)}/channels`;
}

export function channelUrl(owner: Owner, channelId: string): string {
  return `${channelsUrl(owner)}/${pathVariable(channelId)}`;
}

/** channelURL: where the platform waits for notifications. */
export function channelWaitUrl(owner: Owner, channelId: string): string {
  return `${channelUrl(owner, channelId)}/notifications`;
}

/** callbackURL: what stands as notifyURL in subscriptions; nothing is ever sent there. */
export function channelCallbackUrl(owner: Owner, channelId: string): string {
  return `${channelUrl(owner, channelId)}/callback`;
}
