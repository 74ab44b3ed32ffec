/** The SIP text that an application hands over: parsed strictly, rid of what the engine alone may write. */
import type { HeaderLine } from '../api.js';

export type StartLine =
  | { readonly kind: 'request'; readonly method: string; readonly uri: string }
  | { readonly kind: 'response'; readonly status: number; readonly reason: string | undefined };

export interface AppMessage {
  readonly start: StartLine;
  /** Names canonical, in the application's order. */
  readonly headers: readonly HeaderLine[];
  readonly body: Buffer | undefined;
}

export type ParsedAppMessage =
  { readonly kind: 'message'; readonly message: AppMessage } | { readonly kind: 'malformed'; readonly text: string };

const EMPTY_LINE = Buffer.from('\r\n\r\n');
const SDP_START = Buffer.from('v=0');
const MAX_HEADERS = 512;
const REQUEST_LINE = /^([A-Za-z0-9.!%*_+`'~-]{1,64}) (\S+) SIP\/2\.0$/;
const STATUS_LINE = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/;
const TOKEN = /^[A-Za-z0-9.!%*_+`'~-]+$/;
// a bare CR or LF would end the line for some reader downstream, NUL the message
const FORBIDDEN = ['\r', '\n', '\0'];

/** Written by the engine alone: a length that counts characters, and what belongs to routing and reliability. */
const DROPPED = new Set(['content-length', 'l', 'via', 'v', 'record-route', 'rseq']);
/** A request may name proxies to pass (RFC 3261 §8.1.2); inside a dialog the engine puts its own route set in their place. */
const DROPPED_OF_RESPONSES = new Set([...DROPPED, 'route']);

/** Names that are not simply capitalised at each dash, and the most frequent of those that are. */
const CANONICAL: Readonly<Record<string, string>> = {
  'call-id': 'Call-ID',
  'content-id': 'Content-ID',
  'content-type': 'Content-Type',
  cseq: 'CSeq',
  from: 'From',
  'mime-version': 'MIME-Version',
  rack: 'RAck',
  'sip-etag': 'SIP-ETag',
  'sip-if-match': 'SIP-If-Match',
  to: 'To',
  'www-authenticate': 'WWW-Authenticate',
};

/** Start line, headers and body; the body is all that follows the first empty line, whatever Content-Length says. */
export function parseAppMessage(bytes: Buffer): ParsedAppMessage {
  const end = bytes.indexOf(EMPTY_LINE);
  const head = (end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
  const body = end < 0 ? undefined : bytes.subarray(end + EMPTY_LINE.length);
  const lines = unfold(head);
  if (lines.length > MAX_HEADERS) return malformed('too many headers');
  const start = parseStartLine(lines[0] ?? '');
  if (!start) return malformed('bad start line');
  const headers: HeaderLine[] = [];
  const dropped = start.kind === 'request' ? DROPPED : DROPPED_OF_RESPONSES;
  for (const line of lines.slice(1)) {
    if (line === '') continue;
    const header = parseHeaderLine(line);
    if (!header) return malformed('bad header line');
    if (!dropped.has(header[0].toLowerCase())) headers.push(header);
  }
  return withBody(start, headers, body && body.length > 0 ? body : undefined);
}

function withBody(start: StartLine, headers: HeaderLine[], body: Buffer | undefined): ParsedAppMessage {
  if (body && findHeader(headers, 'content-type', 'c') === undefined) {
    // the protocol's one courtesy: SDP needs no Content-Type
    if (!body.subarray(0, SDP_START.length).equals(SDP_START)) return malformed('missing content-type');
    headers.push(['Content-Type', 'application/sdp']);
  }
  return { kind: 'message', message: { start, headers, body } };
}

/** First value of a header by its long and its compact name in lower case. */
export function findHeader(headers: readonly HeaderLine[], name: string, compact = name): string | undefined {
  return headers.find(([given]) => {
    const lower = given.toLowerCase();
    return lower === name || lower === compact;
  })?.[1];
}

function malformed(text: string): ParsedAppMessage {
  return { kind: 'malformed', text };
}

function parseStartLine(line: string): StartLine | undefined {
  const status = STATUS_LINE.exec(line);
  if (status) return { kind: 'response', status: Number(status[1]), reason: status[2]?.trim() || undefined };
  const [, method, uri] = REQUEST_LINE.exec(line) ?? [];
  return method !== undefined && uri !== undefined ? { kind: 'request', method, uri } : undefined;
}

function parseHeaderLine(line: string): HeaderLine | undefined {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(0, colon)).trimEnd();
  if (!TOKEN.test(name) || FORBIDDEN.some((character) => line.includes(character))) return undefined;
  return [canonicalName(name), line.slice(colon + 1).trim()];
}

/** srf writes most names in lower case; a name that has capitals is left as it is. */
function canonicalName(name: string): string {
  if (Object.hasOwn(CANONICAL, name)) return CANONICAL[name] ?? name;
  if (name !== name.toLowerCase() || name.length === 1) return name;
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** RFC 3261 §7.3.1: a line that begins with white space continues the one before. */
function unfold(head: string): string[] {
  const lines: string[] = [];
  for (const line of head.split('\r\n')) {
    if ((line.startsWith(' ') || line.startsWith('\t')) && lines.length > 1)
      lines.push(`${lines.pop() ?? ''} ${line.trim()}`);
    else lines.push(line);
  }
  return lines;
}
