/** A multipart body: parts between boundaries, each byte for byte (RFC 2046 §5.1). */
import { DecodeError } from './decode-error.js';
import { headerValue, parseHeaderLines, printHeaderLines, type HeaderLine } from './header-lines.js';
import { mediaParameter, parseMediaType } from './media-type.js';

export interface BodyPart {
  readonly headers: readonly HeaderLine[];
  /** As on the wire: still encoded where Content-Transfer-Encoding says so. */
  readonly content: Buffer;
}

export interface MultipartLimits {
  readonly maxParts: number;
  /** Headers of one part, in bytes. */
  readonly maxHeaderBytes: number;
}

export const defaultMultipartLimits: MultipartLimits = { maxParts: 20, maxHeaderBytes: 8192 };

const codec = 'multipart';
const lf = 0x0a;
const cr = 0x0d;

/** The boundary that a Content-Type names. Throws DecodeError where there is none, or a bad one. */
export function boundaryOf(contentType: string): string {
  const boundary = mediaParameter(parseMediaType(contentType), 'boundary');
  if (boundary === undefined) throw new DecodeError(codec, 'boundary', 'no boundary in the Content-Type');
  return checkedBoundary(boundary);
}

/**
 * Reads the parts; contents are views of `body`. Throws DecodeError where there is no part or no closing boundary.
 * Taken as well: a preamble, an epilogue, bare LF, blanks after a boundary, a part without headers.
 */
export function parseMultipart(
  body: Buffer,
  boundary: string,
  limits: MultipartLimits = defaultMultipartLimits,
): readonly BodyPart[] {
  const parts: BodyPart[] = [];
  const delimiter = Buffer.from(`--${checkedBoundary(boundary)}`);
  let open = findDelimiter(body, delimiter, 0);
  while (open !== undefined && !open.closes) {
    const close = findDelimiter(body, delimiter, open.next);
    if (close === undefined) throw new DecodeError(codec, `byte ${open.next}`, 'no boundary closes this part');
    if (parts.length === limits.maxParts) throw new DecodeError(codec, `byte ${open.next}`, 'too many parts');
    parts.push(parsePart(body.subarray(open.next, Math.max(open.next, close.start)), limits));
    open = close;
  }
  if (parts.length === 0) throw new DecodeError(codec, 'body', 'no part');
  return parts;
}

/** Throws DecodeError where the boundary is illegal or occurs in a part (see `freeBoundary`), or a header breaks its line. */
export function printMultipart(parts: readonly BodyPart[], boundary: string): Buffer {
  const pieces: Buffer[] = [];
  for (const { headers, content } of parts) {
    if (occursIn(content, boundary)) throw new DecodeError(codec, 'boundary', 'the boundary occurs in a part');
    const lines = printHeaderLines(headers, codec);
    pieces.push(Buffer.from(`--${checkedBoundary(boundary)}\r\n${lines}\r\n`), content, Buffer.from('\r\n'));
  }
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

/** `seed` itself (at most 61 characters), or with a number of eight digits behind it, such that it occurs in no part. */
export function freeBoundary(parts: readonly BodyPart[], seed: string): string {
  const taken = new Set(parts.flatMap(({ content }) => numbersBehind(content, `--${seed}`)));
  if (taken.size === 0) return seed;
  let n = 0;
  while (taken.has(numbered(n))) n++;
  return seed + numbered(n);
}

/** What stands behind each occurrence, as much of it as a number takes: found in one pass, however many a sender puts there. */
function numbersBehind(content: Buffer, text: string): string[] {
  const found: string[] = [];
  for (let at = content.indexOf(text); at !== -1; at = content.indexOf(text, at + 1)) {
    found.push(content.toString('latin1', at + text.length, at + text.length + numbered(0).length));
  }
  return found;
}

function numbered(n: number): string {
  return `-${n.toString().padStart(8, '0')}`;
}

/** Content-Type of a part; text/plain where it is missing (RFC 2046 §5.1). */
export function partContentType(part: BodyPart): string {
  return headerValue(part.headers, 'Content-Type') ?? 'text/plain';
}

interface Delimiter {
  /** Where the line break before it begins: that break belongs to the boundary, not to the part. */
  readonly start: number;
  /** Behind the end of its line. */
  readonly next: number;
  readonly closes: boolean;
}

function findDelimiter(body: Buffer, delimiter: Buffer, from: number): Delimiter | undefined {
  for (let at = body.indexOf(delimiter, from); at !== -1; at = body.indexOf(delimiter, at + 1)) {
    if (at !== 0 && body[at - 1] !== lf) continue;
    const closes = body[at + delimiter.length] === 0x2d && body[at + delimiter.length + 1] === 0x2d;
    const next = behindLine(body, at + delimiter.length + (closes ? 2 : 0));
    if (next !== undefined) return { start: beforeLineBreak(body, at), next, closes };
  }
  return undefined;
}

/** RFC 2046 §5.1.1: blanks may follow a boundary; anything else makes it a line of the part. */
function behindLine(body: Buffer, from: number): number | undefined {
  let at = from;
  while (body[at] === 0x20 || body[at] === 0x09) at++;
  if (at === body.length) return at;
  if (body[at] === cr) at++;
  return body[at] === lf ? at + 1 : undefined;
}

function beforeLineBreak(body: Buffer, at: number): number {
  if (at === 0) return 0;
  return body[at - 2] === cr ? at - 2 : at - 1;
}

function parsePart(part: Buffer, limits: MultipartLimits): BodyPart {
  const window = part.subarray(0, limits.maxHeaderBytes);
  const end = headerEnd(window);
  if (end === undefined && part.length > window.length) throw new DecodeError(codec, 'headers', 'headers too long');
  const head = window.subarray(0, end);
  const { lines } = parseHeaderLines(head, codec);
  return { headers: lines, content: part.subarray(head.length) };
}

/** Behind the first empty line. */
function headerEnd(bytes: Buffer): number | undefined {
  for (let at = 0; at < bytes.length;) {
    const lineFeed = bytes.indexOf(lf, at);
    if (lineFeed === -1) return undefined;
    if (lineFeed === at || (lineFeed === at + 1 && bytes[at] === cr)) return lineFeed + 1;
    at = lineFeed + 1;
  }
  return undefined;
}

function occursIn(content: Buffer, boundary: string): boolean {
  return content.includes(`--${boundary}`);
}

/** RFC 2046 §5.1.1: 1 to 70 of these characters, no blank at the end. */
function checkedBoundary(boundary: string): string {
  if (!/^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/.test(boundary)) {
    throw new DecodeError(codec, 'boundary', 'not a legal boundary');
  }
  return boundary;
}
