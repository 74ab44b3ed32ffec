/** IP addresses as a gatekeeper sees them: which are public, which networks contain them (RFC 6890, IANA registries). */
import { BlockList, isIP } from 'node:net';

export interface Network {
  readonly contains: (address: string) => boolean;
}

/** Special-purpose IPv4 (RFC 6890 and its registry), multicast and reserved. */
const reservedV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** Inside 2000::/3, where all public IPv6 lies: protocol assignments and Teredo, documentation, 6to4 (it wraps any IPv4). */
const reservedV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const reserved = blockList([...reservedV4, ...reservedV6]);
const globalV6 = blockList(['2000::/3']);
const loopback = blockList(['127.0.0.0/8', '::1']);
const mappedV4 = blockList(['::ffff:0:0/96']);

/**
 * Whether `address` is a unicast address that the whole internet can reach. Anything else is not public: loopback,
 * private, link-local (cloud metadata), multicast, documentation, and IPv6 forms that wrap an IPv4 address, of which
 * the mapped one (`::ffff:a.b.c.d`) is judged as the IPv4 address it reaches.
 */
export function isPublicAddress(address: string): boolean {
  const plain = withoutZone(address);
  switch (isIP(plain)) {
    case 4:
      return !reserved.check(plain, 'ipv4');
    case 6:
      // BlockList compares a mapped address with the IPv4 rules.
      return (globalV6.check(plain, 'ipv6') || mappedV4.check(plain, 'ipv6')) && !reserved.check(plain, 'ipv6');
    default:
      return false;
  }
}

export function isLoopbackAddress(address: string): boolean {
  return contains(loopback, withoutZone(address));
}

/** An address or `address/prefix` as a network; undefined where it is neither. */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', prefix, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return undefined;
  if (prefix !== undefined && !isPrefix(prefix, family === 4 ? 32 : 128)) return undefined;
  const list = blockList([text]);
  return { contains: (other) => contains(list, withoutZone(other)) };
}

function contains(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

function isPrefix(text: string, max: number): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) <= max;
}

function withoutZone(address: string): string {
  const at = address.indexOf('%');
  return at < 0 ? address : address.slice(0, at);
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const type = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, type);
    else list.addSubnet(address, Number(prefix), type);
  }
  return list;
}
