/** Typing, both ways (RFC 3994). */
import type { IsComposing } from '../resources/is-composing.js';
import type { Cpim } from '../wire/cpim.js';
import { type ComposingState, isComposingContentType } from '../wire/is-composing.js';
import { anonymous, core } from './message-outbound.js';

/** The two say the same in the same words. */
export function toIsComposing(state: ComposingState): IsComposing {
  return state;
}

export function fromIsComposing(state: IsComposing): ComposingState {
  return state;
}

/** Wrapped for a peer that does not take it bare: no Message-ID, nobody acknowledges it. */
export function composingCpim(document: Buffer): Cpim {
  return {
    headers: [core('From', anonymous), core('To', anonymous)],
    contentHeaders: [{ name: 'Content-Type', value: isComposingContentType }],
    content: document,
  };
}
