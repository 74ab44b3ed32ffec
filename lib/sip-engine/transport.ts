/** All ways in and out of the engine (RFC 3261 §18, RFC 3581). */
import { isIP } from 'node:net';
import type { Address } from './api.js';
import { sameAddress, type Path } from './path.js';
import { TcpTransport } from './transport-tcp.js';
import { UdpTransport } from './transport-udp.js';
import type { TransportDeps, TransportUser } from './transport-user.js';
import { parseHostPort } from './uri.js';
import { responseAddress, type Via } from './via.js';

/** What the engine needs below it; specs put a scripted one in its place. */
export interface TransportLayer {
  /** Rejects with the system's error; then nothing listens. */
  start(user: TransportUser): Promise<readonly Address[]>;
  /** A way for requests. Rejects where there is none. */
  open(remote: Address): Promise<Path>;
  /** The way of the answers to a request that came by `path` (§18.2.2). */
  reply(path: Path, via: Via): Path;
  close(): void;
}

/** `udp/127.0.0.1:5060`, `tcp/[::1]:0`; throws Error naming what is wrong. */
export function parseListen(text: string): Address {
  const slash = text.indexOf('/');
  const protocol = text.slice(0, Math.max(slash, 0));
  const place = parseHostPort(text.slice(slash + 1));
  if ((protocol !== 'udp' && protocol !== 'tcp') || !place) throw new Error(`not udp|tcp/host:port: ${text}`);
  if (isIP(place.host) === 0) throw new Error(`not a numeric address: ${text}`);
  return { protocol, host: place.host, port: place.port ?? 5060 };
}

/** Answers on a stream: on the connection of the request, or a new one where that is gone (§18.2.2). */
class StreamReply implements Path {
  readonly reliable = true;
  readonly local: Address;
  readonly remote: Address;
  private readonly current: Path;
  private readonly usable: (path: Path) => boolean;
  private readonly reopen: () => Promise<Path>;

  constructor(current: Path, usable: (path: Path) => boolean, reopen: () => Promise<Path>) {
    this.current = current;
    this.local = current.local;
    this.remote = current.remote;
    this.usable = usable;
    this.reopen = reopen;
  }

  send(bytes: Buffer): void {
    if (this.usable(this.current)) this.current.send(bytes);
    else
      void this.reopen().then(
        (path) => path.send(bytes),
        () => undefined,
      );
  }

  watch(failed: () => void): void {
    this.current.watch(failed);
  }

  unwatch(failed: () => void): void {
    this.current.unwatch(failed);
  }
}

export class Transport implements TransportLayer {
  private readonly listen: readonly Address[];
  private readonly deps: TransportDeps;
  private udp: UdpTransport[] = [];
  private tcp: TcpTransport[] = [];

  constructor(listen: readonly Address[], deps: TransportDeps) {
    this.listen = listen;
    this.deps = deps;
  }

  async start(user: TransportUser): Promise<readonly Address[]> {
    const listening: Address[] = [];
    try {
      for (const wanted of this.listen) {
        if (wanted.protocol === 'udp') {
          this.udp.push(new UdpTransport(wanted, this.deps, user));
          listening.push(await (this.udp.at(-1) as UdpTransport).start());
        } else {
          this.tcp.push(new TcpTransport(wanted, this.deps, user));
          listening.push((await (this.tcp.at(-1) as TcpTransport).start()) ?? wanted);
        }
      }
    } catch (error) {
      this.close();
      throw error;
    }
    this.tcp.push(new TcpTransport(undefined, this.deps, user));
    return listening;
  }

  async open(remote: Address): Promise<Path> {
    if (remote.protocol === 'tcp') return this.tcpFor(remote.host).pathTo(remote);
    const path = await this.udp.find((udp) => udp.serves(remote.host))?.pathTo(remote);
    if (!path) throw new Error('no UDP socket of that family');
    return path;
  }

  reply(path: Path, via: Via): Path {
    const to = responseAddress(via, path.remote);
    if (path.remote.protocol === 'udp') {
      if (sameAddress(to, path.remote)) return path;
      return this.udp.find((udp) => udp.serves(to.host))?.pathBack(to) ?? path;
    }
    const tcp = this.tcpFor(path.remote.host);
    return new StreamReply(
      path,
      (current) => tcp.isUsable(current),
      () => tcp.pathTo(to),
    );
  }

  close(): void {
    for (const transport of [...this.udp, ...this.tcp]) transport.close();
    this.udp = [];
    this.tcp = [];
  }

  private tcpFor(host: string): TcpTransport {
    const found = this.tcp.find((tcp) => tcp.serves(host)) ?? this.tcp.at(-1);
    if (!found) throw new Error('transport is closed');
    return found;
  }
}
