/** What a request from the network says in RCS terms: which bot, which user, which service, which conversation. */
import { type AddressOptions, displayNameOf, parseAddressList, preferredIdentity } from '../wire/address.js';
import { isConversationId } from '../wire/conversation-id.js';
import { icsi, readFeatureTags, serviceName } from '../wire/feature-tags.js';
import type { Headers, SipRequest } from './agent.js';
import type { ConversationIds, Incoming, NetworkUser, Refusal, Service } from './network.js';

export type Reading =
  { readonly kind: 'read'; readonly incoming: Incoming } | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Of a user's address, as at the REST face. */
const maxUserLength = 512;

/** Identities of SIP count, never those of CPIM (network-side facts §1). */
export function readIncoming(request: SipRequest, options: AddressOptions): Reading {
  const { headers } = request;
  const user = userOf(headers, options);
  // A number that belongs to no country is not guessed: 484 Address Incomplete.
  if (!user) return { kind: 'refused', refusal: { status: 484 } };
  // Whom no platform could name in a path; a 503 would be the end of all traffic (design §2, promise 4).
  if (user.key.length > maxUserLength) return { kind: 'refused', refusal: { status: 400, reason: 'Address Too Long' } };
  // All who hide would be one user, and read what is meant for another of them: 433 Anonymity Disallowed (RFC 5079).
  if (request.method !== 'OPTIONS' && namesNobody(user)) return { kind: 'refused', refusal: { status: 433 } };
  const expiresS = seconds(headers.get('Expires'));
  const tags = readFeatureTags(headers.all('Contact'));
  const asked = readFeatureTags(headers.all('Accept-Contact'));
  return {
    kind: 'read',
    incoming: {
      callId: request.callId,
      botUri: request.uri,
      user,
      service: serviceOf(request, [...asked.icsis, ...tags.icsis]),
      ids: idsOf(headers),
      tags,
      askedVersions: asked.botVersions,
      askedApplications: asked.iaris,
      ...(expiresS === undefined ? {} : { expiresS }),
      ...wordsOf(headers),
    },
  };
}

/**
 * P-Asserted-Identity first, the number of two (RFC 3325 §9.1), then From; in a deferred session Referred-By.
 * undefined: a number whose country nobody named.
 */
export function userOf(headers: Headers, options: AddressOptions): NetworkUser | undefined {
  const named = namedIn(headers);
  const referredBy = isFromStore(headers) ? headers.get('Referred-By') : undefined;
  const identity = preferredIdentity(parseAddressList(referredBy ?? named.join(', '), options));
  if (!identity || identity.kind === 'undefined-number') return undefined;
  return { key: identity.key, uri: identity.original };
}

function namedIn(headers: Headers): readonly string[] {
  const asserted = headers.all('P-Asserted-Identity');
  return asserted.length > 0 ? asserted : headers.all('From');
}

/** The network's store-and-forward function, which calls for a user (network-side facts §1): by its URI, not by what somebody calls himself. */
function isFromStore(headers: Headers): boolean {
  return namedIn(headers).some(
    (value) => value.includes(storeUser) && parseAddressList(value).some(({ original }) => storeUri.test(original)),
  );
}

const storeUser = 'rcse-standfw@';
const storeUri = new RegExp(`^sips?:${storeUser}`, 'i');

/** What From says of whom the network neither names nor asserts (RFC 3323 §4.1.1.3; 3GPP TS 23.003 §13.7 unavailable). */
function namesNobody({ key }: NetworkUser): boolean {
  return /^sips?:(anonymous|unavailable)@(anonymous|unknown)\.invalid(;|$)/i.test(key);
}

function wordsOf(headers: Headers): Pick<Incoming, 'fromName' | 'subject'> {
  const fromName = displayNameOf(headers.get('From'));
  const subject = headers.get('Subject')?.trim();
  return {
    ...(fromName === undefined ? {} : { fromName }),
    ...(subject === undefined || subject === '' ? {} : { subject }),
  };
}

function idsOf(headers: Headers): Partial<ConversationIds> {
  const conversationId = token(headers.get('Conversation-ID'));
  const contributionId = token(headers.get('Contribution-ID'));
  const inReplyToContributionId = token(headers.get('InReplyTo-Contribution-ID'));
  return {
    ...(conversationId === undefined ? {} : { conversationId }),
    ...(contributionId === undefined ? {} : { contributionId }),
    ...(inReplyToContributionId === undefined ? {} : { inReplyToContributionId }),
  };
}

function token(value: string | undefined): string | undefined {
  return value !== undefined && isConversationId(value) ? value : undefined;
}

/** P-Asserted-Service first, then Accept-Contact, then Contact, then what the method is for (network-side facts §2). */
function serviceOf({ headers, method }: SipRequest, tagged: readonly string[]): Service {
  const asserted = [...headers.all('P-Asserted-Service'), ...headers.all('P-Preferred-Service')].map(serviceName);
  const named = [...asserted, ...tagged];
  const known = named.map((name) => services.get(name)).find((service) => service !== undefined);
  const service = known ?? (method === 'INVITE' ? 'session' : 'standalone');
  // The store hands on what was said in a chat as a chat; the user's own stays his.
  return method === 'INVITE' && service === 'session' && isFromStore(headers) ? 'deferred' : service;
}

const services: ReadonlyMap<string, Service> = new Map([
  [icsi.session, 'session'],
  [icsi.message, 'standalone'],
  [icsi.largeMessage, 'largeMessage'],
  [icsi.deferred, 'deferred'],
  [icsi.systemMessage, 'system'],
]);

function seconds(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,9}$/.test(value.trim()) ? Number(value) : undefined;
}
