/** A user's report that a chatbot spams: the body of a MESSAGE to the bot (RCS, root SR). */
import { DecodeError } from '../decode-error.js';
import { oneOf, parseXml, printXml, type XmlDraft } from '../xml.js';
import { sameWord } from './names.js';

export const spamReportContentType = 'application/vnd.gsma.rcsspam-report+xml';

export interface SpamReport {
  /** As written; missing, the Request-URI names the bot. */
  readonly chatbot?: string;
  /** imdn.Message-IDs, at most 10. */
  readonly messageIds: readonly string[];
  /** Any words; an empty element is as none. */
  readonly spamType?: string;
  readonly freeText?: string;
}

const codec = 'spam-report';
const namespace = 'urn:gsma:params:xml:ns:rcs:rcs:spamreport';
const maxMessageIds = 10;

/** Throws DecodeError (no XML, another root or namespace, more than 10 Message-IDs). */
export function parseSpamReport(input: string | Buffer): SpamReport {
  const root = parseXml(input, { codec, unboundPrefixes: 'tolerate' });
  if (!sameWord(root.local, 'SR')) throw new DecodeError(codec, 'root', 'not a spam report');
  if (root.ns !== namespace && root.ns !== '') throw new DecodeError(codec, 'root', 'another namespace');
  const texts = (name: string) =>
    root.children
      .filter((child) => sameWord(child.local, name))
      .map((child) => child.text.trim())
      .filter((text) => text !== '');
  const messageIds = texts('Message-ID');
  if (messageIds.length > maxMessageIds) throw new DecodeError(codec, 'Message-ID', 'too many');
  const only = (name: string) => oneOf(texts(name), name, codec);
  const chatbot = only('Chatbot');
  const spamType = only('spam-type');
  const freeText = only('free-text');
  return {
    ...(chatbot === undefined ? {} : { chatbot }),
    messageIds,
    ...(spamType === undefined ? {} : { spamType }),
    ...(freeText === undefined ? {} : { freeText }),
  };
}

export function printSpamReport({ chatbot, messageIds, spamType, freeText }: SpamReport): Buffer {
  const children: XmlDraft[] = [];
  if (chatbot !== undefined) children.push({ name: 'Chatbot', text: chatbot });
  for (const text of messageIds) children.push({ name: 'Message-ID', text });
  if (spamType !== undefined) children.push({ name: 'spam-type', text: spamType });
  if (freeText !== undefined) children.push({ name: 'free-text', text: freeText });
  return printXml({ name: 'SR', attributes: [['xmlns', namespace]], children });
}
