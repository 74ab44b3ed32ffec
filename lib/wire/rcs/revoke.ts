/** Message revocation: the request, and the network's answer in a MESSAGE of its own (RCS; element names are configuration). */
import { DecodeError } from '../decode-error.js';
import { parseXml, printXml, type XmlDraft } from '../xml.js';
import { elementName, namedValues, sameWord, valueNamed } from './names.js';

export const revokeContentType = 'application/vnd.gsma.rcsrevoke+xml';

export type Revoke =
  | {
      readonly kind: 'request';
      /** imdn.Message-ID of the message to revoke. */
      readonly messageId: string;
      readonly from?: string;
      readonly to?: string;
    }
  | {
      readonly kind: 'answer';
      readonly messageId: string;
      readonly from?: string;
      readonly to?: string;
      readonly result: 'success' | 'failed';
    };

/** Names of elements and words of the result. The defaults are beliefs: no public specification has them. */
export interface RevokeVocabulary {
  readonly namespace: string;
  readonly requestRoot: string;
  readonly answerRoot: string;
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  readonly result: string;
  /** Any of these, in any case, is success, everything else failed; the first is printed. */
  readonly success: readonly [string, ...string[]];
  readonly failed: string;
}

export const defaultRevokeVocabulary: RevokeVocabulary = {
  namespace: 'urn:gsma:params:xml:ns:rcs:rcs:rcsrevoke',
  requestRoot: 'MessageRevoke',
  answerRoot: 'MessageRevokeResponse',
  messageId: 'Message-ID',
  from: 'From',
  to: 'To',
  result: 'result',
  success: ['success', 'ok', 'true'],
  failed: 'failed',
};

const codec = 'revoke';

/** Whatever the root is called; a document with a result is an answer. Throws DecodeError (no XML, no Message-ID). */
export function parseRevoke(input: string | Buffer, vocabulary: RevokeVocabulary = defaultRevokeVocabulary): Revoke {
  const values = namedValues(parseXml(input, { codec, unboundPrefixes: 'tolerate' }));
  const messageId = valueNamed(values, vocabulary.messageId, codec);
  if (messageId === undefined) throw new DecodeError(codec, vocabulary.messageId, 'missing');
  const from = valueNamed(values, vocabulary.from, codec);
  const to = valueNamed(values, vocabulary.to, codec);
  const about = { messageId, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const result = valueNamed(values, vocabulary.result, codec);
  if (result === undefined) return { kind: 'request', ...about };
  const success = vocabulary.success.some((word) => sameWord(word, result));
  return { kind: 'answer', ...about, result: success ? 'success' : 'failed' };
}

/** Throws DecodeError where the vocabulary names what cannot be an element. */
export function printRevoke(revoke: Revoke, vocabulary: RevokeVocabulary = defaultRevokeVocabulary): Buffer {
  const child = (name: string, text: string): XmlDraft => ({ name: elementName(name, codec), text });
  const children = [child(vocabulary.messageId, revoke.messageId)];
  if (revoke.from !== undefined) children.push(child(vocabulary.from, revoke.from));
  if (revoke.to !== undefined) children.push(child(vocabulary.to, revoke.to));
  if (revoke.kind === 'answer') {
    const word = revoke.result === 'success' ? vocabulary.success[0] : vocabulary.failed;
    children.push(child(vocabulary.result, word));
  }
  const root = revoke.kind === 'request' ? vocabulary.requestRoot : vocabulary.answerRoot;
  return printXml({ name: elementName(root, codec), attributes: [['xmlns', vocabulary.namespace]], children });
}
