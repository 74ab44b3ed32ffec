/** Every body that the network sends and we understand: Content-Type → codec, one table. */
import { cpimContentType, decodedContent, parseCpim, type Cpim } from './cpim.js';
import { imdnContentType, parseImdn, type Imdn } from './imdn.js';
import { isComposingContentType, parseIsComposing, type ComposingState } from './is-composing.js';
import { essence } from './media-type.js';
import { boundaryOf, parseMultipart, type BodyPart } from './multipart.js';

export type Body =
  | { readonly kind: 'cpim'; readonly cpim: Cpim }
  | { readonly kind: 'imdn'; readonly imdn: Imdn }
  | { readonly kind: 'composing'; readonly composing: ComposingState }
  | { readonly kind: 'multipart'; readonly parts: readonly BodyPart[] }
  /** Content that passes byte for byte: text, bot JSON, files, locations, and what we have never heard of. */
  | { readonly kind: 'content'; readonly contentType: string; readonly bytes: Buffer };

export type BodyKind = Body['kind'];

type Codec = (bytes: Buffer, contentType: string) => Body;

const codecs: Readonly<Record<string, Codec>> = {
  'message/cpim': (bytes) => ({ kind: 'cpim', cpim: parseCpim(bytes) }),
  [imdnContentType]: (bytes) => ({ kind: 'imdn', imdn: parseImdn(bytes) }),
  [isComposingContentType]: (bytes) => ({ kind: 'composing', composing: parseIsComposing(bytes) }),
  'multipart/mixed': (bytes, contentType) => ({
    kind: 'multipart',
    parts: parseMultipart(bytes, boundaryOf(contentType)),
  }),
};

/** Reads a body by its Content-Type. Throws DecodeError where the type is known and the body is not of it. */
export function parseBody(contentType: string, bytes: Buffer): Body {
  const codec = Object.hasOwn(codecs, essence(contentType)) ? codecs[essence(contentType)] : undefined;
  return codec === undefined ? { kind: 'content', contentType, bytes } : codec(bytes, contentType);
}

/** What a CPIM message carries, its transfer encoding undone. Throws DecodeError. */
export function parseCpimBody(cpim: Cpim): Body {
  return parseBody(cpimContentType(cpim), decodedContent(cpim));
}
