/** A user's CPIM message → chatMessage, with what its receipts will need (RFC 3862, RFC 5438 §6 and §8). */
import { isUtf8 } from 'node:buffer';
import type { ChatMessage } from '../resources/chat-message.js';
import { parseBody, parseCpimBody, type Body } from '../wire/body.js';
import { cpimContentType, cpimHeader, cpimHeaders, cpimNamespaces, decodedContent, type Cpim } from '../wire/cpim.js';
import { DecodeError } from '../wire/decode-error.js';
import { imdnContentType, parseImdn, type Imdn } from '../wire/imdn.js';
import { essence, mediaParameter, parseMediaType } from '../wire/media-type.js';
import type { ComposingState } from '../wire/is-composing.js';
import { partContentType } from '../wire/multipart.js';
import { decodeTransfer } from '../wire/transfer-encoding.js';
import { isFileDocument, readFileTransfer } from './file-transfer.js';

/** What imdn.Disposition-Notification asks for (RFC 5438 §6.1.1.5; interworking is CPM's). */
export const dispositionRequests = [
  'positive-delivery',
  'negative-delivery',
  'processing',
  'display',
  'interworking',
] as const;

export type DispositionRequest = (typeof dispositionRequests)[number];

/** What SIP says of a message; all of it optional. */
export interface InboundContext {
  readonly conversationID?: string;
  readonly contributionID?: string;
  readonly inReplyToContributionID?: string;
  readonly senderName?: string;
  /** Seconds that are left. */
  readonly expiry?: number;
}

export interface InboundMessage {
  readonly message: ChatMessage;
  /** Undefined: the sender gave none; then there is nothing to send a receipt for. */
  readonly imdnMessageId?: string;
  /** DateTime of the CPIM, as it came: receipts repeat it. */
  readonly dateTime?: string;
  readonly asked: readonly DispositionRequest[];
  /** imdn.IMDN-Record-Route, in order. */
  readonly recordRoute: readonly string[];
  /** imdn.Original-To. */
  readonly originalTo?: string;
  /** CPIM From and To, as they came (anonymous as a rule). */
  readonly from?: string;
  readonly to?: string;
}

/** What of a message is kept for its receipts. */
export type Acknowledged = Omit<InboundMessage, 'message'>;

export type Inbound =
  | { readonly kind: 'message' }
  /** Several where they come in one message (RFC 5438 §7.1.4). */
  | { readonly kind: 'receipts'; readonly imdns: readonly Imdn[] }
  | { readonly kind: 'composing'; readonly composing: ComposingState };

const { imdn, maap } = cpimNamespaces;

/** What a CPIM message is: content for the bot, a receipt, or the news that somebody types. Throws DecodeError. */
export function classifyInbound(cpim: Cpim): Inbound {
  refuseUnknownRequirements(cpim);
  switch (essence(cpimContentType(cpim))) {
    case 'message/imdn+xml':
    case 'application/im-iscomposing+xml':
      return signal(parseCpimBody(cpim));
    case 'multipart/mixed':
      return aggregated(cpim) ?? { kind: 'message' };
    default:
      return { kind: 'message' };
  }
}

/** The message as the bot gets it: content octet for octet, its transfer encoding undone. Throws DecodeError. */
export function mapInboundMessage(cpim: Cpim, context: InboundContext): InboundMessage {
  const inbound: Unfinished<InboundMessage> = {
    message: messageOf(cpim, context),
    asked: dispositionsAsked(cpim),
    recordRoute: cpimHeaders(cpim, imdn, 'IMDN-Record-Route'),
  };
  give(inbound, 'imdnMessageId', messageIdOf(cpim));
  give(inbound, 'dateTime', cpimHeader(cpim, undefined, 'DateTime'));
  give(inbound, 'originalTo', cpimHeader(cpim, imdn, 'Original-To'));
  give(inbound, 'from', cpimHeader(cpim, undefined, 'From'));
  give(inbound, 'to', cpimHeader(cpim, undefined, 'To'));
  return inbound;
}

/** Of any alphabet; longer than this nobody makes one, and nothing could be kept under it or addressed by it. */
const maxMessageIdLength = 255;

function messageIdOf(cpim: Cpim): string | undefined {
  const messageId = cpimHeader(cpim, imdn, 'Message-ID');
  if (messageId !== undefined && messageId.length > maxMessageIdLength)
    throw new DecodeError('cpim', 'imdn.Message-ID', 'too long');
  return messageId;
}

