/** What a server owes before its application sees a request, and a drachtio-server leaves to that; the embedded engine has done it before. */
import type { Answer } from '../agent.js';
import type { SrfRequest } from './types.js';

/** What may come outside of dialogs (RFC 3261 §8.2.1), and what besides is understood inside. */
export const ALLOW = 'INVITE, ACK, CANCEL, BYE, OPTIONS, MESSAGE, UPDATE, INFO';

const ACCEPT = 'application/sdp, message/cpim, multipart/mixed';

/** Option tags that a Require may name. */
const SUPPORTED = new Set(['timer']);

/** undefined: nothing to object. Of BYE nothing is asked: the server has ended the dialog by then. */
export function refusedByDuty(req: SrfRequest): Answer | undefined {
  return req.method === 'BYE' ? undefined : (refusedExtension(req) ?? refusedBody(req));
}

/** RFC 3261 §8.2.2.3: who requires what we do not know is told so. */
function refusedExtension({ msg }: SrfRequest): Answer | undefined {
  // srf joins what stands in several lines
  const { require: required } = msg.headers;
  if (required === undefined) return undefined;
  const tags = required.split(',').map((tag) => tag.trim());
  const unknown = tags.filter((tag) => tag !== '' && !SUPPORTED.has(tag.toLowerCase()));
  return unknown.length === 0 ? undefined : { status: 420, headers: [['Unsupported', unknown.join(', ')]] };
}

/**
 * §8.2.3: srf makes text of the body. Where that was no UTF-8, there are replacement characters, three octets for one or
 * two, and what it said is lost: it is longer than its sender says.
 */
function refusedBody({ msg }: SrfRequest): Answer | undefined {
  const body = msg.raw.slice(msg.raw.indexOf('\r\n\r\n') + 4);
  if (!body.includes('\u{FFFD}')) return undefined;
  const saidBytes = Number(msg.headers['content-length']);
  return Buffer.byteLength(body) > saidBytes ? { status: 415, headers: [['Accept', ACCEPT]] } : undefined;
}

/** Of OPTIONS to the gateway itself (RFC 3261 §11.2); while it goes down nothing new is to come here. */
export function ownOptions(state: 'ready' | 'draining'): Answer {
  if (state === 'draining') return { status: 503, headers: [['Retry-After', '30']] };
  return {
    status: 200,
    headers: [
      ['Allow', ALLOW],
      ['Accept', ACCEPT],
      ['Accept-Encoding', 'identity'],
      ['Supported', [...SUPPORTED].join(', ')],
    ],
  };
}
