/** An is-composing document: that somebody types (RFC 3994 §6). */
import { DecodeError } from './decode-error.js';
import { onlyText, parseXml, printXml, type XmlDraft } from './xml.js';

export const isComposingContentType = 'application/im-iscomposing+xml';

export interface ComposingState {
  readonly state: 'active' | 'idle';
  /** RFC 3339. */
  readonly lastActive?: string;
  readonly contentType?: string;
  /** Seconds after which an active state must be repeated; the default is 120 (§3.3). */
  readonly refresh?: number;
}

const codec = 'is-composing';
const namespace = 'urn:ietf:params:xml:ns:im-iscomposing';

/** Throws DecodeError. Elements may come in any order; an empty one, or a refresh that is no positive number, is as none. */
export function parseIsComposing(input: string | Buffer): ComposingState {
  const root = parseXml(input, { codec });
  if (root.local !== 'isComposing') throw new DecodeError(codec, 'root', 'not an isComposing document');
  if (root.ns !== namespace && root.ns !== '') throw new DecodeError(codec, 'root', 'not the is-composing namespace');
  const state = onlyText(root, 'state', codec);
  if (state === undefined) throw new DecodeError(codec, 'state', 'missing');
  const lastActive = onlyText(root, 'lastactive', codec) ?? '';
  const contentType = onlyText(root, 'contenttype', codec) ?? '';
  const refresh = onlyText(root, 'refresh', codec) ?? '';
  return {
    // RFC 3994 §3.2: a state that is not known is idle.
    state: state === 'active' ? 'active' : 'idle',
    ...(lastActive === '' ? {} : { lastActive }),
    ...(contentType === '' ? {} : { contentType }),
    ...(/^[1-9]\d{0,8}$/.test(refresh) ? { refresh: Number(refresh) } : {}),
  };
}

/** Elements in the order of the schema (RFC 3994 §6.2). */
export function printIsComposing({ state, lastActive, contentType, refresh }: ComposingState): Buffer {
  const children: XmlDraft[] = [{ name: 'state', text: state }];
  if (lastActive !== undefined) children.push({ name: 'lastactive', text: lastActive });
  if (contentType !== undefined) children.push({ name: 'contenttype', text: contentType });
  if (refresh !== undefined) children.push({ name: 'refresh', text: String(refresh) });
  return printXml({ name: 'isComposing', attributes: [['xmlns', namespace]], children });
}
