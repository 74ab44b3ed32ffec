/** Whom a request is for: its one Host (RFC 9112 §3.2). */
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../../resources/api-error.js';

/** uri-host and port (RFC 3986 §3.2); empty for a client that names none. */
const hostForm = /^(?:\[[\w.:%]*\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?$/;

/**
 * Throws SVC0002 for none in HTTP/1.1, for one that is no host, and for two in any version: who stands before us may have
 * read it otherwise.
 */
export function requireHost({ headers, rawHeaders, httpVersion }: IncomingMessage): void {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  if (hosts > 1) throw new ApiError('SVC0002', ['Host', 'more than one']);
  if (hosts === 0 && httpVersion === '1.1') throw new ApiError('SVC0002', ['Host', 'is required']);
  if (!hostForm.test(headers.host ?? '')) throw new ApiError('SVC0002', ['Host', 'must be a host, and a port']);
}
