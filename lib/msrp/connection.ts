/** One TCP or TLS connection: octets ↔ frames, one write a turn, backpressure both ways (RFC 4975 §5.4, §10). */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../clock.js';
import { DecodeError } from '../wire/decode-error.js';
import type { Frame } from '../wire/msrp/frame.js';
import { FrameParser, type ParserLimits } from '../wire/msrp/parser.js';
import type { AssemblyBudget } from './chunk-assembler.js';
import { FrameWriter, type WriterLimits } from './frame-writer.js';
import type { UnreadBudget } from './unread-budget.js';

export interface ConnectionLimits extends ParserLimits, WriterLimits {
  /** Of `budget`. */
  readonly maxAssemblyBytes: number;
  /** From end() until a peer that does not read is cut off. */
  readonly lingerTimeoutMs: number;
  /** From the first octet of a frame to its last. */
  readonly frameTimeoutMs: number;
}

/** The peer takes nothing of what is written, or trickles a frame, or takes more slowly than all others while there is no room. */
export type CutReason = 'unread' | 'slow' | 'crowded';

export interface ConnectionHandler {
  onOpen(connection: Connection): void;
  onFrame(frame: Frame, connection: Connection): void;
  /** There is room to write again. */
  onRoom(connection: Connection): void;
  /** Octets that are not MSRP; the connection is closed behind this. */
  onGarbage(error: DecodeError, connection: Connection): void;
  /** The peer is too slow; the connection is closed behind this. */
  onCut(reason: CutReason, connection: Connection): void;
  /** A message was let go since there is no room for it. */
  onNoRoom(connection: Connection): void;
  /** Once, however it ended. */
  onClosed(connection: Connection): void;
}

/** Whatever was produced in a turn of the event loop is written at its end: one write for a 200 and its REPORT. */
export class WriteTurn {
  private waiting: Connection[] = [];

  add(connection: Connection): void {
    if (this.waiting.push(connection) === 1) setImmediate(() => this.run());
  }

  private run(): void {
    const connections = this.waiting;
    this.waiting = [];
    for (const connection of connections) connection.flush();
  }
}

interface ConnectionParts {
  readonly socket: Socket;
  readonly peer: string;
  readonly limits: ConnectionLimits;
  readonly handler: ConnectionHandler;
  readonly turn: WriteTurn;
  /** Of all that is not whole yet, whichever connection it came on. */
  readonly budget: AssemblyBudget;
  /** Of all that is written and not taken, whichever connection it waits on. */
  readonly unread: UnreadBudget;
  readonly clock: Clock;
  /** Of the peer's certificate, by hash (sha-1, sha-256): TLS only. */
  readonly fingerprints: ReadonlyMap<string, string> | undefined;
}

/**
 * ```
 * open ──end(): the rest is written──> ending ──socket closed──> closed
 *  └──── garbage, error, peer's close, too slow a peer ─────────────┘
 * ```
 */
export class Connection {
  /** host:port of the other side. */
  readonly peer: string;
  readonly fingerprints: ReadonlyMap<string, string> | undefined;
  private readonly parts: ConnectionParts;
  private readonly parser: FrameParser;
  private readonly writer: FrameWriter;
  private state: 'open' | 'ending' | 'closed' = 'open';
  private queued = false;
  /** What this connection has in the budget. */
  private weighedBytes = 0;
  /** Frames that were read together with the one at which reading had to stop. */
  private backlog: Frame[] = [];
  private readonly holds = new Set<object>();
  private linger: Timer | undefined;
  /** Runs while a frame has begun and is not whole. */
  private begun: Timer | undefined;

