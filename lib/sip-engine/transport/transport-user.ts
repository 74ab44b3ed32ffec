/** What the transports are handed, and what they tell. */
import type { Address } from '../api.js';
import type { ByteBudget } from './byte-budget.js';
import type { OwnAddresses } from './own-addresses.js';
import type { Path } from './path.js';
import type { MalformedMessage } from '../message/malformed.js';
import type { Timers } from '../transaction/timers.js';
import type { TlsMaterial } from './tls.js';

export interface TransportLimits {
  readonly maxMessageBytes: number;
  readonly maxHeadBytes: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerSource: number;
  /** Written and not yet taken by the peer, per connection. */
  readonly maxBufferedBytes: number;
  /** Of all connections: messages begun and not whole, and what is written and not taken. */
  readonly maxTotalBufferedBytes: number;
  /** A connection without traffic is closed. */
  readonly idleMs: number;
  /** A message begun on a stream has to be whole within. */
  readonly messageMs: number;
  readonly connectMs: number;
  /** UDP destinations with a socket of their own, which learns of ICMP errors. */
  readonly maxUdpPeers: number;
}

export const DEFAULT_TRANSPORT_LIMITS: TransportLimits = {
  maxMessageBytes: 1_114_112,
  maxHeadBytes: 65_536,
  maxConnections: 10_000,
  maxConnectionsPerSource: 2_000,
  maxBufferedBytes: 4_194_304,
  maxTotalBufferedBytes: 268_435_456,
  idleMs: 600_000,
  messageMs: 10_000,
  connectMs: 5_000,
  maxUdpPeers: 256,
};

/** `who`: host of the peer that it was. */
export type Count = (name: string, labels?: Readonly<Record<string, string>>, who?: string) => void;
export type Trace = (direction: 'in' | 'out', local: Address, remote: Address, bytes: Buffer) => void;

export interface TransportUser {
  onMessage(bytes: Buffer, path: Path): void;
  /** A stream that cannot be followed; it ends after this call. */
  onUnframed(bytes: Buffer, error: MalformedMessage, path: Path): void;
}

export interface TransportDeps {
  readonly limits: TransportLimits;
  /** Of `limits.maxTotalBufferedBytes`, shared by all streams. */
  readonly budget: ByteBudget;
  readonly own: OwnAddresses;
  readonly timers: Timers;
  readonly count: Count;
  readonly trusted: (host: string) => boolean;
  /** Whose certificate makes up for an address that is not trusted. */
  readonly trustedNames: readonly string[];
  readonly tls: TlsMaterial | undefined;
  readonly trace: Trace | undefined;
  /** Host that Via and Contact name instead of ours. */
  readonly advertise: string | undefined;
}

/** IPv4 peers of a dual-stack socket by their IPv4 address. */
export function plainHost(host: string): string {
  return host.startsWith('::ffff:') && host.includes('.') ? host.slice(7) : host;
}

export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
