/** "Name: value" lines as CPIM and MIME have them (RFC 3862 §3.3, RFC 2045 §3): order, repetition and spelling kept. */
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

export const maxHeaderLines = 100;

/**
 * Reads lines of `text` from `start` up to and with the empty line that ends the block, CRLF or bare LF; one pass,
 * by the engine's own searches (a loop over characters takes twice the time).
 * Returns where what follows begins, or -1 if the text ended before an empty line came.
 * Throws DecodeError on a line without a name, on CR within a line, and beyond `maxCount` lines.
 */
export function scanHeaders(text: string, start: number, block: HeaderBlock): number {
  const { codec, maxCount, sink } = block;
  let at = start;
  for (let count = 1; at < text.length; count++) {
    let lineFeed = endOfLine(text, at);
    const to = endOfContent(text, at, lineFeed);
    if (to === at && lineFeed < text.length) return lineFeed + 1;
    if (count > maxCount) throw new DecodeError(codec, `line ${count}`, 'too many header lines');
    const colon = text.indexOf(':', at);
    if (colon <= at || colon >= to || hasBlank(text, at, colon)) {
      throw new DecodeError(codec, `line ${count}`, 'no header name before a colon');
    }
    let value = trimmed(text, colon + 1, to);
    for (let next = lineFeed + 1; isBlank(text.charCodeAt(next)); next = lineFeed + 1) {
      lineFeed = endOfLine(text, next);
      value = joined(value, trimmed(text, next, endOfContent(text, next, lineFeed)));
    }
    if (value.includes('\r')) throw new DecodeError(codec, `line ${count}`, 'CR within a header line');
    sink(text.slice(at, colon), value, !isBlank(text.charCodeAt(colon + 1)));
    at = lineFeed + 1;
  }
  return -1;
}

/** The lines of a block that may end without an empty line; `next` is where the rest begins. */
export function parseHeaderLines(
  text: string,
  codec: string,
  maxCount = maxHeaderLines,
): { readonly lines: readonly HeaderLine[]; readonly next: number } {
  const lines: HeaderLine[] = [];
  const next = scanHeaders(text, 0, { codec, maxCount, sink: (name, value) => lines.push({ name, value }) });
  return { lines, next: next === -1 ? text.length : next };
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

function endOfLine(text: string, at: number): number {
  const lineFeed = text.indexOf('\n', at);
  return lineFeed === -1 ? text.length : lineFeed;
}

/** Where the line that ends at `lineFeed` has its last character: before CRLF or a bare LF. */
function endOfContent(text: string, at: number, lineFeed: number): number {
  return lineFeed > at && text.charCodeAt(lineFeed - 1) === 13 ? lineFeed - 1 : lineFeed;
}

function hasBlank(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (text.charCodeAt(i) <= 32) return true;
  return false;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

function trimmed(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

/** RFC 5322 §2.2.3: a folded line counts as one blank. */
function joined(value: string, more: string): string {
  return value === '' || more === '' ? value + more : `${value} ${more}`;
}
