/** Numbers in the Request-URI, for an engine that takes SIP URIs alone (RFC 3261 §19.1.6). */
import { readSipUri } from '../../wire/sip-uri.js';
import type { RequestDraft } from '../agent.js';

/** The number as one of the next hop's; To is left as it is. undefined: without a next hop a number leads nowhere. */
export function withoutTel(draft: RequestDraft): RequestDraft | undefined {
  if (!/^tel:/i.test(draft.uri)) return draft;
  const host = hostOf(draft.nextHop);
  if (host === undefined) return undefined;
  return { ...draft, uri: `sip:${subscriberOf(draft.uri.slice('tel:'.length))}@${host};user=phone` };
}

/**
 * `#` may not stand in a user part, `;` may; drachtio-server takes it for the end of the URI. A global number is whole
 * without its parameters, a local one is not.
 */
function subscriberOf(number: string): string {
  const needed = number.startsWith('+') ? number.replace(/;.*/, '') : number;
  return needed.replaceAll('#', '%23').replaceAll(';', '%3B');
}

function hostOf(nextHop: string | undefined): string | undefined {
  const hop = nextHop === undefined ? undefined : readSipUri(nextHop);
  return hop && (hop.port === undefined ? hop.host : `${hop.host}:${hop.port}`);
}
