/** msrp: and msrps: URIs and paths of them (RFC 4975 §6 and §9). */
import { DecodeError } from '../decode-error.js';

export interface MsrpUri {
  /** msrps: over TLS. */
  readonly secure: boolean;
  readonly user: string | undefined;
  /** IPv6 literals without brackets. */
  readonly host: string;
  readonly port: number | undefined;
  /** Absent in the URI of a relay. */
  readonly sessionId: string | undefined;
  /** `tcp` alone is defined. */
  readonly transport: string;
  /** What follows the transport: `name` or `name=value`. */
  readonly parameters: readonly string[];
}

const maxUriLength = 1024;
const maxPathUris = 16;
const uriForm =
  /^(msrps?):\/\/(?:([^@/;[\]\s]*)@)?(?:\[([0-9a-f:.]+)\]|([0-9a-z._-]+))(?::(\d{1,5}))?(?:\/([0-9A-Za-z.\-+%=_~!$&'()*,:@]+))?;([0-9a-z]+)((?:;[0-9A-Za-z.\-+%=_~!*'|$&`^#]+)*)$/i;

/** Throws DecodeError. */
export function parseUri(text: string): MsrpUri {
  const match = text.length <= maxUriLength ? uriForm.exec(text) : null;
  if (!match) throw new DecodeError('msrp-uri', 'uri', 'not an MSRP URI');
  const [, scheme = '', user, ip6, name = '', port, sessionId, transport = '', rest = ''] = match;
  if (port !== undefined && Number(port) > 65535) throw new DecodeError('msrp-uri', 'port', 'port above 65535');
  return {
    secure: scheme.toLowerCase() === 'msrps',
    user,
    host: ip6 ?? name,
    port: port === undefined ? undefined : Number(port),
    sessionId,
    transport,
    parameters: rest.split(';').slice(1),
  };
}

export function printUri(uri: MsrpUri): string {
  const user = uri.user === undefined ? '' : `${uri.user}@`;
  const host = uri.host.includes(':') ? `[${uri.host}]` : uri.host;
  const port = uri.port === undefined ? '' : `:${uri.port}`;
  const session = uri.sessionId === undefined ? '' : `/${uri.sessionId}`;
  const tail = [uri.transport, ...uri.parameters].join(';');
  return `${uri.secure ? 'msrps' : 'msrp'}://${user}${host}${port}${session};${tail}`;
}

/** RFC 4975 §6.1: host without case, port exact, session-id with case; userinfo and parameters do not count. */
export function sameUri(a: MsrpUri, b: MsrpUri): boolean {
  return (
    a.secure === b.secure &&
    comparableHost(a.host) === comparableHost(b.host) &&
    a.port === b.port &&
    a.sessionId === b.sessionId &&
    a.transport.toLowerCase() === b.transport.toLowerCase()
  );
}

/** A path as in a=path, To-Path and From-Path: URIs separated by blanks, the nearest first. Throws DecodeError. */
export function parsePath(text: string): readonly MsrpUri[] {
  const uris = splitPath(text);
  if (uris.length === 0 || uris.length > maxPathUris) throw new DecodeError('msrp-uri', 'path', 'no URI or too many');
  return uris.map(parseUri);
}

export function splitPath(text: string): readonly string[] {
  return text.split(' ').filter((uri) => uri !== '');
}

/** The session-id of the last URI, the endpoint's own; undefined where it has none. Throws nothing. */
export function sessionIdOfPath(path: string): string | undefined {
  const uri = path.slice(path.lastIndexOf(' ') + 1);
  const authority = uri.indexOf('://');
  const slash = authority < 0 ? -1 : uri.indexOf('/', authority + 3);
  if (slash < 0) return undefined;
  const semicolon = uri.indexOf(';', slash);
  const sessionId = uri.slice(slash + 1, semicolon < 0 ? undefined : semicolon);
  return sessionId === '' ? undefined : sessionId;
}

function comparableHost(host: string): string {
  return host.includes(':') ? expandIp6(host.toLowerCase()) : host.toLowerCase();
}

/** All eight groups without leading zeros; a text that is no address comes back as something that equals itself alone. */
function expandIp6(host: string): string {
  const [left = '', right] = dotsToGroups(host).split('::');
  const before = left === '' ? [] : left.split(':');
  const after = right === undefined || right === '' ? [] : right.split(':');
  const zeros = right === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':');
}

/** `::ffff:192.0.2.1` → `::ffff:c000:201` */
function dotsToGroups(host: string): string {
  const dotted = /(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host);
  if (!dotted) return host;
  const [a = 0, b = 0, c = 0, d = 0] = dotted.slice(1).map(Number);
  return `${host.slice(0, dotted.index)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}
