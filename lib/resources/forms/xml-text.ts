/** XML text → elements (XML 1.0, Namespaces 1.0): no DTD, no entities of its own, limited in depth and count. */
import { SaxesParser, type SaxesTagNS } from 'saxes';
import { ApiError } from '../api-error.js';

export interface XmlElement {
  readonly name: string;
  /** Empty: in no namespace. */
  readonly namespace: string;
  /** Of no namespace. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** All character data directly in it. */
  readonly text: string;
}

export const maxXmlDepth = 32;
export const maxXmlElements = 10_000;
const maxAttributes = 64;

interface OpenElement extends XmlElement {
  readonly children: XmlElement[];
  text: string;
}

/** The root element; throws SVC0002 for part `XML`, with line and column in the second variable. */
export function parseXmlText(text: string): XmlElement {
  const parser = new SaxesParser({ xmlns: true });
  const open: OpenElement[] = [];
  let root: XmlElement | undefined;
  let count = 0;
  const refuse = (problem: string): never => {
    throw new ApiError('SVC0002', ['XML', `${problem} at line ${parser.line}, column ${parser.column}`]);
  };
  parser.on('error', () => refuse('malformed'));
  parser.on('doctype', () => refuse('a document type'));
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8') refuse('an encoding other than UTF-8');
  });
  parser.on('attribute', () => {
    if (++count > maxXmlElements) refuse('too many attributes');
  });
  parser.on('opentag', (tag) => {
    if (open.length >= maxXmlDepth) refuse(`nested deeper than ${maxXmlDepth}`);
    if (++count > maxXmlElements) refuse('too many elements');
    const element = elementOf(tag);
    if (element === undefined) return refuse('too many attributes');
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  const take = (data: string): void => {
    const element = open.at(-1);
    if (element !== undefined) element.text += data;
  };
  parser.on('text', take);
  parser.on('cdata', take);
  parser.on('closetag', () => void open.pop());
  parser.write(text).close();
  return root ?? refuse('no root element');
}

function elementOf(tag: SaxesTagNS): OpenElement | undefined {
  const all = Object.values(tag.attributes);
  if (all.length > maxAttributes) return undefined;
  const plain = all.filter((attribute) => attribute.prefix === '' && attribute.local !== 'xmlns');
  return {
    name: tag.local,
    namespace: tag.uri,
    attributes: Object.fromEntries(plain.map(({ local, value }) => [local, value])),
    children: [],
    text: '',
  };
}

/** All but the characters of XML 1.0 §2.2. */
const unprintable = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** Whether XML 1.0 can carry the text at all. */
export function xmlCanCarry(text: string): boolean {
  return !unprintable.test(text);
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** Character data; CR is escaped because a parser would read it as LF (XML 1.0 §2.11); what XML cannot carry becomes U+FFFD. */
export function xmlText(text: string): string {
  const carried = xmlCanCarry(text) ? text : text.replace(new RegExp(unprintable.source, 'gu'), '\ufffd');
  return carried.replace(/[&<>\r]/g, (c) => escapes[c] ?? c);
}

/** An attribute's value in double quotes; white space is escaped because a parser would normalise it (XML 1.0 §3.3.3). */
export function xmlAttribute(value: string): string {
  return xmlText(value).replace(/["\t\n]/g, (c) => escapes[c] ?? c);
}
