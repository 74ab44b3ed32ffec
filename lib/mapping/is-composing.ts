/** isComposing ↔ the document of RFC 3994, bare or in CPIM. */
import type { IsComposing } from '../resources/is-composing.js';
import type { Cpim } from '../wire/cpim.js';
import { isComposingContentType, printIsComposing, type ComposingState } from '../wire/is-composing.js';
import { envelop, type Envelope } from './cpim-envelope.js';

/** Seconds after which an active state is idle again where nobody says otherwise (RFC 3994 §3.3). */
export const defaultRefreshS = 120;

export function mapInboundComposing(composing: ComposingState): IsComposing {
  return { ...composing };
}

/** The document itself, where the peer takes it bare. */
export function mapOutboundComposing(state: IsComposing): Buffer {
  return printIsComposing(state);
}

/** In CPIM, without Message-ID: no receipt is wanted of it. */
export function mapWrappedComposing(state: IsComposing, envelope: Omit<Envelope, 'messageId'>): Cpim {
  return envelop(envelope, { contentType: isComposingContentType, content: printIsComposing(state) });
}
