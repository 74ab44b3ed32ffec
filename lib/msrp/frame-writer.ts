/** What leaves on one connection: one write a turn of all its frames, and the watch over a peer that does not read it. */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../clock.js';
import { printBodiless, printEndLine, printHead, type Frame } from '../wire/msrp/frame.js';
import type { Taker, UnreadBudget } from './unread-budget.js';

export interface WriterLimits {
  readonly maxBufferedBytes: number;
  /** What is written, and nothing of it taken. */
  readonly unreadTimeoutMs: number;
}

export interface WriterParts {
  readonly socket: Socket;
  readonly limits: WriterLimits;
  readonly clock: Clock;
  /** Of all that is written and not taken, whichever connection it waits on. */
  readonly unread: UnreadBudget;
  /** The peer takes nothing of what is written, or more slowly than all others while there is no room: to be cut off. */
  readonly onCut: (reason: 'unread' | 'crowded') => void;
}

export class FrameWriter implements Taker {
  private readonly parts: WriterParts;
  /** Behind the pieces. */
  private text = '';
  private pieces: (string | Buffer)[] = [];
  /** Of bodies, in the pieces. */
  private pendingBytes = 0;
  /** Runs while the peer owes us the reading of what is written. */
  private watch: Timer | undefined;
  private taken = false;
  /** When what is not taken yet was written, write by write. */
  private readonly written: number[] = [];

  constructor(parts: WriterParts) {
    this.parts = parts;
  }

  get isFull(): boolean {
    return this.pendingBytes + this.parts.socket.writableLength >= this.parts.limits.maxBufferedBytes;
  }

  get unreadBytes(): number {
    return this.parts.socket.destroyed ? 0 : this.parts.socket.writableLength;
  }

  get unreadSinceMs(): number | undefined {
    return this.written[0];
  }

  cut(): void {
    this.parts.onCut('crowded');
  }

  /** Of the next flush. */
  add(frame: Frame): void {
    if (frame.kind === 'response' || !frame.body) {
      this.text += printBodiless(frame);
      return;
    }
    this.pieces.push(`${this.text}${printHead(frame)}\r\n`, frame.body);
    this.text = `\r\n${printEndLine(frame)}`;
    this.pendingBytes += frame.body.length;
  }

  flush(): void {
    const { text, pieces } = this;
    this.text = '';
    this.pieces = [];
    this.pendingBytes = 0;
    if (pieces.length > 0) this.write(Buffer.concat([...pieces, text].map(bytesOf)));
    else if (text !== '') this.write(bytesOf(text));
    if (this.parts.socket.writableNeedDrain) this.watchReading();
  }

  /** The peer has taken all of it. */
  drained(): void {
    this.watch?.close();
    this.watch = undefined;
  }

  /** With the socket; idempotent. */
  close(): void {
    this.drained();
    this.parts.unread.note(this);
  }

  private write(bytes: Buffer): void {
    const { socket, clock, unread } = this.parts;
    this.written.push(clock.now());
    socket.write(bytes, this.onTaken);
    unread.note(this);
  }

  private readonly onTaken = (): void => {
    this.taken = true;
    this.written.shift();
    this.parts.unread.note(this);
  };

  /** However little it takes: what counts is that it goes on. */
  private watchReading(): void {
    if (this.watch) return;
    const { clock, limits, onCut } = this.parts;
    this.taken = false;
    this.watch = clock.after(limits.unreadTimeoutMs, () => {
      this.watch = undefined;
      if (this.taken) this.watchReading();
      else onCut('unread');
    });
  }
}

function bytesOf(piece: string | Buffer): Buffer {
  return typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece;
}
