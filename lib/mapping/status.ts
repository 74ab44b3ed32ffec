/** What an answer of the network means for a message of a bot (network-side facts §8): tables. */

export type AttemptOutcome =
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
      /** A 500: not more than three of them. */
      readonly serverError?: true;
    };

type Meaning = 'sent' | 'definite' | 'mismatch' | 'again' | 'new-dialog' | 'server-error';

const byClass: Readonly<Record<number, Meaning>> = {
  2: 'sent',
  3: 'definite',
  4: 'definite',
  5: 'again',
  6: 'definite',
};

const byCode: Readonly<Record<number, Meaning>> = {
  408: 'again',
  480: 'again',
  486: 'again',
  487: 'again',
  481: 'new-dialog',
  491: 'new-dialog',
  415: 'mismatch',
  488: 'mismatch',
  606: 'mismatch',
  500: 'server-error',
  501: 'definite',
  505: 'definite',
  513: 'definite',
  580: 'definite',
  600: 'again',
};

/** MSRP's codes that end a message; the others end the session, and the message goes in a new one (RFC 4975 §10). */
const definiteInMsrp: readonly number[] = [400, 403, 413, 415, 423, 501];

/** RFC 3261 §14.1: 2.1 to 4 s for the owner of the Call-ID. */
const newDialogMs = 2_100;

export interface SipAnswer {
  readonly status: number;
  readonly reason: string;
  readonly retryAfterS?: number;
}

export function fromSip({ status, reason, retryAfterS }: SipAnswer): AttemptOutcome {
  const meaning = byCode[status] ?? byClass[Math.floor(status / 100)] ?? 'definite';
  const description = `SIP ${status} ${reason}`.trim();
  const wait = retryAfterS === undefined ? {} : { afterMs: retryAfterS * 1000 };
  switch (meaning) {
    case 'sent':
      return { kind: 'sent' };
    case 'definite':
    case 'mismatch':
      return { kind: meaning, description };
    case 'again':
      return { kind: 'again', description, ...wait };
    case 'server-error':
      return { kind: 'again', description, ...wait, serverError: true };
    case 'new-dialog':
      return { kind: 'again', description, afterMs: newDialogMs };
  }
}

export type MsrpAnswer =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly status: number; readonly comment: string | undefined }
  | { readonly kind: 'lost' };

export function fromMsrp(answer: MsrpAnswer): AttemptOutcome {
  switch (answer.kind) {
    case 'accepted':
      return { kind: 'sent' };
    case 'lost':
      return { kind: 'again', description: 'MSRP session lost' };
    case 'refused': {
      const description = `MSRP ${answer.status} ${answer.comment ?? ''}`.trim();
      return { kind: definiteInMsrp.includes(answer.status) ? 'definite' : 'again', description };
    }
  }
}
