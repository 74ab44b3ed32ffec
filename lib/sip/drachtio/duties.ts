/** What a server owes before its application sees a request, and a drachtio-server leaves to that; the embedded engine has done it before. */
import type { Answer } from '../agent.js';
import type { SrfRequest } from './types.js';

/** What may come outside of dialogs (RFC 3261 §8.2.1), and what besides is understood inside. */
export const ALLOW = 'INVITE, ACK, CANCEL, BYE, OPTIONS, MESSAGE, UPDATE, INFO';

const ACCEPT = 'application/sdp, message/cpim, multipart/mixed';

/** Option tags that a Require may name. */
const SUPPORTED = new Set(['timer']);

/** undefined: nothing to object. Of BYE nothing is asked: the server has ended the dialog by then. */
export function refusedByDuty(req: SrfRequest, minSeS: number | undefined): Answer | undefined {
  if (req.method === 'BYE') return undefined;
  return refusedExtension(req) ?? refusedBody(req) ?? refusedInterval(req, minSeS);
}

/** Whether it is meant for a dialog; one that the server does not have, it takes for no dialog at all (RFC 3261 §12.2.2). */
export function namesDialog({ msg }: SrfRequest): boolean {
  const parameters = (msg.headers.to ?? '').replaceAll(/"(?:\\.|[^"\\])*"|<[^>]*>/g, '');
  return /;\s*tag\s*=/i.test(parameters);
}

/** RFC 4028 §9, where the server does not keep it: it would refresh at 45 s whatever the caller can bear. */
function refusedInterval({ method, msg }: SrfRequest, minSeS: number | undefined): Answer | undefined {
  const seconds = /^\s*(\d{1,9})/.exec(msg.headers['session-expires'] ?? '')?.[1];
  if (method !== 'INVITE' || minSeS === undefined || seconds === undefined || Number(seconds) >= minSeS)
    return undefined;
  const knows = (msg.headers.supported ?? '').split(',').some((tag) => tag.trim().toLowerCase() === 'timer');
  return knows ? { status: 422, headers: [['Min-SE', String(minSeS)]] } : undefined;
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
