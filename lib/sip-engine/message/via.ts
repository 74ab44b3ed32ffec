/** The topmost Via: who sent this hop, and where the answer goes (RFC 3261 §18.2, §20.42; RFC 3581 §4). */
import type { Address } from '../api.js';
import { elementEnd, findParam, isTokenIn, paramAt, sameName, skipSpace } from './grammar.js';
import { defaultPort, parseHostPort } from './uri.js';

export const MAGIC_COOKIE = 'z9hG4bK';

export interface Via {
  /** First element of the line as written, without what follows its comma. */
  readonly text: string;
  /** sent-by as written. */
  readonly sentBy: string;
  readonly host: string;
  readonly port: number | undefined;
  /** Begins with the magic cookie, or the client is older than RFC 3261 (§17.2.3). */
  readonly branch: string | undefined;
  /** The client asks to be answered where it sent from (RFC 3581 §3). */
  readonly rport: boolean;
  /** Semicolons with nothing after them (RFC 4475 §3.1.2.1). */
  readonly blanks: boolean;
  /** Place of the parameters in `text`. */
  readonly params: number;
}

/** After `SIP / 2.0 /`: place of the transport's name; -1 for anything else. */
function afterVersion(text: string): number {
  if (text.startsWith('SIP/2.0/')) return 8;
  const name = skipSpace(text, 0);
  if (!sameName(text, name, name + 3, 'sip')) return -1;
  const slash = skipSpace(text, name + 3);
  const version = skipSpace(text, slash + 1);
  const second = skipSpace(text, version + 3);
  if (text[slash] !== '/' || text[second] !== '/' || !text.startsWith('2.0', version)) return -1;
  return skipSpace(text, second + 1);
}

/** First element of a Via value; undefined if it is none. */
export function parseVia(value: string): Via | undefined {
  const text = value.includes(',') ? value.slice(0, elementEnd(value, 0)) : value;
  const start = afterVersion(text);
  if (start < 0) return undefined;
  let end = start;
  while (end < text.length && text.charCodeAt(end) > 32) end++;
  const sentByStart = skipSpace(text, end);
  if (!isTokenIn(text, start, end) || sentByStart === end) return undefined;
  const semicolon = text.indexOf(';', sentByStart);
  const params = semicolon < 0 ? text.length : semicolon;
  const sentBy = text.slice(sentByStart, params).trimEnd();
  const place = parseHostPort(sentBy);
  if (!place) return undefined;
  return { text, sentBy, host: place.host, port: place.port, ...viaParams(text, params), params };
}

/** The same in whatever version of SIP, so that its sender can be told (RFC 4475 §3.1.2.16). */
export function parseViaOfAnyVersion(value: string): Via | undefined {
  const via = parseVia(value.replace(/\d\.\d(?=\s*\/)/, '2.0'));
  return via && { ...via, text: value.slice(0, via.text.length) };
}

/** All in one pass: every message is asked for them. */
function viaParams(text: string, params: number): Pick<Via, 'branch' | 'rport' | 'blanks'> {
  let branch: string | undefined;
  let rport = false;
  let blanks = false;
  for (let span = paramAt(text, params); span; span = paramAt(text, span.end)) {
    if (sameName(text, span.nameStart, span.nameEnd, 'branch')) branch ??= text.slice(span.valueStart, span.end);
    else if (sameName(text, span.nameStart, span.nameEnd, 'rport')) rport = true;
    blanks ||= span.nameEnd === span.nameStart;
  }
  return { branch, rport, blanks };
}

/**
 * The element with what the transport has seen: rport's value, and received where the client's own word differs or
 * rport was asked for (RFC 3261 §18.2.1, RFC 3581 §4).
 */
export function stampVia(via: Via, source: Address): string {
  const clean = withoutParam(via.text, via.params, 'received');
  const rport = findParam(clean, via.params, 'rport');
  if (rport) {
    const text = `${clean.slice(0, rport.nameEnd)}=${source.port}${clean.slice(rport.end)}`;
    return `${text};received=${source.host}`;
  }
  return via.host === source.host ? clean : `${clean};received=${source.host}`;
}

function withoutParam(text: string, from: number, name: string): string {
  const span = findParam(text, from, name);
  return span ? text.slice(0, span.at) + text.slice(span.end) : text;
}

/** Where a response goes when it cannot go back on the connection it came by, or over UDP (RFC 3261 §18.2.2). */
export function responseAddress(via: Via, source: Address): Address {
  // maddr is left aside: answers go to nobody but the sender, so that no one is flooded in his name.
  if (source.protocol === 'udp' && via.rport) return source;
  const { protocol, host } = source;
  const to = { protocol, host, port: via.port ?? defaultPort(protocol) };
  return protocol === 'tls' ? { ...to, name: via.host } : to;
}
