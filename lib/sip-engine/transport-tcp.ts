/** SIP over TCP: connections shared by all who talk to one peer, bounded in number, bytes and time (RFC 3261 §18, RFC 5923). */
import { once } from 'node:events';
import { connect, createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Address } from './api.js';
import { MalformedMessage } from './malformed.js';
import type { Path } from './path.js';
import { FramingError, TcpFramer } from './tcp-framing.js';
import type { EngineTimer } from './timers.js';
import { isWildcard, plainHost, type TransportDeps, type TransportUser } from './transport-user.js';

const PONG = Buffer.from('\r\n');
const SWEEP_MS = 1000;

class Connection implements Path {
  readonly reliable = true;
  readonly local: Address;
  readonly remote: Address;
  readonly framer: TcpFramer;
  lastMs: number;
  /** When the message that is under way began. */
  begunMs: number | undefined;
  private readonly socket: Socket;
  private readonly deps: TransportDeps;
  private readonly watchers = new Set<() => void>();
  private corked = false;

  constructor(socket: Socket, ends: { local: Address; remote: Address }, deps: TransportDeps) {
    this.socket = socket;
    this.local = ends.local;
    this.remote = ends.remote;
    this.deps = deps;
    this.framer = new TcpFramer(deps.limits);
    this.lastMs = deps.timers.now();
  }

  get usable(): boolean {
    return this.socket.writable;
  }

  send(bytes: Buffer): void {
    this.deps.trace?.('out', this.local, this.remote, bytes);
    this.write(bytes);
  }

  write(bytes: Buffer): void {
    if (!this.usable) {
      setImmediate(() => this.fail());
      return;
    }
    this.lastMs = this.deps.timers.now();
    this.cork();
    this.socket.write(bytes);
    if (this.socket.writableLength <= this.deps.limits.maxBufferedBytes) return;
    this.deps.count('sip_tcp_closed_total', { reason: 'unread' });
    this.destroy();
  }

  watch(failed: () => void): void {
    this.watchers.add(failed);
  }

  unwatch(failed: () => void): void {
    this.watchers.delete(failed);
  }

  fail(): void {
    const told = [...this.watchers];
    this.watchers.clear();
    for (const failed of told) failed();
  }

  /** Says what is written, listens no more, and is swept away where the peer stays. */
  end(): void {
    this.begunMs = this.deps.timers.now();
    this.socket.removeAllListeners('data');
    this.socket.resume();
    this.socket.end();
  }

  /** What is written still leaves; nobody waits for it. */
  finish(): void {
    this.socket.unref();
    this.socket.destroySoon();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** What is written in one turn leaves in one system call. */
  private cork(): void {
    if (this.corked) return;
    this.corked = true;
    this.socket.cork();
    setImmediate(() => {
      this.corked = false;
      this.socket.uncork();
    });
  }
}

export class TcpTransport {
  /** Undefined: it only connects. */
  readonly wanted: Address | undefined;
  private readonly deps: TransportDeps;
  private readonly user: TransportUser;
  private server: Server | undefined;
  private listening: Address | undefined;
  private readonly connections = new Map<string, Connection>();
  private readonly perSource = new Map<string, number>();
  private readonly connecting = new Map<string, Promise<Path>>();
  private sweeper: EngineTimer | undefined;
  private closed = false;

  constructor(wanted: Address | undefined, deps: TransportDeps, user: TransportUser) {
    this.wanted = wanted;
    this.deps = deps;
    this.user = user;
  }

  async start(): Promise<Address | undefined> {
    if (!this.wanted) return undefined;
    const { host, port } = this.wanted;
    const server = createServer({ noDelay: true }, (socket) => this.onAccept(socket));
    server.listen({ host, port, ipv6Only: isIPv6(host) });
    await once(server, 'listening');
    server.on('error', () => this.deps.count('sip_tcp_errors_total'));
    const bound = server.address();
    this.server = server;
    this.listening = { protocol: 'tcp', host, port: bound !== null && typeof bound === 'object' ? bound.port : port };
    return this.listening;
  }

  serves(host: string): boolean {
    return this.wanted !== undefined && isIPv6(host) === isIPv6(this.wanted.host);
  }

  /** An open connection to that address, from either side, or a new one. Rejects where the peer does. */
  async pathTo(remote: Address): Promise<Path> {
    const key = keyOf(remote);
    const open = this.connections.get(key);
    if (open?.usable) return open;
    let pending = this.connecting.get(key);
    if (!pending) {
      pending = this.connect(remote).finally(() => this.connecting.delete(key));
      this.connecting.set(key, pending);
    }
    return pending;
  }

