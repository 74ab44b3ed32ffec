/** Bot → user: a chatMessage as CPIM, octet for octet (network-side facts §6, §7). */
import { ApiError } from '../resources/api-error.js';
import type { ChatMessage, ReportRequest } from '../resources/chat-message.js';
import { type Cpim, type CpimHeader, cpimNamespaces } from '../wire/cpim.js';
import { DecodeError } from '../wire/decode-error.js';
import { decodeBase64 } from '../wire/transfer-encoding.js';

export interface OutboundIdentity {
  /** imdn.Message-ID. */
  readonly messageId: string;
  /** RFC 3339; the same at every attempt. */
  readonly dateTime: string;
}

/** The true identities are SIP's (network-side facts §1). */
export const anonymous = '<sip:anonymous@anonymous.invalid>';

const dispositionOf: Readonly<Partial<Record<ReportRequest, string>>> = {
  Delivered: 'positive-delivery',
  Failed: 'negative-delivery',
  Displayed: 'display',
  Interworked: 'interworking',
};

/** Throws ApiError SVC0002 on a bodyText that is not the base64 it says it is, or a contentType that breaks its line. */
export function outboundCpim(message: ChatMessage, { messageId, dateTime }: OutboundIdentity): Cpim {
  return {
    headers: [
      core('From', anonymous),
      core('To', anonymous),
      core('DateTime', dateTime),
      imdn('Message-ID', messageId),
      imdn('Disposition-Notification', dispositions(message.reportRequest)),
      ...(message.trafficType === undefined ? [] : [trafficType(message.trafficType)]),
    ],
    contentHeaders: [{ name: 'Content-Type', value: contentTypeOf(message) }],
    content: contentOf(message),
  };
}

/** Failures are asked for unless the bot has said what it wants (rest-side facts §2). */
function dispositions(reportRequest: readonly ReportRequest[] = ['Failed']): string {
  const asked = reportRequest.map((report) => dispositionOf[report]).filter((value) => value !== undefined);
  return [...new Set(asked.length > 0 ? asked : ['negative-delivery'])].join(', ');
}

function contentTypeOf({ text, contentType }: ChatMessage): string {
  const type = text === undefined ? (contentType ?? '') : 'text/plain;charset=UTF-8';
  // eslint-disable-next-line no-control-regex -- nothing gets from a value into a header line
  if (type === '' || /[\x00-\x1f\x7f]/.test(type)) throw new ApiError('SVC0002', ['chatMessage.contentType']);
  return type;
}

function contentOf({ text, bodyText = '', contentEncoding }: ChatMessage): Buffer {
  if (text !== undefined) return Buffer.from(text, 'utf8');
  if (contentEncoding !== 'base64') return Buffer.from(bodyText, 'utf8');
  try {
    return decodeBase64(bodyText);
  } catch (error) {
    if (error instanceof DecodeError) throw new ApiError('SVC0002', ['chatMessage.bodyText']);
    throw error;
  }
}

export function core(name: string, value: string): CpimHeader {
  return { namespace: undefined, name, value };
}

export function imdn(name: string, value: string): CpimHeader {
  return { namespace: cpimNamespaces.imdn, name, value };
}

function trafficType(value: string): CpimHeader {
  return { namespace: cpimNamespaces.maap, name: 'Traffic-Type', value };
}
