/** The connections of one drachtio-srf application: ended together, given up when silent. */
import type { Socket } from 'node:net';
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';

export interface SocketsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly silenceTimeoutMs: number;
}

export class LinkSockets {
  private readonly options: SocketsOptions;
  private readonly sockets = new Set<Socket>();
  private readonly alarms = new Set<() => void>();
  private closed = false;

  constructor(options: SocketsOptions) {
    this.options = options;
  }

  /** Connections that stand. */
  get size(): number {
    return this.sockets.size;
  }

  track(socket: Socket): void {
    if (this.closed) {
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
  }

  /** A peer that has vanished without a word is noticed by its silence: srf sends pings, but misses no answer. */
  watch(socket: Socket): void {
    const { clock, silenceTimeoutMs, log } = this.options;
    const giveUp = (): void => {
      log.warn('sip engine silent', { silentMs: silenceTimeoutMs });
      socket.destroy();
    };
    let alarm = clock.after(silenceTimeoutMs, giveUp);
    const silence = () => alarm.close();
    this.alarms.add(silence);
    // A timer of its own for each: a wall clock that is set forward is no silence.
    socket.on('data', () => {
      alarm.close();
      alarm = clock.after(silenceTimeoutMs, giveUp);
    });
    socket.on('close', () => {
      silence();
      this.alarms.delete(silence);
    });
    this.track(socket);
  }

  /** Idempotent. */
  close(): void {
    this.closed = true;
    for (const silence of this.alarms) silence();
    for (const socket of this.sockets) socket.destroy();
  }
}
