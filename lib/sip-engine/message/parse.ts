/** Bytes → message, ready for routing, in one pass by hand (RFC 3261 §7, §8.1.1, §18.3). */
import type { SipMessage } from '../api.js';
import { isTokenIn, sameName } from './grammar.js';
import { headerPlaces, lineEnd, TooManyHeaders, type HeaderLimits, type HeaderPlaces } from './header-lines.js';
import { MalformedMessage } from './malformed.js';
import { asText, WireMessage, type StartLine } from './message.js';
import { isRegistered } from './methods.js';
import { isUnclosed, tagOf } from './name-addr.js';
import { parseVia, type Via } from './via.js';

export interface MessageLimits extends HeaderLimits {
  readonly maxMessageBytes: number;
}

/** What every message must have, and what finds its transaction and dialog; one character per byte. */
export interface Routing {
  readonly via: Via;
  readonly callId: string;
  readonly cseq: number;
  readonly cseqMethod: string;
  readonly from: string;
  readonly to: string;
  readonly fromTag: string | undefined;
  readonly toTag: string | undefined;
}

export interface Parsed {
  readonly message: WireMessage;
  readonly routing: Routing;
}

const MAX_CSEQ = 2 ** 31 - 1;
const ZERO = 48;

/** `datagram`: the bytes end the body, and Content-Length may be missing (§18.3). Throws MalformedMessage. */
export function parseMessage(received: Buffer, limits: MessageLimits, datagram: boolean): Parsed {
  const bytes = received.subarray(startOf(received));
  const headEnd = bytes.indexOf('\r\n\r\n', 0, 'latin1');
  const head = bytes.toString('latin1', 0, headEnd < 0 ? bytes.length : headEnd);
  const startLine = readStartLine(head, bytes, limits);
  const places = readPlaces(head, { startLine, bytes, limits });
  const rest = headEnd < 0 ? bytes.subarray(bytes.length) : bytes.subarray(headEnd + 4);
  const raw = new WireMessage(startLine, { bytes, head, body: rest, places });
  try {
    if (bytes.length > limits.maxMessageBytes) throw new MalformedMessage('message too large', 413, 'maxMessageBytes');
    if (headEnd < 0) throw new MalformedMessage('no empty line after the headers');
    return finish(raw, startLine, datagram);
  } catch (error) {
    if (error instanceof MalformedMessage) error.partial = raw;
    throw error;
  }
}

interface Unread {
  readonly startLine: StartLine;
  readonly bytes: Buffer;
  readonly limits: MessageLimits;
}

/** Of a head beyond the limits the lines that are within say where its 413 goes. */
function readPlaces(head: string, { startLine, bytes, limits }: Unread): HeaderPlaces {
  const from = lineEnd(head, 0) + 2;
  try {
    return headerPlaces(head, from, limits);
  } catch (error) {
    if (error instanceof TooManyHeaders) {
      const places = headerPlaces(head.slice(0, error.at), from, limits);
      error.partial = new WireMessage(startLine, { bytes, head, body: bytes.subarray(bytes.length), places });
    }
    throw error;
  }
}

/** Empty lines before the start line are no part of the message (§7.5). */
function startOf(bytes: Buffer): number {
  let at = 0;
  while (bytes[at] === 13 && bytes[at + 1] === 10) at += 2;
  return at;
}

/** A request whose start line is broken has headers all the same: where its 400 or 505 goes (RFC 4475 §3.1.2.10, 16). */
function readStartLine(head: string, bytes: Buffer, limits: MessageLimits): StartLine {
  try {
    return parseStartLine(head);
  } catch (error) {
    const method = /^([A-Za-z]+) .* SIP\/\d\.\d\s*$/.exec(head.slice(0, lineEnd(head, 0)))?.[1];
    if (error instanceof MalformedMessage && method !== undefined) {
      const start = { method, uri: undefined, status: undefined, reason: undefined };
      const places = headerPlaces(head, lineEnd(head, 0) + 2, limits);
      error.partial = new WireMessage(start, { bytes, head, body: bytes.subarray(bytes.length), places });
    }
    throw error;
  }
}

