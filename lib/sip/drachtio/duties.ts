/** What a server owes before its application sees a request, and a drachtio-server leaves to that; the embedded engine has done it before. */
import type { Answer } from '../agent.js';
import type { SrfRequest } from './types.js';

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
