/** Whether a user asks that his identity is kept from whom the network does not trust with it (RFC 3323 §4.2, RFC 3325 §9.3). */
import type { Headers } from './agent.js';

export function wantsPrivacy(headers: Headers): boolean {
  const values = headers.all('Privacy').flatMap((value) => value.split(/[;,]/));
  return values.some((value) => hiding.has(value.trim().toLowerCase()));
}

const hiding: ReadonlySet<string> = new Set(['id', 'user', 'header']);
