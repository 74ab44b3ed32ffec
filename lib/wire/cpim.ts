/** A message in Common Presence and Instant Messaging format (RFC 3862; RFC 5438 §6 and CPM add header namespaces). */
import {
  coreNamespace,
  freshDeclaration,
  parseDeclaration,
  prefixOf,
  canonicalDeclaration,
  printDeclaration,
  uriOf,
  type Declarations,
} from './cpim-namespace.js';
import { DecodeError } from './decode-error.js';
import {
  headerValue,
  maxHeaderLines,
  printHeaderLines,
  sameName,
  scanHeaders,
  unbroken,
  type HeaderBytes,
  type HeaderLine,
} from './header-lines.js';
import { decodeTransfer } from './transfer-encoding.js';

export { cpimNamespaces } from './cpim-namespace.js';

export interface CpimHeader {
  /** URI; undefined for the headers of RFC 3862 itself (From, To, DateTime, NS, Subject, Require …). */
  readonly namespace: string | undefined;
  readonly name: string;
  /** As written, with RFC 3862 §3.1.5 escapes; UTF-8. */
  readonly value: string;
  /** As it was written; printed again where it is bound to the namespace. */
  readonly prefix?: string | undefined;
  /** `;lang=fr`: what stood between the colon and the blank (RFC 3862 §3.1). */
  readonly parameters?: string | undefined;
}

export interface Cpim {
  /** In order; NS declarations are headers too. */
  readonly headers: readonly CpimHeader[];
  /** MIME headers of the content (RFC 3862 §2.3), in order. */
  readonly contentHeaders: readonly HeaderLine[];
  /** As on the wire: still encoded where Content-Transfer-Encoding says so. */
  readonly content: Buffer;
}

export interface CpimLimits {
  /** Message and MIME headers with their empty lines, in bytes. */
  readonly maxHeaderBytes: number;
  /** Lines in each of the two blocks. */
  readonly maxHeaders: number;
}

export const defaultCpimLimits: CpimLimits = { maxHeaderBytes: 16_384, maxHeaders: maxHeaderLines };

const codec = 'cpim';

/**
 * Reads a whole message; `content` is a view of `bytes`. Throws DecodeError.
 * Taken as well: bare LF, folded lines, any number of blanks, `NS: imdn<uri>`, no MIME header at all (text/plain then),
 * a prefix without NS (the header is then kept under its whole dotted name, without a namespace).
 */
export function parseCpim(bytes: Buffer, limits: CpimLimits = defaultCpimLimits): Cpim {
  const latin1 = headWindow(bytes, limits.maxHeaderBytes);
  const { headers, contentHeaders, end } = scanHead({ bytes, latin1 }, limits);
  return { headers, contentHeaders, content: bytes.subarray(end) };
}

/** Canonical: one blank after a colon, CRLF, NS before its first use. Throws DecodeError where a value breaks its line. */
export function printCpim({ headers, contentHeaders, content }: Cpim): Buffer {
  const declarations: Declarations = [];
  let head = '';
  for (const header of headers) head += printHeader(header, declarations);
  head += '\r\n' + printHeaderLines(contentHeaders, codec) + '\r\n';
  return withContent(head, content);
}

/** Value of the first header of that namespace and name (in any case); namespace undefined: RFC 3862's own. */
export function cpimHeader(cpim: Cpim, namespace: string | undefined, name: string): string | undefined {
  for (const header of cpim.headers) {
    if (header.namespace === namespace && sameName(header.name, name)) return header.value;
  }
  return undefined;
}

/** Values of all headers of that namespace and name, in order. */
export function cpimHeaders(cpim: Cpim, namespace: string | undefined, name: string): readonly string[] {
  const values: string[] = [];
  for (const header of cpim.headers) {
    if (header.namespace === namespace && sameName(header.name, name)) values.push(header.value);
  }
  return values;
}

/** Content-Type of the content; text/plain where it is missing (RFC 2045 §5.2). */
export function cpimContentType(cpim: Cpim): string {
  const value = headerValue(cpim.contentHeaders, 'Content-Type');
  return value === undefined || value === '' ? 'text/plain' : value;
}

/** The content without its Content-Transfer-Encoding. Throws DecodeError. */
export function decodedContent({ contentHeaders, content }: Cpim): Buffer {
  return decodeTransfer({ headers: contentHeaders, content });
}

interface Head {
  readonly headers: readonly CpimHeader[];
  readonly contentHeaders: readonly HeaderLine[];
  /** Where the content begins. */
  readonly end: number;
}

