/** What answers of SIP and MSRP mean for a message that we send: tables by exact code, else by class (RFC 3261 §8.1.3.2, RFC 4975 §10). */

export type SendOutcome =
  /** The network has it; never more than Sent. */
  | { readonly kind: 'sent' }
  /** Again later, with backoff, Retry-After honoured. */
  | { readonly kind: 'retry'; readonly maxAttempts?: number }
  /** Again in a new dialog or session, after a random time in between; at once where none is given. */
  | { readonly kind: 'new-dialog'; readonly afterMs?: readonly [min: number, max: number] }
  /** 422: again with a Session-Expires of at least the answer's Min-SE (RFC 4028 §6). */
  | { readonly kind: 'raise-session-expires' }
  /** The peer does not take it this way: once more in another mode, then Failed. */
  | { readonly kind: 'capability-mismatch' }
  /** Failed. */
  | { readonly kind: 'definite' };

type Table = Readonly<Record<number, SendOutcome>>;

const retry: SendOutcome = { kind: 'retry' };
const definite: SendOutcome = { kind: 'definite' };
const mismatch: SendOutcome = { kind: 'capability-mismatch' };
/** RFC 3261 §14.1: the owner of the Call-ID waits between 2.1 and 4 seconds. */
const newDialog: SendOutcome = { kind: 'new-dialog', afterMs: [2100, 4000] };
const newSession: SendOutcome = { kind: 'new-dialog' };

export const sipOutcomes: Table = {
  408: retry,
  415: mismatch,
  422: { kind: 'raise-session-expires' },
  480: retry,
  481: newDialog,
  486: retry,
  487: retry,
  488: mismatch,
  491: newDialog,
  // A server that fails on this very message will go on failing.
  500: { kind: 'retry', maxAttempts: 3 },
  501: definite,
  505: definite,
  513: definite,
  580: definite,
  600: retry,
  606: mismatch,
};

/** By the first digit. Redirections are not followed: they could lead a message out of the operator's network. */
const sipClasses: Table = { 2: { kind: 'sent' }, 3: definite, 4: definite, 5: retry, 6: definite };

export const msrpOutcomes: Table = {
  200: { kind: 'sent' },
  400: definite,
  401: definite,
  403: definite,
  408: newSession,
  413: definite,
  415: definite,
  423: definite,
  481: newSession,
  501: definite,
  506: newSession,
};

/** Of a final response to a MESSAGE or INVITE; a status that is none is taken as a failure of the peer: again later. */
export function sipOutcome(status: number): SendOutcome {
  return sipOutcomes[status] ?? sipClasses[Math.floor(status / 100)] ?? retry;
}

/** Of the response to a SEND, or the status of a REPORT. RFC 4975 §10: a code that is not known is as 400. */
export function msrpOutcome(status: number): SendOutcome {
  return msrpOutcomes[status] ?? (status >= 200 && status < 300 ? { kind: 'sent' } : definite);
}

/** For `description` of a status: protocol, code and the peer's words, without control characters. */
export function failureDescription(protocol: 'SIP' | 'MSRP', status: number, words = ''): string {
  const text = words
    .replace(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, 128);
  return `${protocol} ${status}${text === '' ? '' : ` ${text}`}`;
}
