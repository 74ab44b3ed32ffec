/** The connections of one drachtio-srf application: ended together, given up when silent. */
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';

export interface SocketsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly silenceTimeoutMs: number;
}

/** So often it is looked, within the time that a peer may be silent. */
const looks = 3;

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
    // Counted by timers: a wall clock that is set forward is no silence.
    let silentLooks = 0;
    const check = () => {
      if (++silentLooks <= looks) {
        alarm = clock.after(silenceTimeoutMs / looks, check);
        return;
      }
      log.warn('sip engine silent', { silentMs: silenceTimeoutMs });
      socket.destroy();
    };
    let alarm = clock.after(silenceTimeoutMs / looks, check);
    const silence = () => alarm.close();
    this.alarms.add(silence);
    socket.on('data', () => (silentLooks = 0));
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
