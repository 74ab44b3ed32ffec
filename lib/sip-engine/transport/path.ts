/** A way for messages between us and one peer, as the transactions see it (RFC 3261 §18). */
import type { Address } from '../api.js';

export interface Path {
  /** What Via and Contact call us on this way: a listening address, or the advertised host with its port. */
  readonly local: Address;
  readonly remote: Address;
  /** TCP: nothing is retransmitted. */
  readonly reliable: boolean;
  /** False: what is sent this way is lost. */
  readonly usable: boolean;
  /** We have connected to somebody who is not trusted: what he asks outside of our dialogs is not heard. */
  readonly toStranger?: boolean;
  /** Never throws; a failure is told to the watchers, soon but not within the call. */
  send(bytes: Buffer): void;
  /** `failed` runs at most once, when the transport knows that the peer cannot be reached this way. */
  watch(failed: () => void): void;
  unwatch(failed: () => void): void;
  /** UDP: a way to another address from where this one leaves, undefined once closed. */
  beside?(remote: Address): Path | undefined;
  /** What left at that time has waited for its answer in vain: a stream that has been silent since is given up (RFC 5626 §4.4). */
  suspect(leftMs: number): void;
}

export function sameAddress(one: Address, other: Address): boolean {
  return one.port === other.port && one.host === other.host && one.protocol === other.protocol;
}

/** `tcp/127.0.0.1:5060`, `udp/[::1]:5060` */
export function printAddress(address: Address): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${address.protocol}/${host}:${address.port}`;
}
