/** A request and its final answer as labels of a count: a peer chooses among our words, and adds none. */
import { isRegistered } from './methods.js';
import { isNamed } from './print.js';

export type Direction = 'inbound' | 'outbound';

export function answeredLabels(
  direction: Direction,
  method: string | undefined,
  status: number,
): Readonly<Record<string, string>> {
  return {
    direction,
    method: method !== undefined && isRegistered(method) ? method : 'other',
    // What is not known is taken for the x00 of its class (RFC 3261 §8.1.3.2).
    status: String(isNamed(status) ? status : status - (status % 100)),
  };
}
