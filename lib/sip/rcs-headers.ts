/** What a chatbot's INVITE, MESSAGE, OPTIONS and answers carry (network-side facts §2). */
import {
  type ContactTags,
  iari,
  icsi,
  parseVersions,
  printAcceptContacts,
  printContactParameters,
  printService,
} from '../wire/feature-tags.js';
import { linkReportContentType } from '../wire/rcs/link-report.js';
import { privacyContentType } from '../wire/rcs/privacy.js';
import { revokeContentType } from '../wire/rcs/revoke.js';
import { spamReportContentType } from '../wire/rcs/spam-report.js';
import type { Answer, HeaderLine } from './agent.js';
import { allowed } from './allowed.js';
import type { NetworkBot, Outgoing, Refusal, Service } from './network.js';

const icsiOf = {
  session: icsi.session,
  standalone: icsi.message,
  largeMessage: icsi.largeMessage,
  deferred: icsi.deferred,
  system: icsi.systemMessage,
} as const satisfies Record<Service, string>;

/** Who we are and what we want: of every request out of dialog. */
export function requestHeaders(outgoing: Outgoing, service: Service): readonly HeaderLine[] {
  const { bot, userUri, ids } = outgoing;
  const acceptContacts = printAcceptContacts({
    icsi: icsiOf[service],
    iari: outgoing.application ?? (service === 'session' ? iari.chatbot : iari.chatbotStandalone),
    botVersions: [...parseVersions(bot.version)],
  });
  return [
    ...partyHeaders(bot, userUri),
    ['P-Asserted-Service', printService(icsiOf[service])],
    ...acceptContacts.map((value): HeaderLine => ['Accept-Contact', value]),
    ['Conversation-ID', ids.conversationId],
    ['Contribution-ID', ids.contributionId],
    ...optional('InReplyTo-Contribution-ID', ids.inReplyToContributionId),
    ...expiryHeaders(outgoing),
  ];
}

/** RFC 3428 §4: what it counts from stands beside it. */
function expiryHeaders({ expiry }: Outgoing): readonly HeaderLine[] {
  if (!expiry) return [];
  return [
    ['Date', new Date(expiry.fromMs).toUTCString()],
    ['Expires', String(expiry.seconds)],
  ];
}

/** An INVITE moreover names its dialog's tags and its session timer (RFC 4028). */
export function inviteHeaders(
  outgoing: Outgoing,
  service: Service,
  { contactHost, sessionExpiresS, minSeS }: { contactHost: string; sessionExpiresS: number; minSeS: number },
): readonly HeaderLine[] {
  return [
    ...requestHeaders(outgoing, service),
    ['Contact', contact(outgoing.bot, service, contactHost)],
    ['Allow', allowed],
    ...optional('Subject', outgoing.subject),
    ['Supported', 'timer'],
    ['Session-Expires', String(sessionExpiresS)],
    ['Min-SE', String(minSeS)],
  ];
}

/** Our own tags go with the question (network-side facts §3). */
export function capabilityHeaders(bot: NetworkBot, userUri: string): readonly HeaderLine[] {
  const session = bot.roles.includes('session');
  const acceptContacts = printAcceptContacts({
    icsi: session ? icsi.session : icsi.message,
    iari: session ? iari.chatbot : iari.chatbotStandalone,
    botVersions: [...parseVersions(bot.version)],
  });
  return [
    ...partyHeaders(bot, userUri),
    // Without `require;explicit`: everyone may answer what he can.
    ...acceptContacts.slice(0, 1).map((value): HeaderLine => ['Accept-Contact', value]),
    ['Allow', allowed],
  ];
}

/** Contact of an INVITE or its 2xx: a client that misses isbot here answers or aborts with 606. */
export function contact(bot: NetworkBot, service: Service, host: string): string {
  const { iaris: announced = [], botVersions = [] } = bot.announced ?? {};
  const role = service === 'session' ? iari.chatbot : iari.chatbotStandalone;
  const parameters = printContactParameters({
    icsis: [icsiOf[service]],
    // What a source announces beside the service: files, locations.
    iaris: [role, ...announced.filter((name) => name !== iari.chatbot && name !== iari.chatbotStandalone)],
    botVersions: botVersions.length > 0 ? botVersions : [...parseVersions(bot.version)],
    isbot: true,
  });
  return `<${contactUri(bot, host)}>${parameters}`;
}

/** Contact of OPTIONS and its answer: all that the bot can do. */
export function capabilityContact(bot: NetworkBot, host: string): string {
  const parameters = printContactParameters(bot.announced ?? configuredTags(bot));
  return `<${contactUri(bot, host)}>${parameters}`;
}

function configuredTags({ roles, version }: NetworkBot): ContactTags {
  const session = roles.includes('session');
  const standalone = roles.includes('standalone');
  return {
    icsis: [...(session ? [icsi.session] : []), ...(standalone ? [icsi.message, icsi.largeMessage] : [])],
    iaris: [
      ...(session ? [iari.chatbot] : []),
      ...(standalone ? [iari.chatbotStandalone] : []),
      iari.fileTransferHttp,
      iari.geolocationPush,
    ],
    botVersions: [...parseVersions(version)],
    isbot: true,
  };
}

const messageTypes = [
  'message/cpim',
  'application/im-iscomposing+xml',
  revokeContentType,
  spamReportContentType,
  privacyContentType,
  linkReportContentType,
].join(', ');

export function refusalAnswer(method: string, refusal: Refusal): Answer {
  const { status, reason } = refusal;
  return { status, ...(reason === undefined ? {} : { reason }), headers: refusalHeaders(method, refusal) };
}

/** A 415 says what the method may carry (RFC 3261 §21.4.13). */
function refusalHeaders(method: string, refusal: Refusal): readonly HeaderLine[] {
  const accepted = method === 'INVITE' ? 'application/sdp, multipart/mixed' : messageTypes;
  return [
    ...optional('Retry-After', refusal.retryAfterS?.toString()),
    ...optional('Accept', refusal.status === 415 ? accepted : undefined),
    ...optional('Warning', refusal.warning && `${refusal.warning.code} maap-iwf "${refusal.warning.text}"`),
  ];
}

function partyHeaders(bot: NetworkBot, userUri: string): readonly HeaderLine[] {
  return [
    ['From', `<${bot.uri}>`],
    ['To', `<${userUri}>`],
    ['P-Asserted-Identity', `<${bot.uri}${bot.aliasing === undefined ? '' : `;tk=${bot.aliasing}`}>`],
  ];
}

function optional(name: string, value: string | undefined): readonly HeaderLine[] {
  return value === undefined ? [] : [[name, value]];
}

/** The bot's user part at the advertised host (design §5). */
function contactUri(bot: NetworkBot, host: string): string {
  const at = bot.uri.lastIndexOf('@');
  const user = at < 0 ? '' : bot.uri.slice(bot.uri.indexOf(':') + 1, at + 1);
  return `sip:${user}${host}`;
}
