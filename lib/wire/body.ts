/** Every body that the network sends and we understand: Content-Type → codec, one table. */
import { cpimContentType, decodedContent, parseCpim, type Cpim } from './cpim.js';
import { imdnContentType, parseImdn, type Imdn } from './imdn.js';
import { isComposingContentType, parseIsComposing, type ComposingState } from './is-composing.js';
import { essence } from './media-type.js';
import { boundaryOf, parseMultipart, type BodyPart } from './multipart.js';
import { fileTransferHttpContentType, parseFileTransferHttp, type FileTransferHttp } from './rcs/file-transfer-http.js';
import { linkReportContentType, parseLinkReport, type LinkReport } from './rcs/link-report.js';
import {
  defaultPrivacyVocabulary,
  parsePrivacy,
  privacyContentType,
  type Privacy,
  type PrivacyVocabulary,
} from './rcs/privacy.js';
import {
  defaultRevokeVocabulary,
  parseRevoke,
  revokeContentType,
  type Revoke,
  type RevokeVocabulary,
} from './rcs/revoke.js';
import { parseSpamReport, spamReportContentType, type SpamReport } from './rcs/spam-report.js';

export type Body =
  | { readonly kind: 'cpim'; readonly cpim: Cpim }
  | { readonly kind: 'imdn'; readonly imdn: Imdn }
  | { readonly kind: 'composing'; readonly composing: ComposingState }
  | { readonly kind: 'multipart'; readonly parts: readonly BodyPart[] }
  | { readonly kind: 'file'; readonly file: FileTransferHttp }
  | { readonly kind: 'revoke'; readonly revoke: Revoke }
  | { readonly kind: 'spam-report'; readonly report: SpamReport }
  | { readonly kind: 'privacy'; readonly privacy: Privacy }
  | { readonly kind: 'link-report'; readonly report: LinkReport }
  /** Content that passes byte for byte: text, bot JSON, locations, and what we have never heard of. */
  | { readonly kind: 'content'; readonly contentType: string; readonly bytes: Buffer };

export type BodyKind = Body['kind'];

/** Words that configuration may replace. */
export interface Vocabularies {
  readonly revoke: RevokeVocabulary;
  readonly privacy: PrivacyVocabulary;
}

export const defaultVocabularies: Vocabularies = { revoke: defaultRevokeVocabulary, privacy: defaultPrivacyVocabulary };

interface Input {
  readonly bytes: Buffer;
  readonly contentType: string;
  readonly vocabularies: Vocabularies;
}

const codecs: Readonly<Record<string, (input: Input) => Body>> = {
  'message/cpim': ({ bytes }) => ({ kind: 'cpim', cpim: parseCpim(bytes) }),
  [imdnContentType]: ({ bytes }) => ({ kind: 'imdn', imdn: parseImdn(bytes) }),
  [isComposingContentType]: ({ bytes }) => ({ kind: 'composing', composing: parseIsComposing(bytes) }),
  'multipart/mixed': ({ bytes, contentType }) => ({
    kind: 'multipart',
    parts: parseMultipart(bytes, boundaryOf(contentType)),
  }),
  [fileTransferHttpContentType]: ({ bytes }) => ({ kind: 'file', file: parseFileTransferHttp(bytes) }),
  [revokeContentType]: ({ bytes, vocabularies }) => ({
    kind: 'revoke',
    revoke: parseRevoke(bytes, vocabularies.revoke),
  }),
  [spamReportContentType]: ({ bytes }) => ({ kind: 'spam-report', report: parseSpamReport(bytes) }),
  [privacyContentType]: ({ bytes, vocabularies }) => ({
    kind: 'privacy',
    privacy: parsePrivacy(bytes, vocabularies.privacy),
  }),
  [linkReportContentType]: ({ bytes }) => ({ kind: 'link-report', report: parseLinkReport(bytes) }),
};

/** Reads a body by its Content-Type. Throws DecodeError where the type is known and the body is not of it. */
export function parseBody(contentType: string, bytes: Buffer, vocabularies: Vocabularies = defaultVocabularies): Body {
  const type = essence(contentType);
  const codec = Object.hasOwn(codecs, type) ? codecs[type] : undefined;
  return codec === undefined ? { kind: 'content', contentType, bytes } : codec({ bytes, contentType, vocabularies });
}

/** What a CPIM message carries, its transfer encoding undone. Throws DecodeError. */
export function parseCpimBody(cpim: Cpim, vocabularies: Vocabularies = defaultVocabularies): Body {
  return parseBody(cpimContentType(cpim), decodedContent(cpim), vocabularies);
}
