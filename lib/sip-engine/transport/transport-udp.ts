/** SIP over UDP: one listening socket, and one more for each peer that we ask, so that its ICMP errors reach us (RFC 3261 §18.4). */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Address } from '../api.js';
import { numeric } from './numeric-lookup.js';
import type { Path } from './path.js';
import { isWildcard, plainHost, type TransportDeps, type TransportUser } from './transport-user.js';

const BUFFER_BYTES = 4 * 1024 * 1024;

function newSocket(host: string, reuseAddr: boolean): Socket {
  return createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', reuseAddr, ipv6Only: isIPv6(host), lookup: numeric });
}

async function bound(host: string, port: number, reuseAddr: boolean): Promise<Socket> {
  const socket = newSocket(host, reuseAddr);
  try {
    // Without a resolver it may listen before bind() returns.
    const listening = once(socket, 'listening');
    socket.bind({ address: host, port, exclusive: true });
    await listening;
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** First address of ours in that family that others can reach. */
function ownAddress(ipv6: boolean): string {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const family = all.filter((entry) => (entry.family === 'IPv6') === ipv6);
  return (family.find((entry) => !entry.internal) ?? family[0])?.address ?? (ipv6 ? '::1' : '127.0.0.1');
}

class UdpPath implements Path {
  readonly reliable = false;
  readonly usable = true;
  readonly local: Address;
  readonly remote: Address;
  private readonly socket: Socket;
  private readonly connected: boolean;
  private readonly trace: TransportDeps['trace'];
  private readonly transport: Pick<UdpTransport, 'pathBack'>;
  private readonly watchers = new Set<() => void>();

  constructor(
    socket: Socket,
    ends: { local: Address; remote: Address },
    how: { connected: boolean; trace: TransportDeps['trace']; transport: Pick<UdpTransport, 'pathBack'> },
  ) {
    this.socket = socket;
    this.local = ends.local;
    this.remote = ends.remote;
    this.connected = how.connected;
    this.trace = how.trace;
    this.transport = how.transport;
  }

  send(bytes: Buffer): void {
    this.trace?.('out', this.local, this.remote, bytes);
    const done = (error: Error | null): void => {
      if (error) this.fail();
    };
    try {
      if (this.connected) this.socket.send(bytes, done);
      else this.socket.send(bytes, this.remote.port, this.remote.host, done);
    } catch {
      setImmediate(() => this.fail());
    }
  }

  watch(failed: () => void): void {
    this.watchers.add(failed);
  }

  unwatch(failed: () => void): void {
    this.watchers.delete(failed);
  }

  beside(remote: Address): Path | undefined {
    return this.transport.pathBack(remote);
  }

  /** There is nothing that could be closed. */
  suspect(): void {}

  get busy(): boolean {
    return this.watchers.size > 0;
  }

  fail(): void {
    const told = [...this.watchers];
    this.watchers.clear();
    for (const failed of told) failed();
  }

  close(): void {
    this.fail();
    this.socket.close();
  }
}

export class UdpTransport {
  readonly wanted: Address;
  private readonly deps: TransportDeps;
  private readonly user: TransportUser;
  private socket: Socket | undefined;
  private named: Address;
  private readonly peers = new Map<string, Promise<UdpPath | undefined>>();
  private readonly open = new Map<string, UdpPath>();

  constructor(wanted: Address, deps: TransportDeps, user: TransportUser) {
    this.wanted = wanted;
    this.named = wanted;
    this.deps = deps;
    this.user = user;
  }

  /** Where it listens; rejects with the system's error. */
  async start(): Promise<Address> {
    const { host, port } = this.wanted;
    // Peers' sockets share the port, which hides a foreign owner of it: one try without sharing finds him.
    if (port !== 0) (await bound(host, port, false)).close();
    const socket = await bound(host, port, true);
    const address: Address = { protocol: 'udp', host, port: socket.address().port };
    this.socket = socket;
    this.named = { ...address, host: this.deps.advertise ?? (isWildcard(host) ? ownAddress(isIPv6(host)) : host) };
    this.receive(socket);
    socket.on('error', () => this.deps.count('sip_udp_errors_total'));
    return address;
  }

  serves(host: string): boolean {
    return isIPv6(host) === isIPv6(this.wanted.host);
  }

  /** To send a request; undefined once closed. */
  async pathTo(remote: Address): Promise<Path | undefined> {
    const key = `${remote.host} ${remote.port}`;
    let peer = this.peers.get(key);
    if (!peer && this.makeRoom()) {
      peer = this.connect(remote, key);
      this.peers.set(key, peer);
    }
    return (await peer) ?? this.pathBack(remote);
  }

  /** To answer, from the listening socket. */
  pathBack(remote: Address): Path | undefined {
    return this.socket && this.path(this.socket, this.localTo(remote.host), remote);
  }

  close(): void {
    for (const path of this.open.values()) path.close();
    this.open.clear();
    this.peers.clear();
    this.socket?.close();
    this.socket = undefined;
  }

  /** What a peer calls us: of all networks that a wildcard listens in, the address in his. */
  private localTo(host: string): Address {
    if (this.deps.advertise !== undefined || !isWildcard(this.wanted.host)) return this.named;
    const own = this.deps.own.to(host);
    return own === undefined ? this.named : { ...this.named, host: own };
  }

  private path(socket: Socket, local: Address, remote: Address, connected = false): UdpPath {
    return new UdpPath(socket, { local, remote }, { connected, trace: this.deps.trace, transport: this });
  }

  /** Whether one more peer may have a socket; the oldest idle one gives way. */
  private makeRoom(): boolean {
    if (!this.socket) return false;
    if (this.peers.size < this.deps.limits.maxUdpPeers) return true;
    for (const [key, path] of this.open) {
      if (path.busy) continue;
      this.drop(key, path);
      return true;
    }
    return false;
  }

  private drop(key: string, path: UdpPath): void {
    this.open.delete(key);
    this.peers.delete(key);
    path.close();
  }

  /** Undefined where the system refuses a connected socket: the listening one serves. */
  private async connect(remote: Address, key: string): Promise<UdpPath | undefined> {
    try {
      const socket = await bound(this.wanted.host, this.named.port, true);
      const connected = once(socket, 'connect');
      socket.connect(remote.port, remote.host);
      await connected;
      if (!this.socket) {
        socket.close();
        return undefined;
      }
      const local = { ...this.named, host: this.deps.advertise ?? socket.address().address };
      const path = this.path(socket, local, remote, true);
      socket.on('error', () => path.fail());
      this.receive(socket);
      this.open.set(key, path);
      return path;
    } catch {
      this.deps.count('sip_udp_errors_total');
      return undefined;
    }
  }

  private receive(socket: Socket): void {
    try {
      socket.setRecvBufferSize(BUFFER_BYTES);
      socket.setSendBufferSize(BUFFER_BYTES);
    } catch {
      this.deps.count('sip_udp_errors_total');
    }
    socket.on('message', (bytes, from) => this.onDatagram(socket, { bytes, from }));
  }

  private onDatagram(socket: Socket, datagram: { bytes: Buffer; from: RemoteInfo }): void {
    const { bytes, from } = datagram;
    const host = plainHost(from.address);
    if (!this.deps.trusted(host)) {
      this.deps.count('sip_untrusted_total', { protocol: 'udp' }, host);
      return;
    }
    // Keep-alives are empty lines or nothing at all (RFC 5626 §4.4, RFC 6223).
    if (bytes.length <= 4) return;
    const remote: Address = { protocol: 'udp', host, port: from.port };
    const path = this.open.get(`${host} ${from.port}`) ?? this.path(this.socket ?? socket, this.localTo(host), remote);
    this.deps.trace?.('in', path.local, remote, bytes);
    this.user.onMessage(bytes, path);
  }
}
