/** A sip: or sips: URI: parse, print, compare (RFC 3261 §19.1). */
import { DecodeError } from './decode-error.js';

export type UriParameter = readonly [name: string, value: string | undefined];

export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  /** As written, escapes included; undefined where there is none. */
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** As written; IPv6 in brackets. */
  readonly host: string;
  readonly port: number | undefined;
  /** In order, as written. */
  readonly parameters: readonly UriParameter[];
  /** What follows `?`. */
  readonly headers: string | undefined;
}

export const maxUriLength = 1024;

const codec = 'address';
const hostPort = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/;

/** Throws DecodeError. */
export function parseSipUri(text: string): SipUri {
  checkUriText(text);
  const scheme = /^(sips?):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== 'sip' && scheme !== 'sips') throw new DecodeError(codec, 'scheme', 'not a sip: or sips: URI');
  const rest = text.slice(scheme.length + 1);
  // The user part may hold `;` and `?` (RFC 3261 §25.1 user-unreserved), a host cannot hold `@`.
  const at = rest.indexOf('@');
  const { user, password } = userInfo(at === -1 ? undefined : rest.slice(0, at));
  const [beforeHeaders, headers] = cut(rest.slice(at + 1), '?');
  const [hostText = '', ...parameters] = beforeHeaders.split(';');
  const match = hostPort.exec(hostText);
  if (match?.[1] === undefined) throw new DecodeError(codec, 'host', 'not a host and port');
  const port = match[2] === undefined ? undefined : Number(match[2]);
  if (port !== undefined && port > 65_535) throw new DecodeError(codec, 'port', 'not a port');
  return { scheme, user, password, host: match[1], port, parameters: parseUriParameters(parameters), headers };
}

/** undefined for what is no sip: or sips: URI. */
export function readSipUri(text: string): SipUri | undefined {
  try {
    return parseSipUri(text);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

export function printSipUri(uri: SipUri): string {
  const password = uri.password === undefined ? '' : `:${uri.password}`;
  const user = uri.user === undefined ? '' : `${uri.user}${password}@`;
  const port = uri.port === undefined ? '' : `:${uri.port}`;
  const headers = uri.headers === undefined ? '' : `?${uri.headers}`;
  return `${uri.scheme}:${user}${uri.host}${port}${printUriParameters(uri.parameters)}${headers}`;
}

/**
 * Whom a URI names, as a key: equal for `sip:bot%2D1@Host:5060;transport=tcp` and `sip:bot-1@host`.
 * User part with its case, host without, the default port left out (looser than RFC 3261 §19.1.4, which keeps it apart),
 * no parameters, no password.
 */
export function sipUriKey(uri: SipUri): string {
  const defaultPort = uri.scheme === 'sip' ? 5060 : 5061;
  const port = uri.port === undefined || uri.port === defaultPort ? '' : `:${uri.port}`;
  const user = uri.user === undefined ? '' : `${canonicalEscapes(uri.user)}@`;
  return `${uri.scheme}:${user}${uri.host.toLowerCase()}${port}`;
}

/** These count even where the other URI lacks them (RFC 3261 §19.1.4). */
const decisive = ['user', 'ttl', 'method', 'maddr'];

/** RFC 3261 §19.1.4, but for the default port (see `sipUriKey`). URI headers must be the same. */
export function sipUriEqual(a: SipUri, b: SipUri): boolean {
  if (sipUriKey(a) !== sipUriKey(b) || a.password !== b.password || a.headers !== b.headers) return false;
  const names = new Set([...a.parameters, ...b.parameters].map(([name]) => name.toLowerCase()));
  return [...names].every((name) => {
    const left = uriParameter(a.parameters, name);
    const right = uriParameter(b.parameters, name);
    if (left === undefined || right === undefined) return !decisive.includes(name);
    return canonicalEscapes(left).toLowerCase() === canonicalEscapes(right).toLowerCase();
  });
}

/** Value of a parameter ('' without one), undefined if absent. */
export function uriParameter(parameters: readonly UriParameter[], name: string): string | undefined {
  const found = parameters.find(([n]) => n.toLowerCase() === name);
  return found === undefined ? undefined : (found[1] ?? '');
}

export function parseUriParameters(parts: readonly string[]): readonly UriParameter[] {
  return parts.filter((part) => part !== '').map((part) => cut(part, '='));
}

export function printUriParameters(parameters: readonly UriParameter[]): string {
  return parameters.map(([name, value]) => (value === undefined ? `;${name}` : `;${name}=${value}`)).join('');
}

/** Escapes that need not be are undone, the others have upper-case hex (RFC 3986 §6.2.2). */
export function canonicalEscapes(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (escape, hex: string) => {
    const character = String.fromCharCode(parseInt(hex, 16));
    return /[A-Za-z0-9\-_.!~*'()&=+$,]/.test(character) ? character : escape.toUpperCase();
  });
}

/** No control character, blank, bracket or quote stands in a URI, and no line break gets from it into a header. */
export function checkUriText(text: string): void {
  if (text.length > maxUriLength) throw new DecodeError(codec, `character ${maxUriLength}`, 'URI too long');
  const bad = /[^!#-;=?-~]/.exec(text);
  if (bad) throw new DecodeError(codec, `character ${bad.index}`, 'a character that no URI holds');
}

/** The text before the first separator and, if there is one, behind it. */
function cut(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function userInfo(text: string | undefined): { user: string | undefined; password: string | undefined } {
  if (text === undefined) return { user: undefined, password: undefined };
  const [user, password] = cut(text, ':');
  if (user === '') throw new DecodeError(codec, 'user', 'an empty user part');
  return { user, password };
}