function messageOf(cpim: Cpim, context: InboundContext): ChatMessage {
  const [contentType, bytes] = [cpimContentType(cpim), decodedContent(cpim)];
  const message: Unfinished<ChatMessage> = inboundContent(contentType, bytes);
  if (isFileDocument(contentType)) {
    const fileTransfer = readFileTransfer(bytes);
    if (fileTransfer !== undefined) message.fileTransfer = fileTransfer;
  }
  give(message, 'trafficType', cpimHeader(cpim, maap, 'Traffic-Type'));
  return Object.assign(message, context);
}

/** Content in REST form: UTF-8 plain text is `text`, anything else `bodyText`, in base64 where it is not UTF-8. */
export function inboundContent(contentType: string, bytes: Buffer): ChatMessage {
  const utf8 = isUtf8(bytes);
  if (utf8 && isUnicodeText(contentType)) return { text: bytes.toString('utf8') };
  return utf8
    ? { contentType, contentEncoding: 'utf8', bodyText: bytes.toString('utf8') }
    : { contentType, contentEncoding: 'base64', bodyText: bytes.toString('base64') };
}

/** Receipts that somebody on the way has put together (RFC 5438 §8.3); undefined: it holds something else. */
function aggregated(cpim: Cpim): Inbound | undefined {
  const content = decodedContent(cpim);
  if (!content.toString('latin1').toLowerCase().includes(imdnContentType)) return undefined;
  const body = parseBody(cpimContentType(cpim), content);
  const parts = body.kind === 'multipart' ? body.parts : [];
  if (parts.some((part) => essence(partContentType(part)) !== imdnContentType)) return undefined;
  return { kind: 'receipts', imdns: parts.map((part) => parseImdn(decodeTransfer(part))) };
}

function signal(body: Body): Inbound {
  switch (body.kind) {
    case 'imdn':
      return { kind: 'receipts', imdns: [body.imdn] };
    case 'composing':
      return { kind: 'composing', composing: body.composing };
    default:
      return { kind: 'message' };
  }
}

/** RFC 3862 §4.6: who does not understand a required header must not act on the message. */
function refuseUnknownRequirements(cpim: Cpim): void {
  const values = cpimHeaders(cpim, undefined, 'Require');
  if (values.length === 0) return;
  const required = values.flatMap((value) => value.split(','));
  const known: readonly (string | undefined)[] = [undefined, ...Object.values(cpimNamespaces)];
  for (const name of required.map((item) => item.trim())) {
    const header = cpim.headers.find((h) => (h.prefix ? `${h.prefix}.${h.name}` : h.name) === name);
    if (header === undefined || !known.includes(header.namespace) || header.name.includes('.')) {
      throw new DecodeError('cpim', 'Require', 'a required header that is not understood');
    }
  }
}

function dispositionsAsked(cpim: Cpim): readonly DispositionRequest[] {
  const [value, ...more] = cpimHeaders(cpim, imdn, 'Disposition-Notification');
  if (value === undefined) return [];
  const wanted = more.length === 0 ? value : [value, ...more].join(',');
  const known = dispositionsOf.get(wanted);
  if (known) return known;
  const words = wanted.split(',').map((word) => essence(word));
  const asked = dispositionRequests.filter((request) => words.includes(request));
  if (dispositionsOf.size < maxSpellings && wanted.length <= maxSpelling) dispositionsOf.set(wanted, asked);
  return asked;
}

/** By how they are written: phones have few ways to ask, and each message does. */
const dispositionsOf = new Map<string, readonly DispositionRequest[]>();
const maxSpellings = 1_000;
const maxSpelling = 200;

/** text/plain whose charset is UTF-8 or a part of it; the default is US-ASCII (RFC 2046 §4.1.2). */
function isUnicodeText(contentType: string): boolean {
  if (contentType === 'text/plain') return true;
  if (essence(contentType) !== 'text/plain') return false;
  const charset = charsetOf(contentType);
  return charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii';
}

/** undefined: parameters that cannot be read (`text/plain; charset`). The bot gets the type as it came, and not nothing. */
function charsetOf(contentType: string): string | undefined {
  try {
    return mediaParameter(parseMediaType(contentType), 'charset')?.toLowerCase() ?? 'us-ascii';
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** Made member by member: it is done for each message, and to spread an object for each member costs four times as much. */
type Unfinished<T> = { -readonly [K in keyof T]: T[K] };

/** Leaves out what is not there, or is empty. */
function give<K extends string>(target: Partial<Record<K, string>>, key: K, value: string | undefined): void {
  if (value !== undefined && value !== '') target[key] = value;
}
