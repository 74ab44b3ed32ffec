/** An offer that cannot be taken: 488, with the reason for whoever looks for it (RFC 3261 §13.3.1.3, §20.43). */
import type { RefusalReason } from '../../wire/sdp/negotiate.js';
import type { Refusal, Warning } from '../network.js';

const warnings: Readonly<Record<RefusalReason, Warning>> = {
  'no-message-media': { code: 304, text: 'Media type not available: no m=message that can be taken' },
  'no-common-type': { code: 305, text: 'Incompatible media format: no common a=accept-types' },
  'tls-required': {
    code: 302,
    text: 'Incompatible transport protocol: MSRP over TCP or TLS as offered is not spoken here',
  },
};

export function offerRefusal(reason: RefusalReason): Refusal {
  return { status: 488, warning: warnings[reason] };
}
