/** When a session ends unless it is refreshed (RFC 4028 §7–§10). */
import { paramOf } from '../message/grammar.js';
import type { WireMessage } from '../message/message.js';

/** Seconds of Expires, Session-Expires or Min-SE; undefined where absent or no number. */
export function secondsOf(value: string | undefined): number | undefined {
  const digits = value === undefined ? undefined : /^\d{1,9}/.exec(value)?.[0];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Milliseconds after a 2xx to INVITE or UPDATE when we end the session; undefined: never.
 * `weAsked`: the 2xx answers a request of ours. The refresher waits to the end, the other side hangs up a little
 * before it (§10).
 */
export function sessionEndMs(answer: WireMessage, weAsked: boolean): number | undefined {
  const value = answer.raw('session-expires');
  const expiresS = secondsOf(value);
  if (value === undefined || expiresS === undefined || expiresS === 0) return undefined;
  const refresher = paramOf(value, value.search(/;|$/), 'refresher')?.toLowerCase();
  const weRefresh = weAsked === (refresher === 'uac');
  return 1000 * (weRefresh ? expiresS : expiresS - Math.min(32, Math.floor(expiresS / 3)));
}
