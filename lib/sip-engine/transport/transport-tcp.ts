/**
 * SIP over TCP and TLS: connections shared by all who talk to one peer, bounded in number, bytes and time
 * (RFC 3261 §18, RFC 5923).
 */
import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Address } from '../api.js';
import { names } from './certificate.js';
import { Connection } from './connection.js';
import { MalformedMessage } from '../message/malformed.js';
import type { Path } from './path.js';
import { isDomain, ProvenNames } from './proven-names.js';
import { FramingError, type Framed } from './tcp-framing.js';
import type { EngineTimer } from '../transaction/timers.js';
import { Tls, type TlsMaterial } from './tls.js';
import { isWildcard, plainHost, type TransportDeps, type TransportUser } from './transport-user.js';

const PONG = Buffer.from('\r\n');
const SWEEP_MS = 1000;
/** After so much silence the system asks whether the other end is there: what is dead is closed while nobody needs it. */
const KEEP_ALIVE_MS = 30_000;

export type StreamProtocol = 'tcp' | 'tls';

export class TcpTransport {
  readonly protocol: StreamProtocol;
  /** Undefined: it only connects. */
  readonly wanted: Address | undefined;
  private readonly tls: Tls | undefined;
  private readonly deps: TransportDeps;
  private readonly user: TransportUser;
  private server: Server | undefined;
  private listening: Address | undefined;
  private readonly connections = new Map<string, Connection>();
  /** Sockets, handshakes included. */
  private held = 0;
  private readonly perSource = new Map<string, number>();
  private readonly connecting = new Map<string, Promise<Path>>();
  /** TLS sockets whose peers have not yet said who they are, by address. */
  private readonly handshakes = new Map<string, Socket>();
  private readonly proven = new ProvenNames();
  private sweeper: EngineTimer | undefined;
  private closed = false;

  constructor(
    what: { readonly protocol: StreamProtocol; readonly wanted: Address | undefined },
    deps: TransportDeps,
    user: TransportUser,
  ) {
    this.protocol = what.protocol;
    this.wanted = what.wanted;
    this.deps = deps;
    this.user = user;
    if (this.protocol === 'tls') this.tls = this.makeTls();
  }

  /** Handshakes included. */
  get size(): number {
    return this.held;
  }

  /** For connections from now on; throws where it cannot be read. */
  reload(material: TlsMaterial): void {
    this.tls?.reload(material);
  }

