/** What a message that was not taken is answered with, as the way requires on which it came. */
import type { MsrpRefusal, Refusal } from '../../sip/network.js';
import type { Verdict } from './inbound.js';

/** Retry-After of what is no limit: a bot that nobody listens for, the end of the gateway; seconds. */
export const retryAfterS = 30;

export function msrpRefusal(verdict: Verdict): MsrpRefusal | undefined {
  switch (verdict.kind) {
    case 'taken':
      return undefined;
    case 'undecodable':
      return { status: 400, comment: `not a well-formed ${verdict.problem}` };
    case 'unsupported':
      return { status: 415, comment: 'content type not supported' };
    case 'unwanted':
      return { status: 408, comment: 'chatbot not reachable now' };
    case 'too-many':
      return { status: 408, comment: 'too many messages for the chatbot now' };
  }
}

export function sipRefusal(verdict: Exclude<Verdict, { kind: 'taken' }>): Refusal {
  switch (verdict.kind) {
    case 'undecodable':
      return { status: 400, reason: 'Bad Content' };
    case 'unsupported':
      return { status: 415 };
    case 'unwanted':
      return { status: 480, retryAfterS };
    case 'too-many':
      return { status: 480, retryAfterS: 1 };
  }
}
