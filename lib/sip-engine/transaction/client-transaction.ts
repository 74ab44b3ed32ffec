/** A client transaction under way: it does what its table says (RFC 3261 §17.1, RFC 6026 §7.2). */
import type { Path } from '../transport/path.js';
import {
  type ClientAction,
  type ClientEvent,
  type ClientState,
  type ClientTable,
  INVITE_CLIENT,
  OTHER_CLIENT,
} from './client-tables.js';
import { longMs, silentMs, type EngineTimer, type Timers, type TimerValues } from './timers.js';

export interface ClientUser<R> {
  /** Provisional responses, and the first final one. */
  onResponse(response: R): void;
  /** A 2xx to INVITE after the first: repeated, or from another branch of a fork. */
  onLate2xx(response: R): void;
  /** ACK to a non-2xx final, ready to go (§17.1.1.3). */
  ackFor(response: R): Buffer;
  /** Nothing at all has come for `silentMs`, and the rest of 64*T1 is waited for; it left at `sinceMs`. */
  onSilence(sinceMs: number): void;
  onTimeout(sinceMs: number): void;
  onTransportError(): void;
  onTerminated(): void;
}

export interface ClientSetup<R> {
  readonly invite: boolean;
  readonly bytes: Buffer;
  readonly path: Path;
  /** Another stream to the same address; rejects where there is none. */
  readonly reopen: () => Promise<Path>;
  readonly user: ClientUser<R>;
  readonly timers: Timers;
  readonly values: TimerValues;
}

/** One transaction; R is a response as its user wants it. */
export class ClientMachine<R> {
  state: ClientState;
  private readonly setup: ClientSetup<R>;
  private readonly table: ClientTable;
  private path: Path;
  private intervalMs: number;
  private leftMs = 0;
  /** Its stream has closed once, and it went by another. */
  private moved = false;
  /** Somebody further on than the next hop has it. */
  private ringing = false;
  private bytes: Buffer | undefined;
  private ackBytes: Buffer | undefined;
  private retry: EngineTimer | undefined;
  private limit: EngineTimer | undefined;
  /** Until a hop that closed after its 100 must have said more. */
  private abandoned: EngineTimer | undefined;
  private readonly failed = (): void => this.fire(this.path.reliable ? 'closed' : 'transport-error');

  constructor(setup: ClientSetup<R>) {
    this.setup = setup;
    this.path = setup.path;
    this.table = setup.invite ? INVITE_CLIENT : OTHER_CLIENT;
    this.state = setup.invite ? 'calling' : 'trying';
    this.intervalMs = setup.values.t1Ms;
    this.bytes = setup.bytes;
  }

  /** Not even by a 1xx. */
  get isUnanswered(): boolean {
    return this.state === 'calling' || this.state === 'trying';
  }

  /** First transmission (§17.1.1.2, §17.1.2.2). */
  start(): void {
    const { timers, values } = this.setup;
    const { path } = this;
    path.watch(this.failed);
    this.leftMs = timers.now();
    this.limit = timers.after(silentMs(values), () => this.silent());
    if (!path.reliable) this.armRetry();
    path.send(this.setup.bytes);
  }

  onResponse(status: number, response: R): void {
    if (status > 100 && !this.ringing) {
      this.ringing = true;
      this.abandoned?.close();
    }
    this.fire(status < 200 ? '1xx' : status < 300 ? '2xx' : 'failure', response);
  }

  /** After a CANCEL the answer has 64*T1 to come (§9.1). */
  limitAfterCancel(): void {
    if (this.state !== 'proceeding' && this.state !== 'calling') return;
    this.limit?.close();
    this.limit = this.setup.timers.after(longMs(this.setup.values), () => this.fire('give-up'));
  }

  /** Forgets at once; tells nobody but onTerminated. */
  terminate(): void {
    if (this.state === 'terminated') return;
    this.state = 'terminated';
    this.finish();
  }

  private silent(): void {
    const { timers, values, user } = this.setup;
    this.limit = timers.after(longMs(values) - silentMs(values), () => this.fire('give-up'));
    if (this.isUnanswered) user.onSilence(this.leftMs);
  }

  private fire(event: ClientEvent, response?: R): void {
    const next = this.table[this.state][event];
    if (!next) return;
    this.state = next.to;
    for (const action of next.do) this.perform(action, response);
    if (next.to === 'terminated') this.finish();
  }

  private perform(action: ClientAction, response: R | undefined): void {
    const { user, values } = this.setup;
    switch (action) {
      case 'send':
        this.sendAgain(Math.min(this.intervalMs * 2, this.setup.invite ? Infinity : values.t2Ms));
        return;
      case 'slow-send':
        this.sendAgain(values.t2Ms);
        return;
      case 'quiet':
        this.quiet();
        return;
      case 'pass':
        if (response !== undefined) user.onResponse(response);
        return;
      case 'late-2xx':
        if (response !== undefined) user.onLate2xx(response);
        return;
      case 'ack':
        if (response !== undefined) this.ackBytes ??= user.ackFor(response);
        if (this.ackBytes) this.sendAck(this.ackBytes);
        return;
      case 'linger':
        this.linger(this.setup.invite ? longMs(values) : this.path.reliable ? 0 : values.t4Ms);
        return;
      case 'linger-ack':
        // Timer D: at least 32 s over UDP, whatever T1 (§17.1.1.2).
        this.linger(this.path.reliable ? 0 : longMs(values));
        return;
      case 'move':
        this.move();
        return;
      case 'wait-server':
        if (!this.ringing) this.abandoned = this.setup.timers.after(longMs(values), () => this.fire('give-up'));
        return;
      case 'timeout':
        // Of the stream that it was moved to it knows too little.
        if (!this.moved) this.path.suspect(this.leftMs);
        user.onTimeout(this.leftMs);
        return;
      case 'fail':
        user.onTransportError();
        return;
    }
  }

  private sendAgain(nextMs: number): void {
    this.intervalMs = nextMs;
    if (this.bytes) this.path.send(this.bytes);
    this.armRetry();
  }

  /** Once: who closes twice does not want it. */
  private move(): void {
    if (this.moved) {
      this.fire('transport-error');
      return;
    }
    this.moved = true;
    // It may have been answered meanwhile, over the server's own stream.
    this.setup.reopen().then(
      (path) => this.isUnanswered && this.goBy(path),
      () => this.isUnanswered && this.fire('transport-error'),
    );
  }

  private goBy(path: Path): void {
    this.path = path;
    path.watch(this.failed);
    path.send(this.setup.bytes);
  }

  /** To where the request went, whatever way the answer came (§17.1.1.3). */
  private sendAck(ack: Buffer): void {
    if (this.path.usable) this.path.send(ack);
    else
      void this.setup.reopen().then(
        (path) => path.send(ack),
        () => undefined,
      );
  }

  private armRetry(): void {
    this.retry = this.setup.timers.after(this.intervalMs, () => this.fire('again'));
  }

  /** A response has come: no more retransmission; of a finished transaction no request is kept. */
  private quiet(): void {
    this.retry?.close();
    if (this.state === 'proceeding') this.limit?.close();
    else this.bytes = undefined;
  }

  private linger(ms: number): void {
    this.limit?.close();
    if (ms === 0) this.terminate();
    else this.limit = this.setup.timers.after(ms, () => this.fire('end'));
  }

  private finish(): void {
    this.retry?.close();
    this.limit?.close();
    this.abandoned?.close();
    this.path.unwatch(this.failed);
    this.setup.user.onTerminated();
  }
}
