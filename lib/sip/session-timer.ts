/** Who refreshes a session, and when (RFC 4028 §7.2, §9). */
import type { HeaderLine, Headers, SipResponse } from './agent.js';

export interface RefreshPlan {
  readonly refreshMs: number;
  /** The header of the refresh: we remain the refresher. */
  readonly sessionExpires: string;
}

/**
 * `sessionExpires` is the header of a 2xx, `weAsked`: the 2xx answers an INVITE or UPDATE of ours. Who is uac and who
 * uas is said of that request, whoever made the call (RFC 4028 §7.4). undefined: the peer refreshes, or nobody.
 * Without refresher= whoever asked refreshes: he asked for the timer.
 */
export function refreshPlan(sessionExpires: string | undefined, weAsked: boolean): RefreshPlan | undefined {
  const seconds = Number(secondsIn(sessionExpires) ?? 0);
  const weRefresh = weAsked === ((refresherIn(sessionExpires) ?? 'uac') === 'uac');
  if (!weRefresh || seconds < 2) return undefined;
  // A refresh is a request of ours: there we are the uac.
  return { refreshMs: seconds * 500, sessionExpires: `${seconds};refresher=uac` };
}

export type RefreshOutcome =
  | { readonly kind: 'refreshed'; readonly sessionExpires: string }
  /** There is no session at the other end (RFC 4028 §10). */
  | { readonly kind: 'lost' }
  | { readonly kind: 'again'; readonly afterMs: number; readonly sessionExpires: string; readonly minSe?: string };

/** Of the Call-ID: whoever sent the first INVITE owns it. */
export type Ownership = 'owner' | 'other';

/** How long to leave the field to the peer after a 491, so that the two do not meet again (RFC 3261 §14.1); `random` in [0, 1). */
export function glareWaitMs(ownership: Ownership, random: number): number {
  const [leastMs, mostMs] = ownership === 'owner' ? [2100, 4000] : [0, 2000];
  return leastMs + 10 * Math.floor(((mostMs - leastMs) / 10 + 1) * random);
}

/** What the answer to a refresh of ours means; `waitMs` is for the next attempt. */
export function refreshOutcome(
  response: SipResponse,
  { refreshMs, sessionExpires }: RefreshPlan,
  waitMs: number,
): RefreshOutcome {
  const { status, headers } = response;
  if (status < 300) return { kind: 'refreshed', sessionExpires: headers.get('Session-Expires') ?? sessionExpires };
  if (status === 408 || status === 481) return { kind: 'lost' };
  // While there is time: the session ends at twice refreshMs.
  const afterMs = Math.min(waitMs, refreshMs / 2);
  const minSe = secondsIn(headers.get('Min-SE'));
  if (status !== 422 || minSe === undefined) return { kind: 'again', afterMs, sessionExpires };
  return { kind: 'again', afterMs, sessionExpires: `${minSe};refresher=uac`, minSe };
}

/**
 * What we answer to an INVITE or UPDATE that asks for a timer: its own interval, and a refresher always (RFC 4028 §9);
 * undefined: it asked for none.
 */
export function acceptedTimer(headers: Headers): string | undefined {
  const asked = headers.get('Session-Expires');
  const seconds = secondsIn(asked);
  if (seconds === undefined) return undefined;
  const peerCan = headers
    .all('Supported')
    .some((value) => value.split(',').some((option) => option.trim().toLowerCase() === 'timer'));
  return `${seconds};refresher=${refresherIn(asked) ?? (peerCan ? 'uac' : 'uas')}`;
}

/** Of our 2xx; RFC 4028 §9: the timer is required of who asks only where he has to refresh. */
export function timerHeaders(timer: string | undefined): readonly HeaderLine[] {
  if (timer === undefined) return [];
  const required: HeaderLine = ['Require', 'timer'];
  return [['Session-Expires', timer], ...(timer.endsWith('uac') ? [required] : [])];
}

function secondsIn(value: string | undefined): string | undefined {
  return /^\s*(\d{1,9})/.exec(value ?? '')?.[1];
}

function refresherIn(sessionExpires: string | undefined): string | undefined {
  return /;\s*refresher\s*=\s*(uac|uas)/i.exec(sessionExpires ?? '')?.[1]?.toLowerCase();
}
