/** Which domain a certificate has proven at an address: there, who is named by the address alone is that domain's peer. */
import { isIP } from 'node:net';
import type { Address } from '../api.js';
import { RecentMap } from './recent-map.js';

const MAX_KNOWN = 1000;

export class ProvenNames {
  private readonly names = new RecentMap<string>(MAX_KNOWN);

  /** A handshake has ended well with who was asked for there. */
  learn(address: Address): void {
    const { name } = address;
    if (!isDomain(name)) return;
    this.names.set(placeOf(address), name);
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
