/** Who refreshes a session, and when (RFC 4028 §7.2, §9). */
import type { HeaderLine, Headers, SipResponse } from './agent.js';

export interface RefreshPlan {
  /** How long the session stands without a refresh. */
  readonly intervalMs: number;
  /** When to ask for one, of that interval. */
  readonly refreshMs: number;
  /** The header of the refresh: we remain the refresher. */
  readonly sessionExpires: string;
  /** The peer has found the interval too small (RFC 4028 §7.3). */
  readonly minSe?: string;
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
  return { intervalMs: seconds * 1000, refreshMs: seconds * 500, sessionExpires: `${seconds};refresher=uac` };
}

export type RefreshOutcome =
  | { readonly kind: 'refreshed'; readonly sessionExpires: string }
  /** There is no session at the other end (RFC 4028 §10), or no time left to ask again. */
  | { readonly kind: 'lost' }
  /** UPDATE does not reach the peer: at once by re-INVITE (RFC 4028 §7.4). */
  | { readonly kind: 'reinvite' }
  | { readonly kind: 'again'; readonly afterMs: number; readonly plan: RefreshPlan };

/** Of the Call-ID: whoever sent the first INVITE owns it. */
export type Ownership = 'owner' | 'other';

/** How long to leave the field to the peer after a 491, so that the two do not meet again (RFC 3261 §14.1); `random` in [0, 1). */
export function glareWaitMs(ownership: Ownership, random: number): number {
  const [leastMs, mostMs] = ownership === 'owner' ? [2100, 4000] : [0, 2000];
  return leastMs + 10 * Math.floor(((mostMs - leastMs) / 10 + 1) * random);
}

/** What was asked, and how; `glareMs` is the wait after a 491. */
export interface Refresh {
  readonly plan: RefreshPlan;
  readonly method: 'UPDATE' | 'INVITE';
  readonly glareMs: number;
}

/** What the answer to a refresh of ours means. */
export function refreshOutcome({ status, headers }: SipResponse, { plan, method, glareMs }: Refresh): RefreshOutcome {
  if (status < 300) return { kind: 'refreshed', sessionExpires: headers.get('Session-Expires') ?? plan.sessionExpires };
  if (status === 408 || status === 481) return { kind: 'lost' };
  // What the peer's Allow has named, someone on the way to him does not know.
  if (method === 'UPDATE' && (status === 405 || status === 501)) return { kind: 'reinvite' };
  const minSe = status === 422 ? secondsIn(headers.get('Min-SE')) : undefined;
  const next = minSe === undefined ? plan : { ...plan, minSe, sessionExpires: `${minSe};refresher=uac` };
  // Once: who wants ever more is not asked without a pause.
  if (next !== plan && plan.minSe === undefined) return { kind: 'again', afterMs: 0, plan: next };
  const leftMs = timeLeftMs(plan);
  if (leftMs === undefined) return { kind: 'lost' };
  const wantedMs = status === 491 ? glareMs : (retryAfterMs(headers) ?? leftMs / 2);
  const afterMs = Math.min(wantedMs, Math.max(leftMs / 2, leftMs - lastMomentMs));
  return { kind: 'again', afterMs, plan: { ...next, refreshMs: plan.refreshMs + afterMs } };
}

/** A refresh that is asked for so long before the end still comes in time. */
const lastMomentMs = 4000;

/**
 * Until the peer hangs up, which he should a little before the end (RFC 4028 §10); then until the end itself, for he
 * may be late. undefined: it is not worth asking again.
 */
function timeLeftMs({ intervalMs, refreshMs }: RefreshPlan): number | undefined {
  const earlyMs = intervalMs - Math.min(32_000, intervalMs / 3);
  const leastMs = Math.min(lastMomentMs, intervalMs / 16);
  return [earlyMs, intervalMs].map((endMs) => endMs - refreshMs).find((leftMs) => leftMs >= leastMs);
}

/** 0 is no wait that we could keep to. */
function retryAfterMs(headers: Headers): number | undefined {
  const seconds = Number(secondsIn(headers.get('Retry-After')) ?? 0);
  return seconds === 0 ? undefined : seconds * 1000;
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
