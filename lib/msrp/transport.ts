/** Listening and connecting: TCP, and TLS on the same port; who may connect, and how many (RFC 4975 §10, §14.4). */
import { lookup as lookupName } from 'node:dns';
import { createServer, connect as connectTcp, isIP, type LookupFunction, type Server, type Socket } from 'node:net';
import { PeerError } from '../errors.js';
import type { DecodeError } from '../wire/decode-error.js';
import type { Fingerprint, TlsIdentity } from './api.js';
import type { AssemblyBudget } from './chunk-assembler.js';
import { Connection, type ConnectionHandler, type ConnectionLimits, type CutReason, WriteTurn } from './connection.js';
import type { MsrpDeps, MsrpOptions } from './options.js';
import { Tls } from './tls.js';
import { UnreadBudget } from './unread-budget.js';

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

export interface TransportDeps extends MsrpDeps {
  readonly budget: AssemblyBudget;
}

/** What the transport passes on. */
type TransportEvents = Exclude<keyof ConnectionHandler, 'onNoRoom'>;

export class Transport {
  private readonly options: MsrpOptions;
  private readonly deps: TransportDeps;
  private readonly handler: Pick<ConnectionHandler, TransportEvents>;
  private tls: Tls | undefined;
  private readonly turn = new WriteTurn();
  private readonly unread: UnreadBudget;
  private readonly server: Server;
  private readonly connections = new Set<Connection>();
  /** Sockets whose first octet or handshake is awaited. */
  private readonly opening = new Set<Socket>();
  private readonly perSource = new Map<string, number>();

  constructor(options: MsrpOptions, deps: TransportDeps, handler: Pick<ConnectionHandler, TransportEvents>) {
    this.options = options;
    this.deps = deps;
    this.handler = handler;
    this.tls = deps.tls && new Tls(deps.tls);
    this.unread = new UnreadBudget(options.maxTotalBufferedBytes);
    this.server = createServer({ pauseOnConnect: this.tls !== undefined }, (socket) => this.admit(socket));
  }

  get port(): number {
    const address = this.server.address();
    return address !== null && typeof address === 'object' ? address.port : this.options.port;
  }

  get listening(): boolean {
    return this.server.listening;
  }

  get connectionCount(): number {
    return this.connections.size;
  }

  get canSecure(): boolean {
    return this.tls !== undefined;
  }

  get fingerprints(): readonly Fingerprint[] {
    return this.tls?.fingerprints ?? [];
  }

