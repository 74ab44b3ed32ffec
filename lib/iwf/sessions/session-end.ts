/** What a refused INVITE means to a bot that waits for its session (RFC 3261 §21). */
import type { ParticipantStatus } from '../../resources/chat-session.js';

export interface SessionEnd {
  readonly status: ParticipantStatus;
  readonly event: 'Declined' | 'SessionFailed';
}

/** The user's own no; everything else is no answer of his. */
const declined: ReadonlySet<number> = new Set([486, 600, 603]);

export function sessionEnd(sipStatus: number): SessionEnd {
  return declined.has(sipStatus)
    ? { status: 'Declined', event: 'Declined' }
    : { status: 'Disconnected', event: 'SessionFailed' };
}
