/** Numbers in the Request-URI, for an engine that takes SIP URIs alone (RFC 3261 §19.1.6). */
import { DecodeError } from '../../wire/decode-error.js';
import { parseSipUri } from '../../wire/sip-uri.js';
import type { RequestDraft } from '../agent.js';

/** The number as one of the next hop's; To is left as it is. undefined: without a next hop a number leads nowhere. */
export function withoutTel(draft: RequestDraft): RequestDraft | undefined {
  if (!/^tel:/i.test(draft.uri)) return draft;
  const host = hostOf(draft.nextHop);
  if (host === undefined) return undefined;
  // All of it becomes the user part, with its parameters; `#` alone may not stand there.
  const subscriber = draft.uri.slice('tel:'.length).replaceAll('#', '%23');
  return { ...draft, uri: `sip:${subscriber}@${host};user=phone` };
}

function hostOf(nextHop: string | undefined): string | undefined {
  if (nextHop === undefined) return undefined;
  try {
    const { host, port } = parseSipUri(nextHop);
    return port === undefined ? host : `${host}:${port}`;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
