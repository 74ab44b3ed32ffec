/** "Name: value" lines as CPIM and MIME have them (RFC 3862 §3.3, RFC 2045 §3): order, repetition and spelling kept. */
import { isUtf8 } from 'node:buffer';
import { DecodeError } from './decode-error.js';

export interface HeaderLine {
  readonly name: string;
  /** Unfolded, without blanks around it. */
  readonly value: string;
}

export interface HeaderBlock {
  /** Name of the codec in errors. */
  readonly codec: string;
  readonly maxCount: number;
  /** Takes one line; `glued`: no blank stood after the colon (parameters follow there, RFC 3862 §3.1). */
  readonly sink: (name: string, value: string, glued: boolean) => void;
}

/** The bytes that hold header lines, and the same as Latin-1: what is ASCII is cut from it, the rest read as UTF-8. */
export interface HeaderBytes {
  readonly bytes: Buffer;
  /** Of the bytes from 0 on; nothing is read beyond its end. */
  readonly latin1: string;
}

export const maxHeaderLines = 100;

const lf = 10;
const cr = 13;
const colon = 58;

/**
 * Reads lines from `start` up to and with the empty line that ends the block, CRLF or bare LF, in one pass.
 * Returns where what follows begins, or -1 if the text ended before an empty line came.
 * Throws DecodeError on a line without a name, on NUL or CR within a line, on what is not UTF-8, beyond `maxCount` lines.
 */
export function scanHeaders(from: HeaderBytes, start: number, block: HeaderBlock): number {
  const { bytes, latin1 } = from;
  const { codec, maxCount, sink } = block;
  const end = latin1.length;
  let at = start;
  for (let count = 1; at < end; count++) {
    const first = bytes[at];
    if (first === lf) return at + 1;
    if (first === cr && at + 1 < end && bytes[at + 1] === lf) return at + 2;
    if (count > maxCount) throw new DecodeError(codec, `line ${count}`, 'too many header lines');
    const nameEnd = endOfName(bytes, at, end);
    if (nameEnd <= at) throw new DecodeError(codec, `line ${count}`, 'no header name before a colon');
    const name = latin1.slice(at, nameEnd);
    const glued = !isBlank(bytes[nameEnd + 1]);
    at = nameEnd + 1;
    let value = '';
    do {
      let to = at;
      let seen = 0;
      for (; to < end; to++) {
        const byte = bytes[to] ?? 0;
        if (byte === lf || byte === cr || byte === 0) break;
        seen |= byte;
      }
      if (bytes[to] === 0 && to < end) throw new DecodeError(codec, `byte ${to}`, 'NUL within a header line');
      if (!endsLine(bytes, to, end)) throw new DecodeError(codec, `line ${count}`, 'CR within a header line');
      const first = afterBlanks(bytes, at, to);
      const last = beforeBlanks(bytes, first, to);
      value = joined(value, seen < 128 ? latin1.slice(first, last) : utf8Text(bytes.subarray(first, last), codec));
      at = bytes[to] === cr ? to + 2 : to + 1;
    } while (at < end && isBlank(bytes[at]));
    sink(name, value, glued);
  }
  return -1;
}

/** The lines of a block that may end without an empty line; `next` is where the rest begins. */
export function parseHeaderLines(
  bytes: Buffer,
  codec: string,
  maxCount = maxHeaderLines,
): { readonly lines: readonly HeaderLine[]; readonly next: number } {
  const lines: HeaderLine[] = [];
  const sink = (name: string, value: string) => void lines.push({ name, value });
  const next = scanHeaders({ bytes, latin1: bytes.toString('latin1') }, 0, { codec, maxCount, sink });
  return { lines, next: next === -1 ? bytes.length : next };
}

/** Lines with CRLF, without the empty one. Throws DecodeError where a value would break its line. */
export function printHeaderLines(lines: readonly HeaderLine[], codec: string): string {
  let text = '';
  for (const { name, value } of lines) text += name + ': ' + unbroken(value, name, codec) + '\r\n';
  return text;
}

/** The value itself. Throws DecodeError where it holds a line break, and would smuggle a header in. */
export function unbroken(value: string, name: string, codec: string): string {
  if (value.includes('\n') || value.includes('\r')) throw new DecodeError(codec, name, 'a line break in a value');
  return value;
}

/** Value of the first line of that name, whatever its case. */
export function headerValue(lines: readonly HeaderLine[], name: string): string | undefined {
  for (const line of lines) if (sameName(line.name, name)) return line.value;
  return undefined;
}

export function sameName(a: string, b: string): boolean {
  return a === b || (a.length === b.length && a.toLowerCase() === b.toLowerCase());
}

/** Where the name that begins at `at` has its colon; -1: another character than a name may hold, or no colon. */
function endOfName(bytes: Buffer, at: number, end: number): number {
  for (let i = at; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === colon) return i;
    if (byte <= 32 || byte > 126) return -1;
  }
  return -1;
}

/** Whether a line may end where it stopped: at LF, CRLF, or the end of all, with CR or without. */
function endsLine(bytes: Buffer, to: number, end: number): boolean {
  if (to === end || bytes[to] === lf) return true;
  return bytes[to] === cr && (to + 1 === end || bytes[to + 1] === lf);
}

function isBlank(code: number | undefined): boolean {
  return code === 32 || code === 9;
}

function afterBlanks(bytes: Buffer, at: number, end: number): number {
  let from = at;
  while (from < end && isBlank(bytes[from])) from++;
  return from;
}

function beforeBlanks(bytes: Buffer, start: number, end: number): number {
  let to = end;
  while (to > start && isBlank(bytes[to - 1])) to--;
  return to;
}

function utf8Text(bytes: Buffer, codec: string): string {
  if (!isUtf8(bytes)) throw new DecodeError(codec, 'headers', 'headers are not UTF-8');
  return bytes.toString('utf8');
}

/** RFC 5322 §2.2.3: a folded line counts as one blank. */
function joined(value: string, more: string): string {
  return value === '' || more === '' ? value + more : `${value} ${more}`;
}
