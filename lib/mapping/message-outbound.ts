/** chatMessage → CPIM for a user: content octet for octet, disposition requests from reportRequest, traffic type. */
import { ApiError } from '../resources/api-error.js';
import type { ChatMessage, ReportRequest } from '../resources/chat-message.js';
import { cpimNamespaces, type Cpim, type CpimHeader } from '../wire/cpim.js';
import { imdnContentType } from '../wire/imdn.js';
import { isComposingContentType } from '../wire/is-composing.js';
import { essence, parseMediaType } from '../wire/media-type.js';
import { fileTransferHttpContentType } from '../wire/rcs/file-transfer-http.js';
import { decodeBase64 } from '../wire/transfer-encoding.js';
import { anonymousAddress, envelop, imdnHeader, type Envelope } from './cpim-envelope.js';
import { printFileTransfer } from './file-transfer.js';
import type { DispositionRequest } from './message-inbound.js';

export interface OutboundContent {
  /** As it goes into Content-Type. */
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** Of a receipt or typing state that a bot sends as a message, no receipt is asked for and none is kept. */
export type OutboundKind = 'message' | 'receipt' | 'composing';

const reports: Readonly<Partial<Record<ReportRequest, DispositionRequest>>> = {
  Delivered: 'positive-delivery',
  Failed: 'negative-delivery',
  Displayed: 'display',
  Interworked: 'interworking',
};

export function outboundKind(message: ChatMessage): OutboundKind {
  switch (essence(message.contentType ?? '')) {
    case imdnContentType:
      return 'receipt';
    case isComposingContentType:
      return 'composing';
    default:
      return 'message';
  }
}

/**
 * The message in CPIM form. Throws ApiError SVC0002 naming the part: text, bodyText, fileTransfer, contentType, trafficType;
 * so it can also be called to judge a message before it is taken.
 */
export function mapOutboundMessage(message: ChatMessage, envelope: Envelope): Cpim {
  const { contentType, bytes } = outboundContent(message);
  const kind = outboundKind(message);
  return envelop(named(message, envelope), {
    contentType,
    content: bytes,
    ...(kind === 'receipt' ? { contentDisposition: 'notification' } : {}),
    headers: [...(kind === 'message' ? dispositionHeaders(message) : []), ...trafficHeaders(message)],
  });
}

/** RFC 3862 §4.1: a name stands before the address, which stays what it is; after a quoted one no blank (§3.6, Formal-name). */
function named({ senderName }: ChatMessage, envelope: Envelope): Envelope {
  if (senderName === undefined) return envelope;
  const { from = anonymousAddress } = envelope;
  return { ...envelope, from: `"${senderName.replace(/["\\]/g, '\\$&')}"${from}` };
}

/** The content's bytes. Throws ApiError SVC0002. */
export function outboundContent(message: ChatMessage): OutboundContent {
  const { text, bodyText, fileTransfer, contentType, contentEncoding } = message;
  if (fileTransfer !== undefined) {
    if (text !== undefined || bodyText !== undefined) throw new ApiError('SVC0002', ['fileTransfer']);
    return { contentType: fileTransferHttpContentType, bytes: printFileTransfer(fileTransfer) };
  }
  if (text !== undefined && bodyText !== undefined) throw new ApiError('SVC0002', ['bodyText']);
  if (text !== undefined) return { contentType: 'text/plain;charset=UTF-8', bytes: utf8Bytes(text, 'text') };
  if (bodyText === undefined) throw new ApiError('SVC0002', ['text']);
  const bytes = contentEncoding === 'base64' ? base64Bytes(bodyText) : utf8Bytes(bodyText, 'bodyText');
  return { contentType: checkedType(contentType), bytes };
}

/** What to ask the user's side for; a message without reportRequest still asks to hear of its failure. */
export function dispositionsFor(reportRequest: readonly ReportRequest[] = []): readonly DispositionRequest[] {
  if (reportRequest.length === 0) return ['negative-delivery'];
  const asked = reportRequest.map((report) => reports[report]).filter((request) => request !== undefined);
  return [...new Set(asked)];
}

function dispositionHeaders(message: ChatMessage): readonly CpimHeader[] {
  const asked = dispositionsFor(message.reportRequest);
  return asked.length === 0 ? [] : [imdnHeader('Disposition-Notification', asked.join(', '))];
}

function trafficHeaders({ trafficType }: ChatMessage): readonly CpimHeader[] {
  if (trafficType === undefined) return [];
  if (!/^[!-~]{1,64}$/.test(trafficType)) throw new ApiError('SVC0002', ['trafficType']);
  return [{ namespace: cpimNamespaces.maap, name: 'Traffic-Type', value: trafficType }];
}

/** Half a surrogate pair has no UTF-8: it would not arrive as it was sent. */
function utf8Bytes(text: string, part: string): Buffer {
  if (/\p{Surrogate}/u.test(text)) throw new ApiError('SVC0002', [part]);
  return Buffer.from(text, 'utf8');
}

function base64Bytes(bodyText: string): Buffer {
  try {
    return decodeBase64(bodyText);
  } catch {
    throw new ApiError('SVC0002', ['bodyText']);
  }
}

function checkedType(contentType: string | undefined): string {
  try {
    if (contentType === undefined || !/^[ -~]+$/.test(contentType)) throw new ApiError('SVC0002', ['contentType']);
    parseMediaType(contentType);
    return contentType;
  } catch {
    throw new ApiError('SVC0002', ['contentType']);
  }
}