/** The bytes that may hold the headers, one character each; whole lines only where more follows. */
function headWindow(bytes: Buffer, maxBytes: number): string {
  if (bytes.length <= maxBytes) return bytes.toString('latin1');
  return bytes.toString('latin1', 0, bytes.lastIndexOf(0x0a, maxBytes - 1) + 1);
}

function scanHead(from: HeaderBytes, limits: CpimLimits): Head {
  const maxCount = limits.maxHeaders;
  const headers: CpimHeader[] = [];
  const contentHeaders: HeaderLine[] = [];
  const read = headerReader();
  const afterHeaders = scanHeaders(from, 0, {
    codec,
    maxCount,
    sink: (name, value, glued) => void headers.push(read(name, value, glued)),
  });
  const sink = (name: string, value: string) => void contentHeaders.push({ name, value });
  const end = afterHeaders === -1 ? -1 : scanHeaders(from, afterHeaders, { codec, maxCount, sink });
  if (end !== -1) return { headers, contentHeaders, end };
  if (from.bytes.length > limits.maxHeaderBytes) throw new DecodeError(codec, 'headers', 'headers too long');
  if (afterHeaders === -1) throw new DecodeError(codec, 'end', 'no empty line after the headers');
  // Headers alone, without the last empty line (large message mode, inside an INVITE): nothing was lost.
  return { headers, contentHeaders, end: from.bytes.length };
}

/** Makes headers of their lines, in order: a declaration counts for what follows it. */
function headerReader(): (name: string, text: string, glued: boolean) => CpimHeader {
  const declarations: Declarations = [];
  return (name, text, glued) => {
    const parameters = glued && text.startsWith(';') ? parametersOf(text) : undefined;
    const value = parameters === undefined ? text : text.slice(parameters.length).trimStart();
    if (name === 'NS') {
      const declaration = parseDeclaration(value);
      declarations.push(declaration);
      const canonical = canonicalDeclaration(value, declaration);
      return { namespace: undefined, name, value: canonical, prefix: undefined, parameters };
    }
    // A dot at the beginning ends no prefix.
    const dot = Math.max(0, name.indexOf('.'));
    const prefix = name.slice(0, dot);
    const uri = uriOf(declarations, prefix);
    // RFC 3862 §3.4 wants NS first; a header of an unknown prefix is one that nobody understands, and is kept.
    if (uri === undefined) return { namespace: undefined, name, value, prefix: undefined, parameters };
    const namespace = uri === coreNamespace ? undefined : uri;
    return { namespace, name: dot === 0 ? name : name.slice(dot + 1), value, prefix, parameters };
  };
}

/** `;lang=fr` of `;lang=fr Objet` as it follows a colon without a blank. */
function parametersOf(text: string): string {
  const blank = text.indexOf(' ');
  return blank === -1 ? text : text.slice(0, blank);
}

/** The header's line, after the declaration of its namespace where that is missing. */
function printHeader(header: CpimHeader, declarations: Declarations): string {
  const line = printLine(header);
  if (isDeclaration(header)) {
    declarations.push(parseDeclaration(header.value));
    return line;
  }
  // Of a prefix that nobody had declared: bound to no namespace on the way in, and to none on the way out.
  if (header.namespace === undefined && header.prefix === undefined && header.name.includes('.')) return line;
  const uri = header.namespace ?? coreNamespace;
  const prefix = prefixOf(declarations, uri, header.prefix);
  if (prefix !== undefined) return prefix === '' ? line : prefix + '.' + line;
  const declaration = freshDeclaration(declarations, uri, header.prefix);
  declarations.push(declaration);
  return `NS: ${unbroken(printDeclaration(declaration), 'NS', codec)}\r\n${declaration.prefix}.${line}`;
}

function printLine({ name, value, parameters }: CpimHeader): string {
  if (parameters === undefined) return name + ': ' + unbroken(value, name, codec) + '\r\n';
  return `${name}:${unbroken(parameters, name, codec)} ${unbroken(value, name, codec)}\r\n`;
}

function isDeclaration({ namespace, name }: CpimHeader): boolean {
  return namespace === undefined && name === 'NS';
}

function withContent(head: string, content: Buffer): Buffer {
  const size = Buffer.byteLength(head);
  const bytes = Buffer.allocUnsafe(size + content.length);
  // All ASCII: the same bytes, written twice as fast.
  bytes.write(head, size === head.length ? 'latin1' : 'utf8');
  bytes.set(content, size);
  return bytes;
}
