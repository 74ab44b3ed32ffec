/** Ids that nobody can guess: of MSRP sessions, whose path is all that a peer needs to know (RFC 4975 §14.1). */
import { randomBytes } from 'node:crypto';

/** 128 random bits, 32 hexadecimal digits. */
export function randomId(): string {
  return randomBytes(16).toString('hex');
}
