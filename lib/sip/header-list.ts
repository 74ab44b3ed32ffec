/** The headers of one SIP message in the order of the wire (RFC 3261 §7.3). */
import type { HeaderLine, Headers } from './agent.js';

/** RFC 3261 §7.3.3 and the registry of compact forms. */
const COMPACT: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

const TOKEN = /^[A-Za-z0-9.!%*_+`'~-]+$/;

export function headerList(lines: readonly HeaderLine[]): Headers {
  return lookup(() => lines);
}

/** `text`: header lines parted by CRLF, without the start line. Folded lines are joined (§7.3.1), lines without a colon left out. Read when first asked. */
export function parseHeaderList(text: string): Headers {
  let parsed: readonly HeaderLine[] | undefined;
  return lookup(() => (parsed ??= parseLines(text)));
}

/** Lower case, and the long form of a compact name. */
export function longName(name: string): string {
  const lower = name.toLowerCase();
  return lower.length === 1 ? (COMPACT[lower] ?? lower) : lower;
}

/** Whether a line can be sent as it is: a name that is a token, a value that ends no line and no message. */
export function isSendable([name, value]: HeaderLine): boolean {
  return TOKEN.test(name) && !value.includes('\r') && !value.includes('\n') && !value.includes('\0');
}

function lookup(read: () => readonly HeaderLine[]): Headers {
  let index: ReadonlyMap<string, readonly string[]> | undefined;
  const valuesOf = (name: string): readonly string[] | undefined => (index ??= byLongName(read())).get(longName(name));
  return {
    get lines() {
      return read();
    },
    get: (name) => valuesOf(name)?.[0],
    all: (name) => valuesOf(name) ?? [],
  };
}

/** A request is asked for some twenty names. */
function byLongName(lines: readonly HeaderLine[]): ReadonlyMap<string, readonly string[]> {
  const index = new Map<string, string[]>();
  for (const [given, value] of lines) {
    const name = longName(given);
    const values = index.get(name);
    if (values) values.push(value);
    else index.set(name, [value]);
  }
  return index;
}

function parseLines(text: string): readonly HeaderLine[] {
  const lines: [string, string][] = [];
  for (const line of text.split('\r\n')) {
    const last = lines[lines.length - 1];
    if (last && (line.startsWith(' ') || line.startsWith('\t'))) {
      last[1] = `${last[1]} ${line.trim()}`.trim();
      continue;
    }
    const colon = line.indexOf(':');
    if (colon > 0) lines.push([line.slice(0, colon).trimEnd(), line.slice(colon + 1).trim()]);
  }
  return lines;
}
