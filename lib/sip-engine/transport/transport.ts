/** All ways in and out of the engine (RFC 3261 §18, RFC 3581). */
import { isIP } from 'node:net';
import type { Address, Protocol } from '../api.js';
import { OwnAddresses } from './own-addresses.js';
import { sameAddress, type Path } from './path.js';
import type { TlsMaterial } from './tls.js';
import { type StreamProtocol, TcpTransport } from './transport-tcp.js';
import { UdpTransport } from './transport-udp.js';
import { ByteBudget } from './byte-budget.js';
import type { TransportDeps, TransportUser } from './transport-user.js';
import { defaultPort, parseHostPort } from '../message/uri.js';
import { responseAddress, type Via } from '../message/via.js';

/** What the engine needs below it; specs put a scripted one in its place. */
export interface TransportLayer {
  /** Streams that are open. */
  readonly connections: number;
  /** Rejects with the system's error; then nothing listens. */
  start(user: TransportUser): Promise<readonly Address[]>;
  /** A way for requests. Rejects where there is none. */
  open(remote: Address): Promise<Path>;
  /** The way of the answers to a request that came by `path` (§18.2.2). */
  reply(path: Path, via: Via): Path;
  reloadTls(material: TlsMaterial): void;
  close(): void;
}

/** `udp/127.0.0.1:5060`, `tcp/[::1]:0`, `tls/127.0.0.1`; throws Error naming what is wrong. */
export function parseListen(text: string): Address {
  const slash = text.indexOf('/');
  const protocol = text.slice(0, Math.max(slash, 0));
  const place = parseHostPort(text.slice(slash + 1));
  if (!isProtocol(protocol) || !place) throw new Error(`not udp|tcp|tls/host:port: ${text}`);
  if (isIP(place.host) === 0) throw new Error(`not a numeric address: ${text}`);
  return { protocol, host: place.host, port: place.port ?? defaultPort(protocol) };
}

function isProtocol(text: string): text is Protocol {
  return text === 'udp' || text === 'tcp' || text === 'tls';
}

/** Answers on a stream: on the connection of the request, or a new one where that is gone (§18.2.2). */
class StreamReply implements Path {
  readonly reliable = true;
  readonly usable = true;
  readonly local: Address;
  readonly remote: Address;
  private readonly current: Path;
  private readonly reopen: () => Promise<Path>;

  constructor(current: Path, reopen: () => Promise<Path>) {
    this.current = current;
    this.local = current.local;
    this.remote = current.remote;
    this.reopen = reopen;
  }

  send(bytes: Buffer): void {
    if (this.current.usable) this.current.send(bytes);
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

  suspect(leftMs: number): void {
    this.current.suspect(leftMs);
  }
}

export class Transport implements TransportLayer {
  private readonly listen: readonly Address[];
  private readonly deps: TransportDeps;
  private udp: UdpTransport[] = [];
  private streams: TcpTransport[] = [];

  constructor(listen: readonly Address[], deps: Omit<TransportDeps, 'budget' | 'own'>) {
    this.listen = listen;
    const own = new OwnAddresses(deps.timers);
    this.deps = { ...deps, own, budget: new ByteBudget(deps.limits.maxTotalBufferedBytes) };
  }

  get connections(): number {
    return this.streams.reduce((sum, stream) => sum + stream.size, 0);
  }

  async start(user: TransportUser): Promise<readonly Address[]> {
    const listening: Address[] = [];
    try {
      for (const wanted of this.listen) {
        if (wanted.protocol === 'udp') {
          this.udp.push(new UdpTransport(wanted, this.deps, user));
          listening.push(await (this.udp.at(-1) as UdpTransport).start());
        } else {
          if (wanted.protocol === 'tls' && !this.deps.tls) throw new Error('TLS needs a certificate');
          const stream = new TcpTransport({ protocol: wanted.protocol, wanted }, this.deps, user);
          this.streams.push(stream);
          listening.push((await stream.start()) ?? wanted);
        }
      }
    } catch (error) {
      this.close();
      throw error;
    }
    for (const protocol of ['tcp', 'tls'] as const) {
      this.streams.push(new TcpTransport({ protocol, wanted: undefined }, this.deps, user));
    }
    return listening;
  }

  async open(remote: Address): Promise<Path> {
    if (remote.protocol !== 'udp') return this.streamFor(remote.protocol, remote.host).pathTo(remote);
    const sockets = this.udp.filter((udp) => udp.serves(remote.host));
    const path = await this.deps.own.listenerTo(sockets, remote.host)?.pathTo(remote);
    if (!path) throw new Error('no UDP socket of that family');
    return path;
  }

  reply(path: Path, via: Via): Path {
    const to = responseAddress(via, path.remote);
    const { protocol, host } = path.remote;
    if (protocol === 'udp') {
      if (sameAddress(to, path.remote)) return path;
      return path.beside?.(to) ?? path;
    }
    const stream = this.streamFor(protocol, host);
    return new StreamReply(path, () => stream.pathTo(to));
  }

  reloadTls(material: TlsMaterial): void {
    for (const stream of this.streams) stream.reload(material);
  }

  close(): void {
    for (const transport of [...this.udp, ...this.streams]) transport.close();
    this.udp = [];
    this.streams = [];
  }

  private streamFor(protocol: StreamProtocol, host: string): TcpTransport {
    const ofKind = this.streams.filter((stream) => stream.protocol === protocol);
    const listening = ofKind.filter((stream) => stream.serves(host));
    const found = this.deps.own.listenerTo(listening, host) ?? ofKind.at(-1);
    if (!found) throw new Error('transport is closed');
    return found;
  }
}
