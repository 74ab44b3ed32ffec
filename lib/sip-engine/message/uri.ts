/** SIP URIs as far as routing needs them (RFC 3261 §19.1). */
import type { Protocol } from '../api.js';
import { paramOf } from './grammar.js';

export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  readonly user: string | undefined;
  /** Without brackets, in lower case. */
  readonly host: string;
  readonly port: number | undefined;
  /** `;transport=`, in lower case. */
  readonly transport: string | undefined;
  readonly maddr: string | undefined;
  /** Loose routing (§16.12). */
  readonly lr: boolean;
}

/** Everything before the first colon, in lower case; undefined if there is none. */
export function schemeOf(uri: string): string | undefined {
  const colon = uri.indexOf(':');
  const scheme = uri.slice(0, Math.max(colon, 0)).toLowerCase();
  return /^[a-z][a-z0-9+.-]*$/.test(scheme) ? scheme : undefined;
}

interface Spans {
  readonly scheme: 'sip' | 'sips';
  /** Without headers. */
  readonly uri: string;
  /** Of user or host. */
  readonly start: number;
  /** Of the @; -1 without user. */
  readonly at: number;
  readonly place: HostPort;
  readonly params: number;
}

function spansOf(text: string): Spans | undefined {
  const scheme = schemeOf(text);
  if (scheme !== 'sip' && scheme !== 'sips') return undefined;
  const start = scheme.length + 1;
  // Before the @ a question mark is the user's (RFC 4475 §3.1.1.2), after it headers begin.
  const question = text.indexOf('?', Math.max(text.indexOf('@', start), start));
  const uri = question < 0 ? text : text.slice(0, question);
  // A user part may hold semicolons and parameters of its own: what counts is the last @ (§25.1 has none after it).
  const at = uri.lastIndexOf('@');
  const hostStart = at < 0 ? start : at + 1;
  const semicolon = uri.indexOf(';', hostStart);
  const place = parseHostPort(uri.slice(hostStart, semicolon < 0 ? uri.length : semicolon));
  if (!place) return undefined;
  return { scheme, uri, start, at, place, params: semicolon < 0 ? uri.length : semicolon };
}

/** Whether it is a sip: or sips: URI with a host. */
export function isSipUri(text: string): boolean {
  return spansOf(text) !== undefined;
}

/** Undefined for what is no sip: or sips: URI with a host. */
export function parseSipUri(text: string): SipUri | undefined {
  const spans = spansOf(text);
  if (!spans) return undefined;
  const { scheme, uri, start, at, place, params } = spans;
  return {
    scheme,
    user: at < 0 ? undefined : uri.slice(start, at),
    ...place,
    transport: paramOf(uri, params, 'transport')?.toLowerCase(),
    maddr: paramOf(uri, params, 'maddr'),
    lr: paramOf(uri, params, 'lr') !== undefined,
  };
}

/** RFC 3261 §19.1.2 */
export function defaultPort(protocol: Protocol | undefined): number {
  return protocol === 'tls' ? 5061 : 5060;
}

export interface HostPort {
  readonly host: string;
  readonly port: number | undefined;
}

/**
 * `host`, `host:port`, `[v6]`, `[v6]:port`; spaces around the colon are let through (RFC 4475 §3.1.1.1), and of three
 * colons, which the grammar of RFC 3261 allows by mistake, one is left out (RFC 5118 §4.10).
 */
export function parseHostPort(text: string): HostPort | undefined {
  const trimmed = text.trim();
  const close = trimmed.startsWith('[') ? trimmed.indexOf(']') : -1;
  if (trimmed.startsWith('[') && close < 0) return undefined;
  const colon = trimmed.indexOf(':', close + 1);
  const host =
    close > 0
      ? trimmed.slice(1, close).replace(':::', '::')
      : trimmed.slice(0, colon < 0 ? trimmed.length : colon).trimEnd();
  if (close > 0 && !/^[0-9a-fA-F:.%]+$/.test(host)) return undefined;
  if (close > 0 && colon < 0 && trimmed.length > close + 1) return undefined;
  if (close < 0 && !/^[A-Za-z0-9._-]+$/.test(host)) return undefined;
  if (colon < 0) return { host: host.toLowerCase(), port: undefined };
  const port = parsePort(trimmed.slice(colon + 1).trimStart());
  return port === undefined ? undefined : { host: host.toLowerCase(), port };
}

function parsePort(text: string): number | undefined {
  if (!/^[0-9]{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}

/** Host as it stands in a URI: IPv6 in brackets. */
export function printHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

export function printHostPort(host: string, port: number): string {
  return `${printHost(host)}:${port}`;
}

/** Without it a numeric host means UDP (RFC 3263 §4.1). */
export function transportParam(protocol: Protocol): string {
  return protocol === 'udp' ? '' : `;transport=${protocol}`;
}
