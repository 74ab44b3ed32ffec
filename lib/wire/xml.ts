/** The one door for XML: namespaces, no DTD, no entities but the five, limits on size, depth and count (XML 1.0, XML Names 1.0). */
import { isUtf8 } from 'node:buffer';
import { SaxesParser, type SaxesAttributeNS, type SaxesTagNS } from 'saxes';
import { DecodeError } from './decode-error.js';

export interface XmlAttribute {
  /** With its prefix, as written. */
  readonly name: string;
  readonly local: string;
  /** '' without a namespace. */
  readonly ns: string;
  readonly value: string;
}

export interface XmlElement {
  /** With its prefix, as written. */
  readonly name: string;
  readonly local: string;
  /** Namespace URI; '' without one. */
  readonly ns: string;
  /** Declarations of namespaces included. */
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlElement[];
  /** Character data that stands directly in this element, joined. */
  readonly text: string;
}

export interface XmlLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  readonly maxElements: number;
  /** Of one element. */
  readonly maxAttributes: number;
}

export const defaultXmlLimits: XmlLimits = { maxBytes: 131_072, maxDepth: 32, maxElements: 2000, maxAttributes: 32 };

export interface XmlOptions {
  /** Name of the codec in errors; default `xml`. */
  readonly codec?: string;
  readonly limits?: XmlLimits;
  /** A prefix that was never declared means no namespace (file transfer documents in the field) instead of an error. */
  readonly unboundPrefixes?: 'reject' | 'tolerate';
}

type Fail = (what: string) => DecodeError;

interface OpenElement {
  readonly tag: SaxesTagNS;
  readonly children: XmlElement[];
  text: string;
}

/** Stands for no namespace where saxes needs one; with the prefix behind it, so that `a:x` and `b:x` stay two attributes. */
const unboundMark = 'unbound:';

const entities = { amp: '&', gt: '>', lt: '<', quot: '"', apos: "'" };

/** Reads a whole document; bytes must be UTF-8. Throws DecodeError with line:column. */
export function parseXml(input: string | Buffer, options: XmlOptions = {}): XmlElement {
  const { codec = 'xml', limits = defaultXmlLimits, unboundPrefixes = 'reject' } = options;
  const text = documentText(input, codec, limits.maxBytes);
  const parser = new SaxesParser({
    xmlns: true as const,
    ...(unboundPrefixes === 'tolerate' ? { resolvePrefix: (prefix: string) => unboundMark + prefix } : {}),
  });
  // Without a prototype: `&toString;` is no entity.
  parser.ENTITIES = Object.assign(Object.create(null) as Record<string, string>, entities);
  const fail: Fail = (what) => new DecodeError(codec, `${parser.line}:${parser.column}`, what);
  refuseDangers(parser, fail, limits.maxAttributes);
  const root = collectTree(parser, fail, limits);
  parser.write(text).close();
  const element = root();
  if (element === undefined) throw fail('no root element');
  return element;
}

type Parser = SaxesParser<{ xmlns: true }>;

function refuseDangers(parser: Parser, fail: Fail, maxAttributes: number): void {
  parser.on('error', (error) => {
    throw fail(`not well-formed: ${error.message.replace(/^\d+:\d+: /, '').slice(0, 80)}`);
  });
  parser.on('doctype', () => {
    throw fail('a DTD');
  });
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && !/^(utf-?8|us-ascii)$/i.test(encoding)) throw fail('an encoding that is not UTF-8');
  });
  let attributes = 0;
  parser.on('opentagstart', () => void (attributes = 0));
  parser.on('attribute', () => {
    if (++attributes > maxAttributes) throw fail('too many attributes');
  });
}

/** Returns a function that gives the root once the document is read. */
function collectTree(parser: Parser, fail: Fail, limits: XmlLimits): () => XmlElement | undefined {
  const open: OpenElement[] = [];
  let root: XmlElement | undefined;
  let count = 0;
  parser.on('opentag', (tag) => {
    if (open.length === limits.maxDepth) throw fail('nested too deep');
    if (++count > limits.maxElements) throw fail('too many elements');
    open.push({ tag, children: [], text: '' });
  });
  const addText = (text: string) => {
    const innermost = open.at(-1);
    if (innermost !== undefined) innermost.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const closed = open.pop();
    if (closed === undefined) return;
    const element = toElement(closed);
    const parent = open.at(-1);
    if (parent === undefined) root = element;
    else parent.children.push(element);
  });
  return () => root;
}

/** The first child of that local name, whatever its namespace. */
export function childOf(element: XmlElement, local: string): XmlElement | undefined {
  return element.children.find((child) => child.local === local);
}

/** Trimmed text of the first child of that local name; undefined: no such child. */
export function childText(element: XmlElement, local: string): string | undefined {
  return childOf(element, local)?.text.trim();
}

/** The same of a child that may stand there once. Throws DecodeError (`codec`, the name) where two of them differ. */
export function onlyText(element: XmlElement, local: string, codec: string): string | undefined {
  const texts = element.children.filter((child) => child.local === local).map(({ text }) => text.trim());
  return oneOf(texts, local, codec);
}

/** What all of them say; undefined: there is none. Throws DecodeError where they differ: nobody knows which one counts. */
export function oneOf(texts: readonly string[], name: string, codec: string): string | undefined {
  const [first] = texts;
  if (texts.some((text) => text !== first)) throw new DecodeError(codec, name, 'twice, and not the same');
  return first;
}

/** Value of the attribute of that local name that has no namespace, or its element's. */
export function attributeOf(element: XmlElement, local: string): string | undefined {
  return element.attributes.find((a) => a.local === local && (a.ns === '' || a.ns === element.ns))?.value;
}

/** An element to print: `text` goes before `children`. */
export interface XmlDraft {
  readonly name: string;
  readonly attributes?: readonly (readonly [name: string, value: string])[];
  readonly text?: string;
  readonly children?: readonly XmlDraft[];
}

/** A document with declaration, without blanks between elements; everything escaped, illegal characters replaced by U+FFFD. */
export function printXml(root: XmlDraft): Buffer {
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${printElement(root)}`);
}

function printElement({ name, attributes = [], text = '', children = [] }: XmlDraft): string {
  const start = attributes.reduce((tag, [n, value]) => `${tag} ${n}="${escaped(value)}"`, `<${name}`);
  const content = escaped(text) + children.map(printElement).join('');
  return content === '' ? `${start}/>` : `${start}>${content}</${name}>`;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** XML 1.0 §2.2 says which characters exist at all; no reference can name another. */
function escaped(text: string): string {
  return text.replace(/[^\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|[&<>"']/gu, (c) => escapes[c] ?? '\ufffd');
}

function documentText(input: string | Buffer, codec: string, maxBytes: number): string {
  const size = typeof input === 'string' ? Buffer.byteLength(input) : input.length;
  if (size > maxBytes) throw new DecodeError(codec, `byte ${maxBytes}`, 'document too long');
  if (typeof input === 'string') return input;
  if (!isUtf8(input)) throw new DecodeError(codec, 'document', 'not UTF-8');
  return input.toString('utf8');
}

function toElement({ tag, children, text }: OpenElement): XmlElement {
  const attributes = Object.values(tag.attributes).map(toAttribute);
  return { name: tag.name, local: tag.local, ns: namespaceOf(tag.uri), attributes, children, text };
}

function toAttribute({ name, local, uri, value }: SaxesAttributeNS): XmlAttribute {
  return { name, local, ns: namespaceOf(uri), value };
}

function namespaceOf(uri: string): string {
  return uri.startsWith(unboundMark) ? '' : uri;
}
