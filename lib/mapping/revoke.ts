/** Revocation: what a bot wants undone → the document; the network's answer → the message's status. */
import type { Revoke } from '../wire/rcs/revoke.js';
import type { StatusChange } from './disposition.js';

/** What the answer changes; undefined for a request, which no network sends to a bot. */
export function statusOfRevoke(revoke: Revoke): StatusChange | undefined {
  switch (revoke.kind) {
    case 'request':
      return undefined;
    case 'answer':
      return { status: revoke.result === 'success' ? 'Revoked' : 'RevokeFailed' };
  }
}
