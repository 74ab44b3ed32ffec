/** One TCP or TLS connection: what is framed of it, what waits to leave, who is told when it breaks (RFC 3261 §18). */
import type { Socket } from 'node:net';
import type { Address } from '../api.js';
import type { ByteShare } from './byte-budget.js';
import type { Path } from './path.js';
import { TcpFramer } from './tcp-framing.js';
import type { TransportDeps } from './transport-user.js';

export type Ends = Pick<Connection, 'local' | 'remote' | 'toStranger'>;

export class Connection implements Path {
  readonly reliable = true;
  readonly local: Address;
  readonly remote: Address;
  readonly toStranger: boolean;
  readonly framer: TcpFramer;
  /** When the peer last said something, or the connection began. */
  heardMs: number;
  /** When the message that is under way began. */
  begunMs: number | undefined;
  /** When the peer last took something of what waits to leave, or that began to wait. */
  private takenMs: number;
  private readonly socket: Socket;
  private readonly deps: TransportDeps;
  private readonly watchers = new Set<() => void>();
  private readonly share: ByteShare;
  private corked = false;

  constructor(socket: Socket, ends: Ends, deps: TransportDeps) {
    this.socket = socket;
    this.local = ends.local;
    this.remote = ends.remote;
    this.toStranger = ends.toStranger;
    this.deps = deps;
    this.framer = new TcpFramer(deps.limits);
    this.heardMs = deps.timers.now();
    this.takenMs = this.heardMs;
    this.share = deps.budget.open();
    socket.on('drain', () => this.fits());
    socket.once('close', () => this.share.hold(0));
  }

  get usable(): boolean {
    return this.socket.writable;
  }

  /** Somebody waits for an answer on it. */
  get awaited(): boolean {
    return this.watchers.size > 0;
  }

  /** How long the peer has taken nothing, though something waits for it. */
  unreadMs(nowMs: number): number {
    return this.socket.writableLength === 0 ? 0 : nowMs - this.takenMs;
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
    if (this.socket.writableLength === 0) this.takenMs = this.deps.timers.now();
    this.cork();
    this.socket.write(bytes, this.onTaken);
    const isUnread = this.socket.writableLength > this.deps.limits.maxBufferedBytes;
    if (!isUnread && this.fits()) return;
    this.deps.count('sip_tcp_closed_total', { reason: isUnread ? 'unread' : 'buffered' }, this.remote.host);
    this.destroy();
  }

  /** Says what is held; false where it would be too much of all. The ordinary buffer of a socket is not counted. */
  fits(): boolean {
    const { writableLength, writableHighWaterMark, destroyed } = this.socket;
    const untaken = Math.max(0, writableLength - writableHighWaterMark);
    return this.share.hold(destroyed ? 0 : this.framer.heldBytes + untaken);
  }

  watch(failed: () => void): void {
    this.watchers.add(failed);
  }

  unwatch(failed: () => void): void {
    this.watchers.delete(failed);
  }

  suspect(leftMs: number): void {
    if (!this.usable || this.heardMs > leftMs) return;
    this.deps.count('sip_tcp_closed_total', { reason: 'silent' }, this.remote.host);
    this.destroy();
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

  private readonly onTaken = (): void => {
    this.takenMs = this.deps.timers.now();
  };

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