  /** Only where there was a certificate before: listening for TLS begins with the start. */
  reloadTls(own: TlsIdentity): void {
    if (this.tls) this.tls = new Tls(own);
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      const { host, port, maxConnections: backlog } = this.options;
      this.server.listen({ host, port, backlog }, () => {
        this.server.off('error', reject);
        this.server.on('error', (error) => this.deps.log.error('msrp listener failed', { error: error.message }));
        resolve();
      });
    });
  }

  /** Rejects with PeerError 408 where there is no connection in time. */
  async connect(target: Target): Promise<Connection> {
    if (this.connections.size + this.opening.size >= this.options.maxConnections) {
      throw new PeerError('msrp', 408, 'too many connections', 'ours');
    }
    if (isIP(target.host) !== 0 && !this.mayReach(target.host)) {
      throw new PeerError('msrp', 408, 'an address that is not to be connected to');
    }
    const { host, port } = target;
    const socket = connectTcp({ host, port, noDelay: true, lookup: this.reachableAddresses });
    await this.opened(socket, 'connect');
    if (!target.secure) return this.connection(socket, undefined);
    const secured = (this.tls ?? new Tls(undefined)).connect(socket);
    await this.opened(secured, 'secureConnect');
    return this.connection(secured, Tls.fingerprintsOf(secured));
  }

  async close(): Promise<void> {
    for (const socket of this.opening) socket.destroy();
    for (const connection of [...this.connections]) connection.end();
    if (!this.server.listening) return;
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private mayReach(address: string): boolean {
    if (this.deps.reach?.(address) !== false) return true;
    this.deps.metrics.count('msrp_connections_refused_total', { reason: 'not-reachable' });
    this.deps.log.warn('msrp connect refused', { address });
    return false;
  }

  /** Of a name: what was judged is what is connected to. */
  private readonly reachableAddresses: LookupFunction = (hostname, options, callback) => {
    lookupName(hostname, { ...options, all: true }, (error, addresses) => {
      const allowed = error ? [] : addresses.filter(({ address }) => this.mayReach(address));
      const [first] = allowed;
      if (!first) callback(error ?? new Error('no address that may be connected to'), '', 0);
      else if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };

  /** Resolves on the event; rejects when the socket closes before it, or takes too long. */
  private opened(socket: Socket, event: 'connect' | 'secureConnect' | 'secure' | 'readable'): Promise<void> {
    return new Promise((resolve, reject) => {
      this.opening.add(socket);
      const timer = this.deps.clock.after(this.options.connectTimeoutMs, () => socket.destroy());
      const settle = (): void => {
        this.opening.delete(socket);
        timer.close();
        socket.off('close', failed);
      };
      const failed = (): void => {
        settle();
        reject(new PeerError('msrp', 408, 'no connection'));
      };
      socket.on('error', () => socket.destroy());
      socket.once('close', failed);
      socket.once(event, () => {
        settle();
        resolve();
      });
    });
  }

  private admit(socket: Socket): void {
    const source = socket.remoteAddress ?? '';
    const refusal = this.refusalOf(source);
    if (refusal) {
      this.deps.metrics.count('msrp_connections_refused_total', { reason: refusal }, 1, source);
      socket.destroy();
      return;
    }
    const count = (this.perSource.get(source) ?? 0) + 1;
    this.perSource.set(source, count);
    socket.once('close', () => this.leave(source));
    if (this.tls) void this.acceptEither(socket, this.tls);
    else this.connection(socket, undefined);
  }

  private refusalOf(source: string): string | undefined {
    if (source === '') return 'gone';
    if (this.deps.admit && !this.deps.admit(source)) return 'not-admitted';
    if (this.connections.size + this.opening.size >= this.options.maxConnections) return 'limit';
    return (this.perSource.get(source) ?? 0) >= this.options.maxConnectionsPerSource ? 'source-limit' : undefined;
  }

  private leave(source: string): void {
    const count = (this.perSource.get(source) ?? 1) - 1;
    if (count > 0) this.perSource.set(source, count);
    else this.perSource.delete(source);
  }

  /** TLS begins with octet 22, MSRP with a letter. */
  private async acceptEither(socket: Socket, tls: Tls): Promise<void> {
    try {
      await this.opened(socket, 'readable');
      const first = socket.read() as Buffer | null;
      if (first === null) throw new PeerError('msrp', 408, 'closed at once');
      socket.unshift(first);
      if (first[0] !== 22) {
        this.connection(socket, undefined);
        return;
      }
      const secured = tls.accept(socket);
      await this.opened(secured, 'secure');
      this.connection(secured, Tls.fingerprintsOf(secured));
    } catch {
      socket.destroy();
      this.deps.metrics.count('msrp_connections_refused_total', { reason: 'handshake' });
    }
  }

  private connection(socket: Socket, fingerprints: ReadonlyMap<string, string> | undefined): Connection {
    const connection = new Connection({
      socket,
      peer: peerName(socket),
      limits: this.limits(),
      budget: this.deps.budget,
      unread: this.unread,
      turn: this.turn,
      clock: this.deps.clock,
      fingerprints,
      handler: {
        onOpen: (from) => this.handler.onOpen(from),
        onFrame: (frame, from) => this.handler.onFrame(frame, from),
        onRoom: (from) => this.handler.onRoom(from),
        onGarbage: (error, from) => this.garbage(error, from),
        onCut: (reason, from) => this.tooSlow(reason, from),
        onNoRoom: () =>
          this.deps.metrics.count('limit_reached_total', { limit: 'msrp.maxAssemblyBytes' }, 1, peerName(socket)),
        onClosed: (from) => {
          this.connections.delete(from);
          this.handler.onClosed(from);
        },
      },
    });
    this.connections.add(connection);
    this.handler.onOpen(connection);
    return connection;
  }

  private limits(): ConnectionLimits {
    const { options } = this;
    return {
      maxHeaderBytes: options.maxHeaderBytes,
      maxHeaders: options.maxHeaders,
      maxBodyBytes: options.maxMessageBytes,
      maxBufferedBytes: options.maxBufferedBytes,
      maxAssemblyBytes: options.maxAssemblyBytes,
      lingerTimeoutMs: options.lingerTimeoutMs,
      unreadTimeoutMs: options.transactionTimeoutMs,
      frameTimeoutMs: options.assemblyTimeoutMs,
    };
  }

  private tooSlow(reason: CutReason, from: Connection): void {
    this.deps.metrics.count('msrp_connections_cut_total', { reason }, 1, from.peer);
    this.deps.log.warn('msrp connection cut', { peer: from.peer, reason });
    this.handler.onCut(reason, from);
  }

  private garbage(error: DecodeError, from: Connection): void {
    this.deps.metrics.count('msrp_garbage_total');
    this.deps.log.warn('msrp garbage', { peer: from.peer, place: error.place, error: error.message });
    this.handler.onGarbage(error, from);
  }
}

function peerName(socket: Socket): string {
  const address = socket.remoteAddress ?? '';
  return `${isIP(address) === 6 ? `[${address}]` : address}:${socket.remotePort ?? 0}`;
}