  isUsable(path: Path): boolean {
    return !(path instanceof Connection) || path.usable;
  }

  close(): void {
    this.closed = true;
    this.sweeper?.close();
    this.server?.close();
    for (const connection of this.connections.values()) connection.finish();
  }

  private async connect(remote: Address): Promise<Path> {
    if (this.closed || this.connections.size + this.connecting.size >= this.deps.limits.maxConnections) {
      throw new Error('no more connections');
    }
    const socket = connect({ host: remote.host, port: remote.port, noDelay: true });
    const limit = this.deps.timers.after(this.deps.limits.connectMs, () =>
      socket.destroy(new Error('connect timed out')),
    );
    try {
      await once(socket, 'connect');
    } finally {
      limit.close();
    }
    if (this.isClosed()) socket.destroy();
    return this.adopt(socket, remote);
  }

  private isClosed(): boolean {
    return this.closed;
  }

  private onAccept(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const host = plainHost(socket.remoteAddress ?? '');
    const refusal = this.refusalOf(host);
    if (refusal !== undefined || socket.remotePort === undefined) {
      if (refusal === 'untrusted') this.deps.count('sip_untrusted_total', { protocol: 'tcp' });
      else this.deps.count('sip_tcp_closed_total', { reason: refusal ?? 'gone' });
      socket.destroy();
      return;
    }
    this.adopt(socket, { protocol: 'tcp', host, port: socket.remotePort });
  }

  private refusalOf(host: string): string | undefined {
    if (!this.deps.trusted(host)) return 'untrusted';
    if (this.connections.size >= this.deps.limits.maxConnections) return 'connections';
    const already = this.perSource.get(host) ?? 0;
    return already >= this.deps.limits.maxConnectionsPerSource ? 'connections_per_source' : undefined;
  }

  private adopt(socket: Socket, remote: Address): Connection {
    const connection = new Connection(socket, { local: this.localOf(socket), remote }, this.deps);
    const key = keyOf(remote);
    this.connections.set(key, connection);
    this.perSource.set(remote.host, (this.perSource.get(remote.host) ?? 0) + 1);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => this.onData(connection, chunk));
    socket.on('close', () => this.onClose(connection, key));
    this.sweeper ??= this.deps.timers.after(SWEEP_MS, () => this.sweep());
    return connection;
  }

  private localOf(socket: Socket): Address {
    const own = plainHost(socket.localAddress ?? '');
    const host = this.listening && !isWildcard(this.listening.host) ? this.listening.host : own;
    const port = this.listening?.port ?? socket.localPort ?? 0;
    return { protocol: 'tcp', host: this.deps.advertise ?? host, port };
  }

  private onClose(connection: Connection, key: string): void {
    if (this.connections.get(key) === connection) this.connections.delete(key);
    const { host } = connection.remote;
    const left = (this.perSource.get(host) ?? 1) - 1;
    if (left > 0) this.perSource.set(host, left);
    else this.perSource.delete(host);
    connection.fail();
  }

  private onData(connection: Connection, chunk: Buffer): void {
    connection.lastMs = this.deps.timers.now();
    try {
      for (const framed of connection.framer.push(chunk)) {
        connection.begunMs = undefined;
        if (framed.kind === 'ping') connection.write(PONG);
        else this.onFramed(connection, framed.bytes);
      }
      if (!connection.framer.waiting) connection.begunMs = undefined;
      else connection.begunMs ??= connection.lastMs;
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.deps.count('sip_tcp_closed_total', { reason: 'unframed' });
      this.user.onUnframed(error instanceof FramingError ? error.bytes : chunk, error, connection);
      connection.end();
    }
  }

  private onFramed(connection: Connection, bytes: Buffer): void {
    this.deps.trace?.('in', connection.local, connection.remote, bytes);
    this.user.onMessage(bytes, connection);
  }

  private sweep(): void {
    const now = this.deps.timers.now();
    const { idleMs, messageMs } = this.deps.limits;
    for (const connection of this.connections.values()) {
      const slow = connection.begunMs !== undefined && now - connection.begunMs >= messageMs;
      if (!slow && now - connection.lastMs < idleMs) continue;
      this.deps.count('sip_tcp_closed_total', { reason: slow ? 'slow' : 'idle' });
      connection.destroy();
    }
    this.sweeper = this.connections.size > 0 ? this.deps.timers.after(SWEEP_MS, () => this.sweep()) : undefined;
  }
}

function keyOf(remote: Address): string {
  return `${remote.host} ${remote.port}`;
}
