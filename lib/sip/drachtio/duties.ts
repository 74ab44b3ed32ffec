/** What a server owes before its application sees a request, and a drachtio-server leaves to that; the embedded engine has done it before. */
import type { Answer } from '../agent.js';
import type { SrfRequest } from './types.js';

/** What may come outside of dialogs (RFC 3261 §8.2.1), and what besides is understood inside. */
export const ALLOW = 'INVITE, ACK, CANCEL, BYE, OPTIONS, MESSAGE, UPDATE, INFO';

/** Option tags that a Require may name. */
const SUPPORTED = new Set(['timer']);

/** RFC 3261 §8.2.2.3: who requires what we do not know is told so. Of BYE nothing is asked: the server has ended the dialog. */
export function refusedExtension({ method, msg }: SrfRequest): Answer | undefined {
  // srf joins what stands in several lines
  const { require: required } = msg.headers;
  if (required === undefined || method === 'BYE') return undefined;
  const tags = required.split(',').map((tag) => tag.trim());
  const unknown = tags.filter((tag) => tag !== '' && !SUPPORTED.has(tag.toLowerCase()));
  return unknown.length === 0 ? undefined : { status: 420, headers: [['Unsupported', unknown.join(', ')]] };
}

/** Of OPTIONS to the gateway itself (RFC 3261 §11.2); while it goes down nothing new is to come here. */
export function ownOptions(state: 'ready' | 'draining'): Answer {
  if (state === 'draining') return { status: 503, headers: [['Retry-After', '30']] };
  return {
    status: 200,
    headers: [
      ['Allow', ALLOW],
      ['Accept', 'application/sdp, message/cpim, multipart/mixed'],
      ['Accept-Encoding', 'identity'],
      ['Supported', [...SUPPORTED].join(', ')],
    ],
  };
}
