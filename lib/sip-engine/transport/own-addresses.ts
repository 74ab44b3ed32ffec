/** From which of our addresses a peer is reached: a host may be in several networks, with a listener in each. */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Timers } from '../transaction/timers.js';
import { numeric } from './numeric-lookup.js';
import { RecentMap } from './recent-map.js';
import { isWildcard } from './transport-user.js';

/** Routes change, if rarely. */
const KNOWN_MS = 30_000;
const MAX_KNOWN = 1000;
/** Nothing is sent there. */
const DISCARD_PORT = 9;

interface Known {
  readonly address: string;
  /** All addresses of its interface, once they were asked for. */
  alike: ReadonlySet<string> | undefined;
  readonly untilMs: number;
}

export class OwnAddresses {
  private readonly timers: Pick<Timers, 'now'>;
  /** By the peer's host. */
  private readonly known = new RecentMap<Known>(MAX_KNOWN);

  constructor(timers: Pick<Timers, 'now'>) {
    this.timers = timers;
  }

  /** The one that the system sends from to that host; undefined where it knows no way. */
  to(host: string): string | undefined {
    return this.find(host)?.address;
  }

  /** The first of them that is in the network in which the host is reached; else the first of all. */
  listenerTo<L extends { readonly wanted: { readonly host: string } | undefined }>(
    listeners: readonly L[],
    host: string,
  ): L | undefined {
    const [first, second] = listeners;
    const way = second && this.find(host);
    if (!way) return first;
    const alike = (way.alike ??= besides(way.address));
    const leads = ({ wanted }: L): boolean =>
      wanted !== undefined && (isWildcard(wanted.host) || alike.has(wanted.host));
    return listeners.find(leads) ?? first;
  }

  private find(host: string): Known | undefined {
    const known = this.known.get(host);
    if (known && known.untilMs > this.timers.now()) return known;
    this.known.delete(host);
    const address = sourceTo(host);
    if (address === undefined) return undefined;
    const found: Known = { address, alike: undefined, untilMs: this.timers.now() + KNOWN_MS };
    this.known.set(host, found);
    return found;
  }
}

/** What the system's routes say: a connected socket has its address without a datagram being sent. */
function sourceTo(host: string): string | undefined {
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', lookup: numeric });
  socket.on('error', () => undefined);
  try {
    socket.bind({ port: 0, exclusive: true });
    socket.connect(DISCARD_PORT, host);
    const { address } = socket.address();
    return isWildcard(address) ? undefined : address;
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}

/** That address and the others of its interface. */
function besides(address: string): ReadonlySet<string> {
  const ofInterface = Object.values(networkInterfaces()).find((list) => list?.some((own) => own.address === address));
  return new Set([address, ...(ofInterface ?? []).map((own) => own.address)]);
}
