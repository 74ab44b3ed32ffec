/** Which domain a certificate has proven at an address: there, who is named by the address alone is that domain's peer. */
import { isIP } from 'node:net';
import type { Address } from '../api.js';

const MAX_KNOWN = 1000;

export class ProvenNames {
  /** The longest known first. */
  private readonly names = new Map<string, string>();

  /** A handshake has ended well with who was asked for there. */
  learn(address: Address): void {
    const { name } = address;
    if (!isDomain(name)) return;
    const key = placeOf(address);
    this.names.delete(key);
    const oldest = this.names.size >= MAX_KNOWN ? this.names.keys().next().value : undefined;
    if (oldest !== undefined) this.names.delete(oldest);
    this.names.set(key, name);
  }

  /** Undefined also where a domain is asked for: then no other counts. */
  at(address: Address): string | undefined {
    return isDomain(address.name) ? undefined : this.names.get(placeOf(address));
  }
}

export function isDomain(name: string | undefined): name is string {
  return name !== undefined && isIP(name) === 0;
}

function placeOf({ host, port }: Address): string {
  return `${host} ${port}`;
}