/** A URI is ASCII (RFC 3986 §2): what else is a blank, and where it ends, those behind us may see otherwise. */
const uriCharacters = /^[\x21-\x7e]+$/;

function parseStartLine(head: string): StartLine {
  const end = lineEnd(head, 0);
  if (sameName(head, 0, 4, 'sip/')) return parseStatusLine(head, end);
  const first = head.indexOf(' ');
  const second = head.indexOf(' ', first + 1);
  if (first < 0 || second < 0 || second > end || !isTokenIn(head, 0, first)) throw new MalformedMessage('not SIP');
  if (!sameName(head, second + 1, end, 'sip/2.0')) {
    throw new MalformedMessage('start line', /^sip\/\d+\.\d+$/i.test(head.slice(second + 1, end)) ? 505 : 400);
  }
  const uri = head.slice(first + 1, second);
  if (!uriCharacters.test(uri) || uri.startsWith('<')) throw new MalformedMessage('Request-URI');
  return {
    method: head.slice(0, first),
    uri,
    status: undefined,
    reason: undefined,
  };
}

function parseStatusLine(head: string, end: number): StartLine {
  const status = Number(head.slice(8, 11));
  const separated = end === 11 || head.charCodeAt(11) === 32;
  if (!sameName(head, 0, 8, 'sip/2.0 ') || !/^[1-6]\d\d$/.test(head.slice(8, 11)) || !separated) {
    throw new MalformedMessage('status line');
  }
  return { method: undefined, uri: undefined, status, reason: asText(head.slice(12, end)) };
}

/** Slots of the headers that every message is asked for. */
const SLOTS = { via: 0, from: 1, to: 2, callId: 3, cseq: 4, contentLength: 5 } as const;

type Wanted = keyof typeof SLOTS;

/** Where a header is missing, and where it is twice. */
const MISSING = -1;
const TWICE = -2;

/** Slot of the header named in head[start, end); -1 for any other. */
function slotAt(head: string, start: number, end: number): number {
  switch (end - start) {
    case 1:
      return compactSlot(head.charCodeAt(start) | 32);
    case 2:
      return sameName(head, start, end, 'to') ? SLOTS.to : -1;
    case 3:
      return sameName(head, start, end, 'via') ? SLOTS.via : -1;
    case 4:
      if (sameName(head, start, end, 'from')) return SLOTS.from;
      return sameName(head, start, end, 'cseq') ? SLOTS.cseq : -1;
    case 7:
      return sameName(head, start, end, 'call-id') ? SLOTS.callId : -1;
    case 14:
      return sameName(head, start, end, 'content-length') ? SLOTS.contentLength : -1;
    default:
      return -1;
  }
}

function compactSlot(lower: number): number {
  switch (lower) {
    case 118:
      return SLOTS.via;
    case 102:
      return SLOTS.from;
    case 116:
      return SLOTS.to;
    case 105:
      return SLOTS.callId;
    case 108:
      return SLOTS.contentLength;
    default:
      return -1;
  }
}

/** Places in the header table by slot. */
function findMandatory(head: string, places: HeaderPlaces): number[] {
  const found = [MISSING, MISSING, MISSING, MISSING, MISSING, MISSING];
  for (let at = 0; at < places.length; at += 4) {
    const slot = slotAt(head, places[at] ?? 0, places[at + 1] ?? 0);
    if (slot < 0) continue;
    if (found[slot] === MISSING) found[slot] = at;
    else if (slot !== SLOTS.via) found[slot] = TWICE;
  }
  return found;
}

