/** One connection of an application: frames in and out, nothing before it has authenticated. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../clock.js';
import { parseCommand, type Command } from './command.js';
import { FrameError, FrameReader, printFrame, type Frame } from './frame.js';
import { accepted, refusal, wrongSecret } from './leader.js';

export interface SessionOptions {
  readonly secret: string;
  readonly maxFrameBytes: number;
  /** What may wait for a slow application before its connection is given up. */
  readonly maxBufferedBytes: number;
  readonly authenticateTimeoutMs: number;
  /** All verbs without asking: the mode in which the engine connects to the application. */
  readonly takesAll: boolean;
  readonly clock: Clock;
}

export type CloseReason = 'ended' | 'wrong secret' | 'not authenticated' | 'out of step' | 'too slow' | 'closed by us';

export interface SessionDelegate {
  /** What the reply to `authenticate` tells: host ports, version, local host ports. */
  greeting(): readonly string[];
  onReady(session: AppSession): void;
  /** Whatever is not authentication, ping or route. */
  onCommand(session: AppSession, command: Command): void;
  /** Once. */
  onClose(session: AppSession, reason: CloseReason): void;
}

/** Before it has authenticated a peer needs no more than the one command. */
const GREETING_BYTES = 4096;
/** For what was written before the end. */
const LINGER_MS = 1_000;

/**
 *   new ──authenticate──▶ ready ──▶ closed
 *    └───anything else, or silence────┘
 */
type State = 'new' | 'ready' | 'closed';

export class AppSession {
  private readonly socket: Socket;
  private readonly options: SessionOptions;
  private readonly delegate: SessionDelegate;
  private readonly verbs = new Set<string>();
  private readonly deadline: Timer;
  private readonly reader = new FrameReader(GREETING_BYTES);
  private state: State = 'new';
  private corked = false;

  constructor(socket: Socket, options: SessionOptions, delegate: SessionDelegate) {
    this.socket = socket;
    this.options = options;
    this.delegate = delegate;
    this.deadline = options.clock.after(options.authenticateTimeoutMs, () => this.close('not authenticated'));
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.onData(chunk));
    // 'close' follows every 'error', and says all that matters here
    socket.on('error', () => undefined);
    socket.on('close', () => this.close('ended'));
  }

  get ready(): boolean {
    return this.state === 'ready';
  }

  takes(method: string): boolean {
    return this.ready && (this.options.takesAll || this.verbs.has(method.toLowerCase()));
  }

  /** A frame of a leader and the SIP text behind it. Nothing after the end. */
  send(leader: string, sip?: Uint8Array): void {
    if (this.state === 'closed') return;
    this.cork();
    this.socket.write(printFrame(leader, sip));
    if (this.socket.writableLength > this.options.maxBufferedBytes) this.close('too slow');
  }

  /** Idempotent. What was written before is still delivered, unless the peer does not read it. */
  close(reason: CloseReason = 'closed by us'): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.deadline.close();
    if (reason === 'too slow') this.socket.destroy();
    else this.finish();
    this.delegate.onClose(this, reason);
  }

  /** A peer that does not read must not keep us from closing. */
  private finish(): void {
    const { socket } = this;
    const lingering = this.options.clock.after(LINGER_MS, () => socket.destroy());
    socket.once('close', () => lingering.close());
    socket.destroySoon();
  }

  /** Frames of one turn leave in one system call. */
  private cork(): void {
    if (this.corked) return;
    this.corked = true;
    this.socket.cork();
    process.nextTick(() => {
      this.corked = false;
      this.socket.uncork();
    });
  }

  private onData(chunk: Buffer): void {
    if (this.state === 'closed') return;
    for (const frame of this.read(chunk)) this.onFrame(frame);
  }

  private read(chunk: Buffer): Frame[] {
    try {
      return this.reader.push(chunk);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.close('out of step');
      return [];
    }
  }

  private onFrame(frame: Frame): void {
    if (frame.kind === 'frame') {
      this.onCommand(parseCommand(frame.payload));
      return;
    }
    const id = frame.head.toString('latin1').split('|', 1)[0] ?? '';
    this.onCommand({ id, kind: 'refused', text: `message of ${frame.bytes} bytes is too large` });
  }

  private onCommand(command: Command): void {
    switch (this.state) {
      case 'new': {
        this.authenticate(command);
        return;
      }
      case 'ready': {
        this.serve(command);
        return;
      }
      case 'closed':
        return;
    }
  }

  private authenticate(command: Command): void {
    if (command.kind !== 'authenticate') {
      this.send(refusal(command.id, 'not authenticated'));
      this.close('not authenticated');
      return;
    }
    if (!sameSecret(command.secret, this.options.secret)) {
      this.send(wrongSecret(command.id));
      this.close('wrong secret');
      return;
    }
    this.deadline.close();
    this.state = 'ready';
    this.reader.setLimit(this.options.maxFrameBytes);
    this.send(accepted(command.id, ...this.delegate.greeting()));
    this.delegate.onReady(this);
  }

  private serve(command: Command): void {
    switch (command.kind) {
      case 'authenticate': {
        this.send(accepted(command.id, ...this.delegate.greeting()));
        return;
      }
      case 'ping': {
        this.send(accepted(command.id, 'pong'));
        return;
      }
      case 'route':
        this.verbs.add(command.verb);
        {
          this.send(accepted(command.id));
          return;
        }
      case 'remove-route':
        this.verbs.delete(command.verb);
        {
          this.send(accepted(command.id));
          return;
        }
      case 'refused': {
        this.send(refusal(command.id, command.text));
        return;
      }
      case 'respond':
      case 'send':
      case 'ack':
      case 'cancel': {
        this.delegate.onCommand(this, command);
        return;
      }
    }
  }
}

/** Takes the same time whatever differs. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
