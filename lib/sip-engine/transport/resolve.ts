/** From a URI to the addresses to try, in order: SRV, then A and AAAA (RFC 3263 §4; NAPTR is left aside). */
import { lookup, resolveSrv } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Address, Protocol } from '../api.js';
import type { EngineClock } from '../transaction/timers.js';
import { defaultPort, type SipUri } from '../message/uri.js';

export interface SrvRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** The questions asked of DNS. Each rejects where there is no answer. */
export interface Dns {
  addresses(host: string): Promise<readonly string[]>;
  srv(name: string): Promise<readonly SrvRecord[]>;
}

export const systemDns: Dns = {
  addresses: async (host) => (await lookup(host, { all: true, order: 'verbatim' })).map((found) => found.address),
  srv: (name) => resolveSrv(name),
};

export interface ResolveOptions {
  readonly dns: Dns;
  readonly clock: EngineClock;
  readonly timeoutMs: number;
  /** How long an answer is used again; RFC 3263 §4.2 wants the record's own, which the system does not tell. */
  readonly cacheMs: number;
  readonly maxCached: number;
}

export type Resolve = (uri: SipUri) => Promise<readonly Address[]>;

interface Cached {
  readonly untilMs: number;
  readonly addresses: readonly Address[];
}

/** Rejects with Error where no address is found in time, or the URI wants what we do not speak. */
export function createResolve(options: ResolveOptions): Resolve {
  const cache = new Map<string, Cached>();
  return async (uri) => {
    const protocol = protocolOf(uri);
    const host = uri.maddr?.replaceAll(/[[\]]/g, '') ?? uri.host;
    if (isIP(host) !== 0) return [{ protocol: protocol ?? 'udp', host, port: uri.port ?? defaultPort(protocol) }];
    const key = `${protocol ?? ''} ${host} ${uri.port ?? ''}`;
    const known = cache.get(key);
    if (known && known.untilMs > options.clock.now()) return known.addresses;
    const found = await inTime(ask({ host, port: uri.port, protocol }, options.dns), options);
    // The certificate is that of the domain, whatever hosts serve it (RFC 5922 §4).
    const addresses = protocol === 'tls' ? found.map((address) => ({ ...address, name: host })) : found;
    if (addresses.length === 0) throw new Error(`no address for ${host}`);
    remember(cache, key, { untilMs: options.clock.now() + options.cacheMs, addresses }, options.maxCached);
    return addresses;
  };
}

function protocolOf(uri: SipUri): Protocol | undefined {
  const { transport } = uri;
  // RFC 3261 §26.2.2: sips: means TLS, over TCP.
  if (uri.scheme === 'sips' && transport !== 'udp') return 'tls';
  if (transport === undefined) return undefined;
  if (uri.scheme === 'sip' && (transport === 'udp' || transport === 'tcp' || transport === 'tls')) return transport;
  throw new Error(`transport ${transport} is not served`);
}

interface Question {
  readonly host: string;
  readonly port: number | undefined;
  readonly protocol: Protocol | undefined;
}

async function ask(question: Question, dns: Dns): Promise<Address[]> {
  const { host, port, protocol } = question;
  if (port === undefined) {
    for (const each of protocol ? [protocol] : (['udp', 'tcp'] as const)) {
      const service = each === 'tls' ? '_sips._tcp' : `_sip._${each}`;
      const found = await askSrv(`${service}.${host}`, each, dns);
      if (found.length > 0) return found;
    }
  }
  const hosts = await dns.addresses(host);
  return hosts.map((address) => ({ protocol: protocol ?? 'udp', host: address, port: port ?? defaultPort(protocol) }));
}

async function askSrv(name: string, protocol: Protocol, dns: Dns): Promise<Address[]> {
  const records = await dns.srv(name).catch(() => []);
  const found: Address[] = [];
  for (const record of inOrder(records)) {
    const hosts = await dns.addresses(record.name).catch(() => []);
    found.push(...hosts.map((host) => ({ protocol, host, port: record.port })));
  }
  return found;
}

/** By priority; within one, weighted chance (RFC 2782). */
function inOrder(records: readonly SrvRecord[]): SrvRecord[] {
  const drawn = records
    .slice(0, 16)
    .map((record) => ({ record, lot: Math.random() ** (1 / Math.max(record.weight, 0.01)) }));
  return drawn.sort((a, b) => a.record.priority - b.record.priority || b.lot - a.lot).map(({ record }) => record);
}

function inTime<T>(answer: Promise<T>, options: ResolveOptions): Promise<T> {
  return new Promise((resolve, reject) => {
    const limit = options.clock.after(options.timeoutMs, () => reject(new Error('DNS timed out')));
    void answer.then(resolve, reject).finally(() => limit.close());
  });
}

function remember(cache: Map<string, Cached>, key: string, value: Cached, max: number): void {
  cache.delete(key);
  const oldest = cache.size >= max ? cache.keys().next().value : undefined;
  if (oldest !== undefined) cache.delete(oldest);
  cache.set(key, value);
}
