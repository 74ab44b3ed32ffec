/** What became of one attempt to send: the answer's meaning (mapping/status.ts), with its words for the bot. */
import { failureDescription, msrpOutcome, type SendOutcome, sipOutcome } from '../../mapping/status.js';
import type { SessionSend, SipOutcome } from '../../sip/network.js';

export type Attempt =
  | { readonly kind: 'sent' }
  /** A definite refusal. */
  | { readonly kind: 'definite'; readonly description: string }
  /** The user's side takes it in another mode, perhaps. */
  | { readonly kind: 'mismatch'; readonly description: string }
  | {
      readonly kind: 'again';
      readonly description: string;
      /** Wait exactly so long; absent: by the backoff. */
      readonly afterMs?: number;
      /** This answer at most so often for one message. */
      readonly maxAttempts?: number;
    };

/** The session stays: its peer says when it goes on, or it ends like any that nobody uses. */
export const onHold: Attempt = { kind: 'again', description: 'The session is on hold' };

export function attemptBySip({ status, reason, retryAfterS }: SipOutcome): Attempt {
  const description = failureDescription('SIP', status, reason);
  // 0 is no wait that could be kept to: without the backoff it would be asked again without a pause.
  return attemptOf(sipOutcome(status), description, retryAfterS ? retryAfterS * 1000 : undefined);
}

export function attemptByMsrp(answer: SessionSend): Attempt {
  switch (answer.kind) {
    case 'accepted':
      return { kind: 'sent' };
    case 'lost':
      return { kind: 'again', description: 'MSRP session lost' };
    case 'refused':
      return attemptOf(msrpOutcome(answer.status), failureDescription('MSRP', answer.status, answer.comment));
  }
}

function attemptOf(outcome: SendOutcome, description: string, retryAfterMs?: number): Attempt {
  const after = retryAfterMs === undefined ? {} : { afterMs: retryAfterMs };
  switch (outcome.kind) {
    case 'sent':
    case 'definite':
      return { kind: outcome.kind, description };
    case 'capability-mismatch':
      return { kind: 'mismatch', description };
    // The agent has raised Session-Expires once already: a second 422 is as any other refusal for now.
    case 'raise-session-expires':
      return { kind: 'again', description, ...after };
    case 'retry':
      return {
        kind: 'again',
        description,
        ...after,
        ...(outcome.maxAttempts === undefined ? {} : { maxAttempts: outcome.maxAttempts }),
      };
    case 'new-dialog':
      return { kind: 'again', description, ...(outcome.afterMs ? { afterMs: between(outcome.afterMs) } : after) };
  }
}

/** RFC 3261 §14.1 wants a random time, so that both sides do not collide again. */
function between([min, max]: readonly [number, number]): number {
  return Math.round(min + Math.random() * (max - min));
}