  constructor(parts: ConnectionParts) {
    this.parts = parts;
    this.peer = parts.peer;
    this.fingerprints = parts.fingerprints;
    this.parser = new FrameParser(parts.limits);
    const { socket, limits, clock, unread } = parts;
    this.writer = new FrameWriter({ socket, limits, clock, unread, onCut: (reason) => this.cut(reason) });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('drain', () => this.drained());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.closed());
  }

  get open(): boolean {
    return this.state === 'open';
  }

  /** Whether more may be sent that could also wait. Answers need not ask: while there is no room nothing is read. */
  get hasRoom(): boolean {
    return this.state === 'open' && !this.writer.isFull;
  }

  /** False where the connection is gone. The frame is written at the end of the turn. */
  send(frame: Frame): boolean {
    if (this.state !== 'open') return false;
    this.writer.add(frame);
    if (!this.queued) {
      this.queued = true;
      this.parts.turn.add(this);
    }
    return true;
  }

  /** Reading stops until each holder has released. */
  hold(holder: object): void {
    if (this.holds.size === 0) this.parts.socket.pause();
    this.holds.add(holder);
  }

  release(holder: object): void {
    if (!this.holds.delete(holder) || this.holds.size > 0) return;
    this.handleBacklog();
    if (this.holds.size === 0) this.parts.socket.resume();
  }

  flush(): void {
    this.queued = false;
    if (this.state === 'closed') return;
    const wasFull = this.writer.isFull;
    this.writer.flush();
    // A peer that sends and does not read its answers is not read from either.
    if (this.writer.isFull) this.hold(this);
    // The kernel has taken all of it at once: no drain will tell.
    else if (wasFull && this.open) this.parts.handler.onRoom(this);
  }

  /** Writes what is pending, then closes. */
  end(): void {
    if (this.state !== 'open') return;
    this.state = 'ending';
    this.flush();
    const { socket, clock, limits } = this.parts;
    this.linger = clock.after(limits.lingerTimeoutMs, () => socket.destroy());
    socket.destroySoon();
  }

  private read(chunk: Buffer): void {
    if (this.state !== 'open') return;
    const frames = this.parse(chunk);
    this.watchFrame(frames?.length ?? 0);
    this.weigh();
    if (frames) this.handle(frames);
    if (this.parser.failure) {
      this.parts.handler.onGarbage(this.parser.failure, this);
      this.end();
    }
  }

  /** A frame that all together leave no room for is read on and let go. */
  private weigh(): void {
    const { budget, limits, handler } = this.parts;
    const isMore = this.parser.heldBytes > this.weighedBytes;
    this.weighAs(this.parser.heldBytes);
    if (!isMore || budget.usedBytes <= limits.maxAssemblyBytes) return;
    if (this.parser.passOver()) handler.onNoRoom(this);
    this.weighAs(this.parser.heldBytes);
  }

  private weighAs(bytes: number): void {
    this.parts.budget.usedBytes += bytes - this.weighedBytes;
    this.weighedBytes = bytes;
  }

  private parse(chunk: Buffer): Frame[] | undefined {
    try {
      return this.parser.push(chunk);
    } catch (error) {
      if (error instanceof DecodeError) return undefined;
      throw error;
    }
  }

  private handle(frames: readonly Frame[]): void {
    for (let i = 0; i < frames.length; i++) {
      if (this.holds.size > 0) {
        this.backlog.push(...frames.slice(i));
        return;
      }
      const frame = frames[i];
      if (frame) this.parts.handler.onFrame(frame, this);
    }
  }

  private handleBacklog(): void {
    const frames = this.backlog;
    if (frames.length === 0) return;
    this.backlog = [];
    this.handle(frames);
  }

  private watchFrame(completed: number): void {
    if (completed > 0) this.endFrame();
    if (this.parser.heldBytes === 0 || this.begun) return;
    const { clock, limits } = this.parts;
    this.begun = clock.after(limits.frameTimeoutMs, () => {
      this.begun = undefined;
      // While reading is held the rest may have come, and nobody has looked.
      if (this.holds.size > 0) this.watchFrame(0);
      else this.cut('slow');
    });
  }

  private cut(reason: CutReason): void {
    this.parts.handler.onCut(reason, this);
    this.parts.socket.destroy();
  }

  private endFrame(): void {
    this.begun?.close();
    this.begun = undefined;
  }

  private drained(): void {
    this.writer.drained();
    this.release(this);
    this.parts.handler.onRoom(this);
  }

  private closed(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.linger?.close();
    this.writer.close();
    this.endFrame();
    this.backlog = [];
    this.weighAs(0);
    this.holds.clear();
    this.parts.handler.onClosed(this);
  }
}
