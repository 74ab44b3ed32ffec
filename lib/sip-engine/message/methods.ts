/** The methods that SIP has a name for, ours or not: any other is unknown to us (RFC 3261 §8.2.1, §21.5.2). */

/** IANA's registry of SIP methods. */
const REGISTERED = new Set([
  ...['ACK', 'BYE', 'CANCEL', 'INFO', 'INVITE', 'MESSAGE', 'NOTIFY', 'OPTIONS'],
  ...['PRACK', 'PUBLISH', 'REFER', 'REGISTER', 'SUBSCRIBE', 'UPDATE'],
]);

/** Methods are told apart by case (§7.1), and `%` in them escapes nothing (RFC 4475 §3.1.1.5). */
export function isRegistered(method: string): boolean {
  return REGISTERED.has(method);
}
