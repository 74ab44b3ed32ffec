/** A request and its final answer as labels of a count, for an engine that does not count itself: words of ours, none of the peer's. */
import { isNamed } from '../reason-phrase.js';

export type Answered = (direction: 'inbound' | 'outbound', method: string, status: number) => void;

const methods: ReadonlySet<string> = new Set([
  ...['ACK', 'BYE', 'CANCEL', 'INFO', 'INVITE', 'MESSAGE', 'NOTIFY', 'OPTIONS'],
  ...['PRACK', 'PUBLISH', 'REFER', 'REGISTER', 'SUBSCRIBE', 'UPDATE'],
]);

export function answeredLabels(...[direction, method, status]: Parameters<Answered>): Readonly<Record<string, string>> {
  return {
    direction,
    method: methods.has(method) ? method : 'other',
    // What is not known is taken for the x00 of its class (RFC 3261 §8.1.3.2).
    status: String(isNamed(status) ? status : status - (status % 100)),
  };
}
