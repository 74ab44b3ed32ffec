/** Whom a request is for: its one Host (RFC 9112 §3.2). */
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../../resources/api-error.js';

/** Throws SVC0002 for none in HTTP/1.1, and for two in any version: who stands before us may have read the other one. */
export function requireHost({ rawHeaders, httpVersion }: IncomingMessage): void {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  if (hosts > 1) throw new ApiError('SVC0002', ['Host', 'more than one']);
  if (hosts === 0 && httpVersion === '1.1') throw new ApiError('SVC0002', ['Host', 'is required']);
}
