/** One connection to a platform's server: opened for an exchange, kept for the next, one at a time (RFC 9112 §9). */
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock, Timer } from '../../clock.js';
import { AnswerReader, type AnswerSink } from './answer-reader.js';

export interface Endpoint {
  readonly secure: boolean;
  /** IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** What its certificate must name; an address has none to ask for. */
  readonly servername?: string;
  /** The system's where absent; never asked for an address. */
  readonly lookup?: LookupFunction;
  /** PEM. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined;
}

export interface ConnectionEvents {
  /** It may carry another exchange. */
  onFree(connection: Connection): void;
  /** Once, however it ended. */
  onClosed(connection: Connection): void;
}

/** Hears one exchange: the answer, or that there is none (any more). */
export interface ExchangeListener extends AnswerSink {
  onError(error: Error): void;
}

interface Parts {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  readonly events: ConnectionEvents;
}

/** How long one that is idle is used again; most servers say longer, and close those that they do not want. */
const maxIdleMs = 4_000;
/** The other side counts from before its answer arrived here. */
const hintMarginMs = 1_000;

/** What was read is passed on at once: all connections of the process read into the same place. */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

/**
 * ```
 * opening ──▶ free ◀──── answered ──── busy
 *    │         └───────── send ──────────▲
 *    └──────────┴── error, end, end() ───┴──▶ closed
 * ```
 */
export class Connection {
  private readonly parts: Parts;
  private readonly socket: Socket;
  private state: 'opening' | 'free' | 'busy' | 'closed' = 'opening';
  private reader: AnswerReader | undefined;
  private listener: ExchangeListener | undefined;
  private failure: Error | undefined;
  private readonly timer: Timer;
  private usableUntilMs = Infinity;

  constructor(parts: Parts) {
    this.parts = parts;
    const { endpoint, clock, connectTimeoutMs } = parts;
    this.socket = this.open(endpoint);
    this.socket.setNoDelay(true);
    this.socket.setKeepAlive(true, 60_000);
    this.timer = clock.after(connectTimeoutMs, () => this.fail(new Error('no connection in time')));
    this.socket.on('error', (error) => (this.failure ??= error));
    this.socket.on('end', () => this.ended());
    this.socket.on('close', () => this.closed());
  }

  /** Why it has ended. */
  get error(): Error {
    return this.failure ?? new Error('closed by the other side');
  }

  /** Nothing has come since its last answer, and its time is not over. */
  isUsable(nowMs: number): boolean {
    return this.state === 'free' && nowMs < this.usableUntilMs;
  }

  /** Only where it is usable. `text` is the whole request. */
  send(text: string, listener: ExchangeListener): void {
    this.state = 'busy';
    this.listener = listener;
    this.reader = new AnswerReader(listener);
    this.socket.write(text, 'utf8');
  }

  /** Ends it; whoever listens hears an error. Idempotent. */
  end(): void {
    this.fail(new Error('over'));
  }

  private open({ secure, host, port, servername = host, lookup, tls }: Endpoint): Socket {
    const where = { host, port, ...(lookup && { lookup }) };
    if (secure) {
      const name = isIP(host) === 0 ? { servername } : {};
      const socket = connectTls({ ...where, ...tls, ...name, ALPNProtocols: ['http/1.1'] });
      socket.on('secureConnect', () => this.opened());
      socket.on('data', (octets: Buffer) => this.read(octets));
      return socket;
    }
    const callback = (count: number): boolean => {
      this.read(readBuffer.subarray(0, count));
      return true;
    };
    const socket = connectTcp({ ...where, onread: { buffer: readBuffer, callback } });
    socket.on('connect', () => this.opened());
    return socket;
  }

  private opened(): void {
    this.timer.close();
    if (this.state !== 'opening') return;
    this.state = 'free';
    this.parts.events.onFree(this);
  }

  private read(octets: Buffer): void {
    // An answer to nothing: the next question must not take it for its own.
    if (!this.reader || this.state !== 'busy') {
      this.fail(new Error('octets that nobody asked for'));
      return;
    }
    try {
      this.reader.read(octets);
    } catch (error) {
      this.fail(error as Error);
      return;
    }
    this.settle();
  }

  private settle(): void {
    const { reader, parts } = this;
    if (!reader?.isDone || this.state !== 'busy') return;
    this.reader = this.listener = undefined;
    this.state = 'free';
    if (!reader.keepsAlive) {
      this.end();
      return;
    }
    const { hintS } = reader;
    const idleMs = hintS === undefined ? maxIdleMs : Math.min(maxIdleMs, hintS * 1000 - hintMarginMs);
    this.usableUntilMs = parts.clock.now() + idleMs;
    parts.events.onFree(this);
  }

  private ended(): void {
    this.reader?.close();
    this.settle();
    this.fail(new Error('closed by the other side'));
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.socket.destroy();
    this.closed();
  }

  private closed(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.timer.close();
    const { listener } = this;
    this.reader = this.listener = undefined;
    this.parts.events.onClosed(this);
    listener?.onError(this.error);
  }
}
