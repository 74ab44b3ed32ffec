/** A user's address as a path or body names it: tel: or sip: URI, or a token in a sip: URI. */
import { ApiError } from '../../resources/api-error.js';

const maxLength = 512;
const telUri = /^tel:\+?[0-9*#A-Fa-f().-]*[0-9][0-9*#A-Fa-f().-]*(?:;[!-~]+)?$/i;
const sipUri = /^sips?:[!-~]+$/i;
const unsafe = /[^!-~]|[<>"\\]/;

/** The address unaltered; throws SVC0004 naming `part`. It can stand in a header: nothing in it ends a line or a name-addr. */
export function contactAddress(value: string, part: string): string {
  const wellFormed = value.length <= maxLength && !unsafe.test(value) && (telUri.test(value) || sipUri.test(value));
  if (!wellFormed)
    throw new ApiError('SVC0004', [part, 'must be tel:+NUMBER or sip:USER@HOST, in a path percent-encoded']);
  return value;
}