  async start(): Promise<Address | undefined> {
    if (!this.wanted) return undefined;
    const { host, port } = this.wanted;
    const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) =>
      this.onAccept(socket),
    );
    server.listen({ host, port, ipv6Only: isIPv6(host), backlog: this.deps.limits.maxConnections });
    await once(server, 'listening');
    server.on('error', () => this.deps.count('sip_tcp_errors_total'));
    const bound = server.address();
    this.server = server;
    this.listening = {
      protocol: this.protocol,
      host,
      port: bound !== null && typeof bound === 'object' ? bound.port : port,
    };
    return this.listening;
  }

  serves(host: string): boolean {
    return this.wanted !== undefined && isIPv6(host) === isIPv6(this.wanted.host);
  }

  /** An open connection to that address, from either side, or a new one. Rejects where the peer does. */
  async pathTo(remote: Address): Promise<Path> {
    const key = keyOf(remote);
    const open = this.connections.get(key) ?? this.connectionOfProven(remote);
    if (open?.usable) return open;
    let pending = this.connecting.get(key);
    if (!pending) {
      pending = this.connect(remote).finally(() => this.connecting.delete(key));
      this.connecting.set(key, pending);
    }
    return pending;
  }

  /** Record-Route and Contact often have the address of a peer whose certificate has his domain alone (RFC 5923). */
  private connectionOfProven(remote: Address): Connection | undefined {
    const name = this.proven.at(remote);
    return name === undefined ? undefined : this.connections.get(keyOf({ ...remote, name }));
  }

  close(): void {
    this.closed = true;
    this.sweeper?.close();
    this.server?.close();
    for (const connection of this.connections.values()) connection.finish();
    for (const socket of this.handshakes.values()) socket.destroy();
  }

  private async connect(remote: Address): Promise<Path> {
    if (this.closed || this.held >= this.deps.limits.maxConnections) throw new Error('no more connections');
    const { trustedNames } = this.deps;
    const socket =
      this.tls?.connect(remote, { proven: this.proven.at(remote), trusted: trustedNames }) ??
      connect({ host: remote.host, port: remote.port });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.hold(socket, remote.host);
    const limit = this.deps.timers.after(this.deps.limits.connectMs, () =>
      socket.destroy(new Error('connect timed out')),
    );
    try {
      await once(socket, this.tls ? 'secureConnect' : 'connect');
    } finally {
      limit.close();
    }
    if (this.isClosed()) socket.destroy();
    this.proven.learn(remote);
    return this.adopt(socket, remote, this.isStranger(remote.host, this.tls?.peerOf(socket)));
  }

  private isClosed(): boolean {
    return this.closed;
  }

  private onAccept(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const host = plainHost(socket.remoteAddress ?? '');
    const refusal = this.refusalOf(host);
    if (refusal !== undefined || socket.remotePort === undefined) {
      if (refusal === 'untrusted') this.deps.count('sip_untrusted_total', { protocol: this.protocol }, host);
      else this.deps.count('sip_tcp_closed_total', { reason: refusal ?? 'gone' }, host);
      socket.destroy();
      return;
    }
    this.hold(socket, host);
    const remote = { protocol: this.protocol, host, port: socket.remotePort };
    if (this.tls) this.shakeHands(this.tls, socket, remote);
    else this.adopt(socket, remote);
  }

  private makeTls(): Tls {
    const { tls, limits, count } = this.deps;
    return new Tls({
      material: tls,
      handshakeMs: limits.messageMs,
      onSecure: (socket, certificate) => this.onSecure(socket, certificate),
      onRefused: (reason, host) => count('sip_tcp_closed_total', { reason }, host && plainHost(host)),
    });
  }

  private shakeHands(tls: Tls, socket: Socket, remote: Address): void {
    const key = keyOf(remote);
    this.handshakes.set(key, socket);
    socket.once('close', () => this.handshakes.delete(key));
    tls.accept(socket);
  }

  /** Who comes from an address that is not trusted has to be named by his certificate. */
  private onSecure(socket: Socket, certificate: X509Certificate | undefined): void {
    const host = plainHost(socket.remoteAddress ?? '');
    const remote: Address = { protocol: 'tls', host, port: socket.remotePort ?? 0 };
    this.handshakes.delete(keyOf(remote));
    if (!this.isStranger(host, certificate)) {
      this.adopt(socket, remote);
      return;
    }
    this.deps.count('sip_untrusted_total', { protocol: 'tls' }, host);
    socket.on('error', () => socket.destroy());
    socket.destroy();
  }

  private isStranger(host: string, certificate: X509Certificate | undefined): boolean {
    if (this.deps.trusted(host)) return false;
    return !this.deps.trustedNames.some((name) => certificate !== undefined && names(certificate, name));
  }

  private refusalOf(host: string): string | undefined {
    const mayBeNamed = this.tls !== undefined && this.deps.trustedNames.length > 0;
    if (!mayBeNamed && !this.deps.trusted(host)) return 'untrusted';
    if (this.held >= this.deps.limits.maxConnections) return 'connections';
    const already = this.perSource.get(host) ?? 0;
    return already >= this.deps.limits.maxConnectionsPerSource ? 'connections_per_source' : undefined;
  }

  private adopt(socket: Socket, remote: Address, toStranger = false): Connection {
    const connection = new Connection(socket, { local: this.localOf(socket), remote, toStranger }, this.deps);
    const key = keyOf(remote);
    this.connections.set(key, connection);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => this.onData(connection, chunk));
    socket.on('close', () => this.onClose(connection, key));
    this.sweeper ??= this.deps.timers.after(SWEEP_MS, () => this.sweep());
    return connection;
  }

  /** Counts it for as long as it is open. */
  private hold(socket: Socket, host: string): void {
    this.held++;
    this.perSource.set(host, (this.perSource.get(host) ?? 0) + 1);
    socket.once('close', () => {
      this.held--;
      const left = (this.perSource.get(host) ?? 1) - 1;
      if (left > 0) this.perSource.set(host, left);
      else this.perSource.delete(host);
    });
  }

  private localOf(socket: Socket): Address {
    const own = plainHost(socket.localAddress ?? '');
    const host = this.listening && !isWildcard(this.listening.host) ? this.listening.host : own;
    const port = this.listening?.port ?? socket.localPort ?? 0;
    return { protocol: this.protocol, host: this.deps.advertise ?? host, port };
  }

  private onClose(connection: Connection, key: string): void {
    if (this.connections.get(key) === connection) this.connections.delete(key);
    connection.fail();
  }

  private onData(connection: Connection, chunk: Buffer): void {
    // Nothing can be answered any more; what is written still leaves.
    if (this.closed) return;
    connection.heardMs = this.deps.timers.now();
    try {
      this.onFramed(connection, connection.framer.push(chunk));
      if (!connection.framer.waiting) connection.begunMs = undefined;
      else connection.begunMs ??= connection.heardMs;
      if (!connection.fits()) throw noRoom(connection.framer.unfinished);
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      this.onFramed(connection, error.before);
      const reason = error.limit === 'maxTotalBufferedBytes' ? 'buffered' : 'unframed';
      this.deps.count('sip_tcp_closed_total', { reason }, connection.remote.host);
      this.user.onUnframed(error.bytes, error, connection);
      connection.end();
    }
  }

  private onFramed(connection: Connection, framed: readonly Framed[]): void {
    for (const one of framed) {
      connection.begunMs = undefined;
      if (one.kind === 'ping') connection.write(PONG);
      else this.onMessage(connection, one.bytes);
    }
  }

  private onMessage(connection: Connection, bytes: Buffer): void {
    this.deps.trace?.('in', connection.local, connection.remote, bytes);
    this.user.onMessage(bytes, connection);
  }

  private sweep(): void {
    for (const connection of this.connections.values()) {
      const reason = this.endOf(connection);
      if (reason === undefined) continue;
      this.deps.count('sip_tcp_closed_total', { reason }, connection.remote.host);
      connection.destroy();
    }
    this.sweeper = this.connections.size > 0 ? this.deps.timers.after(SWEEP_MS, () => this.sweep()) : undefined;
  }

  private endOf(connection: Connection): 'slow' | 'idle' | undefined {
    const now = this.deps.timers.now();
    const { idleMs, messageMs } = this.deps.limits;
    const sendingMs = connection.begunMs === undefined ? 0 : now - connection.begunMs;
    if (Math.max(sendingMs, connection.unreadMs(now)) >= messageMs) return 'slow';
    // What we write says nothing of the other end; whoever waits for an answer says when it has been too long.
    return !connection.awaited && now - connection.heardMs >= idleMs ? 'idle' : undefined;
  }
}

function noRoom(unfinished: Buffer): FramingError {
  return new FramingError(new MalformedMessage('no room for it now', 503, 'maxTotalBufferedBytes'), unfinished, []);
}

/** One address may be several domains, each with a certificate of its own. */
function keyOf({ host, port, name }: Address): string {
  return isDomain(name) ? `${host} ${port} ${name}` : `${host} ${port}`;
}
