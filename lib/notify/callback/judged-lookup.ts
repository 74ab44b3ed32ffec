/** A name look-up for sockets that gives allowed addresses only: what was judged is what is connected to (no DNS rebinding). */
import { lookup as systemLookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isAllowedAddress, type AllowList, type Destination } from './allow-list.js';

/** All addresses of a name, as `dns.lookup` gives them. */
export type LookupAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** The name has addresses, but none that is allowed. */
export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress';
}

/** For `net.connect`, which calls it at every connection to a name (never for an address). */
export function judgedLookup(
  list: AllowList,
  destination: Destination,
  lookup: LookupAll = systemLookup,
): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const allowed = error ? [] : addresses.filter(({ address }) => isAllowedAddress(list, destination, address));
      const [first] = allowed;
      if (!first) callback(error ?? new ForbiddenAddress('address not allowed'), '', 0);
      else if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
