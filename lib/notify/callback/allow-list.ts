/** Which URLs a platform may be called back at: its allow-list, judged at subscription and again at every connection. */
import { isIP } from 'node:net';
import { ApiError } from '../../resources/api-error.js';
import { isLoopbackAddress, isPublicAddress, parseNetwork, type Network } from './ip-address.js';

/** All addresses of a host name; rejects where it has none. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

export interface AllowList {
  /** True: no list was given, and public https hosts alone are allowed. */
  readonly publicOnly: boolean;
  readonly names: readonly NameEntry[];
  readonly networks: readonly NetworkEntry[];
}

interface NameEntry {
  /** Lower case, in its ASCII form, without a dot at the end; of `*.domain` what follows the star, with its dot. */
  readonly name: string;
  readonly subdomains: boolean;
  readonly port: number | undefined;
}

interface NetworkEntry {
  readonly network: Network;
  readonly port: number | undefined;
}

/** A destination: what a connection is made to. */
export interface Destination {
  readonly protocol: 'http:' | 'https:';
  /** Lower case, without brackets, without a dot at the end. */
  readonly hostname: string;
  readonly port: number;
}

const maxUrlLength = 2048;

/**
 * Reads the entries of `notify.allow`: `host`, `host:port`, `*.domain`, `*.domain:port`, an address (IPv6 with a port
 * in brackets) or a CIDR. Throws an Error that names the entry which is none of these.
 */
export function parseAllowList(entries: readonly string[] = []): AllowList {
  const names: NameEntry[] = [];
  const networks: NetworkEntry[] = [];
  for (const entry of entries) {
    const bare = parseNetwork(entry);
    const { host, port } = bare ? { host: entry, port: undefined } : splitPort(entry);
    const network = bare ?? parseNetwork(host.replace(/^\[(.*)\]$/, '$1'));
    if (network) networks.push({ network, port });
    else names.push(nameEntry(entry, host, port));
  }
  return { publicOnly: entries.length === 0, names, networks };
}

function splitPort(entry: string): { host: string; port: number | undefined } {
  const match = /^(.*):(\d{1,5})$/.exec(entry);
  if (!match) return { host: entry, port: undefined };
  const port = Number(match[2]);
  if (port < 1 || port > 65535) throw new Error(`not a host, host:port, *.domain or CIDR: ${entry}`);
  return { host: match[1] ?? '', port };
}

function nameEntry(entry: string, host: string, port: number | undefined): NameEntry {
  const subdomains = host.startsWith('*.');
  const plain = subdomains ? host.slice(2) : host;
  const name = /^[^\s*:/?#@\\[\]%]+$/.test(plain) ? asciiName(plain) : undefined;
  if (name === undefined) throw new Error(`not a host, host:port, *.domain or CIDR: ${entry}`);
  return { name: subdomains ? `.${name}` : name, subdomains, port };
}

function asciiName(host: string): string | undefined {
  const url = parseUrl(`http://${host}`);
  const name = url && withoutDot(url.hostname);
  return name === undefined || name === '' || isIP(name) !== 0 ? undefined : name;
}

/**
 * The destination of a notifyURL. Throws ApiError SVC0002 (`notifyURL`) for what is no absolute http or https URL, and
 * for what a URL parser would silently repair or drop: white space, credentials, fragment, port 0, a host that is missing.
 */
export function parseNotifyUrl(notifyURL: string): Destination {
  const url = notifyURL.length <= maxUrlLength && isPlain(notifyURL) ? parseUrl(notifyURL) : undefined;
  const protocol = url?.protocol;
  if (!url || (protocol !== 'http:' && protocol !== 'https:')) throw badUrl();
  // An authority with a host and without userinfo, even an empty one: `https:///x/` would be read as `https://x/`.
  if (!/^https?:\/\/[^/?@]+(?:[/?]|$)/i.test(notifyURL) || url.port === '0') throw badUrl();
  const port = url.port === '' ? (protocol === 'https:' ? 443 : 80) : Number(url.port);
  // The parser has already undone decimal, octal, hexadecimal and full-width forms of an address (WHATWG URL §3.5).
  const hostname = withoutDot(url.hostname.replace(/^\[(.*)\]$/, '$1'));
  if (hostname === '') throw badUrl();
  return { protocol, hostname, port };
}

function parseUrl(text: string): URL | undefined {
  // Not URL.canParse: once compiled, Node 20's takes the octets of a Latin-1 text for UTF-8.
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** Printable ASCII without space, backslash and fragment: no parser reads such a URL in two ways. */
function isPlain(text: string): boolean {
  return /^[!-~]*$/.test(text) && !/[\\#]/.test(text);
}

function withoutDot(hostname: string): string {
  return hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
}

function badUrl(): ApiError {
  return new ApiError('SVC0002', [
    'notifyURL',
    'must be http://host/… or https://host/…, without user, # or what must be %-encoded; a name beyond ASCII as xn--…',
  ]);
}

/** Whether the host, as written and before any name is resolved, may be a destination of the list's owner. */
export function isListed(list: AllowList, destination: Destination): boolean {
  const { protocol, hostname, port } = destination;
  if (isIP(hostname) !== 0) {
    return isAllowedAddress(list, destination, hostname) && (!list.publicOnly || protocol === 'https:');
  }
  if (list.publicOnly) return protocol === 'https:' && isPublicName(hostname);
  return list.names.some((entry) => matches(entry, hostname, port));
}

/** A single label, `localhost` and its like name something near, never a public host (RFC 6761, RFC 6762, RFC 9476). */
function isPublicName(hostname: string): boolean {
  return hostname.includes('.') && !/\.(?:localhost|local|internal|localdomain|home\.arpa)$/.test(hostname);
}

function matches(entry: NameEntry, hostname: string, port: number): boolean {
  if (entry.port !== undefined && entry.port !== port) return false;
  return entry.subdomains ? hostname.endsWith(entry.name) : hostname === entry.name;
}

/**
 * Whether a connection for `destination`, which is listed, may be made to `address`: a public one, any other only where
 * the list names the address. A listed name does not vouch for its addresses, for whoever runs its DNS could point it
 * into our network; `localhost` alone does: it means loopback everywhere (RFC 6761 §6.3).
 */
export function isAllowedAddress(list: AllowList, destination: Destination, address: string): boolean {
  const { hostname, port } = destination;
  if (list.networks.some((entry) => (entry.port ?? port) === port && entry.network.contains(address))) return true;
  if (isLocalhost(hostname)) return isLoopbackAddress(address);
  // An address written in the URL is its own name: with a list it must stand there.
  return isPublicAddress(address) && (list.publicOnly || isIP(hostname) === 0);
}

function isLocalhost(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost');
}

/**
 * Judges a notifyURL when a subscription is made. Throws ApiError SVC0002 for a bad URL, POL0001 for a host that is not
 * allowed. A listed name is resolved, last; one that has no address now passes, for every connection is judged again.
 * Without a list no name is resolved: the answer would tell a stranger what our DNS knows.
 */
export async function judgeNotifyUrl(list: AllowList, notifyURL: string, resolve: Resolve): Promise<void> {
  const destination = parseNotifyUrl(notifyURL);
  if (!isListed(list, destination)) throw forbidden();
  if (list.publicOnly || isIP(destination.hostname) !== 0) return;
  const addresses = await resolve(destination.hostname).catch(() => []);
  if (addresses.length > 0 && !addresses.some((address) => isAllowedAddress(list, destination, address))) {
    throw forbidden();
  }
}

function forbidden(): ApiError {
  return new ApiError('POL0001', ['notifyURL: this host is not allowed']);
}
