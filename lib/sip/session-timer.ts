/** Who refreshes a session, and when (RFC 4028 §7.2, §9). */

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

/** What we answer to an INVITE that asks for a timer: its own interval, the caller refreshing; undefined: it asked for none. */
export function acceptedTimer(sessionExpires: string | undefined, supported: readonly string[]): string | undefined {
  const seconds = /^\s*(\d{1,9})/.exec(sessionExpires ?? '')?.[1];
  if (seconds === undefined) return undefined;
  const refresher = /;\s*refresher\s*=\s*(uac|uas)/i.exec(sessionExpires ?? '')?.[1]?.toLowerCase();
  const peerCan = supported.some((value) => value.split(',').some((option) => option.trim().toLowerCase() === 'timer'));
  return `${seconds};refresher=${refresher ?? (peerCan ? 'uac' : 'uas')}`;
}