function finish(raw: WireMessage, startLine: StartLine, datagram: boolean): Parsed {
  const { head, places } = raw;
  if (head.includes('\0') && hasBareNul(head)) throw new MalformedMessage('NUL in the head');
  // No header holds one (§25.1), and for some reader it would end its line.
  if (/\r(?!\n)/.test(head)) throw new MalformedMessage('carriage return without line feed');
  const found = findMandatory(head, places);
  const value = (name: Wanted): string => mandatoryValue(raw, found[SLOTS[name]] ?? MISSING, name);
  const routing = routingOf(value);
  if (raw.method !== undefined && raw.method !== routing.cseqMethod) {
    throw new MalformedMessage('CSeq names another method', isRegistered(raw.method) ? 400 : 501);
  }
  const lengthAt = found[SLOTS.contentLength];
  if (lengthAt === MISSING && !datagram) throw new MalformedMessage('no Content-Length on a stream');
  const length = lengthAt === MISSING ? raw.body.length : contentLengthOf(value('contentLength'));
  // A datagram cut short is answered 400; bytes beyond Content-Length are padding (§18.3).
  if (length > raw.body.length) throw new MalformedMessage('body shorter than Content-Length');
  if (length === raw.body.length) return { message: raw, routing };
  const body = raw.body.subarray(0, length);
  return { message: new WireMessage(startLine, { bytes: raw.bytes, head, body, places }), routing };
}

/** NUL stands nowhere but in a quoted pair (§25.1, RFC 4475 §3.1.1.2). */
function hasBareNul(head: string): boolean {
  let quoted = false;
  for (let at = 0; at < head.length; at++) {
    const char = head[at];
    if (char === '\0') return true;
    if (char === '\r') quoted = false;
    else if (char === '"') quoted = !quoted;
    else if (char === '\\' && quoted && head[at + 1] !== '\r') at++;
  }
  return false;
}

function mandatoryValue(raw: WireMessage, at: number, name: string): string {
  if (at === MISSING) throw new MalformedMessage(`no ${name}`);
  if (at === TWICE) throw new MalformedMessage(`${name} twice`);
  return raw.valueAt(at);
}

/** 1*DIGIT; throws MalformedMessage. */
export function contentLengthOf(text: string): number {
  if (text.length === 0 || text.length > 10) throw new MalformedMessage('Content-Length');
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) throw new MalformedMessage('Content-Length');
    length = length * 10 + digit;
  }
  return length;
}

function routingOf(value: (name: Wanted) => string): Routing {
  const via = parseVia(value('via'));
  if (!via || via.blanks) throw new MalformedMessage('Via');
  const callId = value('callId');
  if (callId === '' || callId.includes(' ')) throw new MalformedMessage('Call-ID');
  const from = value('from');
  const to = value('to');
  if (isUnclosed(from) || isUnclosed(to)) throw new MalformedMessage('quoted string without its end');
  return { via, callId, ...parseCseq(value('cseq')), from, to, fromTag: tagOf(from), toTag: tagOf(to) };
}

function parseCseq(value: string): { cseq: number; cseqMethod: string } {
  let end = 0;
  let cseq = 0;
  for (; end < value.length && end < 12; end++) {
    const digit = value.charCodeAt(end) - ZERO;
    if (digit < 0 || digit > 9) break;
    cseq = cseq * 10 + digit;
  }
  const method = value.slice(end).trimStart();
  // §8.1.1.5: below 2**31.
  if (end === 0 || cseq > MAX_CSEQ || end + method.length === value.length || !isTokenIn(method, 0, method.length)) {
    throw new MalformedMessage('CSeq');
  }
  return { cseq, cseqMethod: method };
}

/** Routing of a message of our own making; throws MalformedMessage where the application's headers make none. */
export function routingOfOwn(message: WireMessage): Routing {
  return routingOf((name) => message.raw(name === 'callId' ? 'call-id' : name.toLowerCase()) ?? '');
}

export function isRequest(
  message: SipMessage,
): message is SipMessage & { readonly method: string; readonly uri: string } {
  return message.method !== undefined;
}
