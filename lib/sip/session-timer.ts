/** Who refreshes a session, and when (RFC 4028 §7.2, §9). */
import type { SipResponse } from './agent.js';

export interface RefreshPlan {
  readonly refreshMs: number;
  /** The header of the refresh: we remain the refresher. */
  readonly sessionExpires: string;
}

/**
 * `sessionExpires` is the header as agreed. undefined: the peer refreshes, or nobody.
 * Without refresher= the caller refreshes: it asked for the timer.
 */
export function refreshPlan(
  sessionExpires: string | undefined,
  direction: 'inbound' | 'outbound',
): RefreshPlan | undefined {
  const match = /^\s*(\d{1,9})/.exec(sessionExpires ?? '');
  if (!match) return undefined;
  const seconds = Number(match[1]);
  const refresher = /;\s*refresher\s*=\s*(uac|uas)/i.exec(sessionExpires ?? '')?.[1]?.toLowerCase() ?? 'uac';
  const ours = direction === 'outbound' ? 'uac' : 'uas';
  if (refresher !== ours || seconds < 2) return undefined;
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
  const minSe = /^\s*(\d{1,9})/.exec(headers.get('Min-SE') ?? '')?.[1];
  if (status !== 422 || minSe === undefined) return { kind: 'again', afterMs, sessionExpires };
  return { kind: 'again', afterMs, sessionExpires: `${minSe};refresher=uac`, minSe };
}

/** What we answer to an INVITE that asks for a timer: its own interval, the caller refreshing; undefined: it asked for none. */
export function acceptedTimer(sessionExpires: string | undefined, supported: readonly string[]): string | undefined {
  const seconds = /^\s*(\d{1,9})/.exec(sessionExpires ?? '')?.[1];
  if (seconds === undefined) return undefined;
  const refresher = /;\s*refresher\s*=\s*(uac|uas)/i.exec(sessionExpires ?? '')?.[1]?.toLowerCase();
  const peerCan = supported.some((value) => value.split(',').some((option) => option.trim().toLowerCase() === 'timer'));
  return `${seconds};refresher=${refresher ?? (peerCan ? 'uac' : 'uas')}`;
}
