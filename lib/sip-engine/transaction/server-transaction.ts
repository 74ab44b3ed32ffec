/** The two server transactions: INVITE and the rest (RFC 3261 §17.2, RFC 6026 §7.1, RFC 4320 §4.1). */
import type { Path } from '../transport/path.js';
import { lateTryingMs, longMs, type EngineTimer, type Timers, type TimerValues } from './timers.js';

/**
 * INVITE                                                    others
 *
 *   proceeding ──2xx──▶ accepted ──L──▶ terminated            trying ──100──▶ proceeding
 *    │     │                                                    │                 │
 *    │     └─300-699─▶ completed ──ACK──▶ confirmed ─I─▶ term.  └──final──────────┴──▶ completed ──J──▶ terminated
 *    │                  │G: again │H: terminated                no answer in 64*T1: terminated, silently
 *    └no answer: the user is told
 */
export type ServerState = 'trying' | 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';

/** `request`: retransmission; `again`: timer G; `late`: time for a 100; `expired`: nobody answers; `end`: H, I, J or L. */
export type ServerEvent = 'request' | 'ack' | '1xx' | '2xx' | 'failure' | 'again' | 'late' | 'expired' | 'end';

type ServerAction =
  | 'send'
  | 'resend'
  | 'retain'
  | 'forget'
  | 'settle'
  | 'repeat'
  | 'wait-ack'
  | 'wait-j'
  | 'wait-l'
  | 'wait-i'
  | 'trying'
  | 'trying-invite'
  | 'unanswered'
  | 'unacknowledged';

interface Step {
  readonly to: ServerState;
  readonly do: readonly ServerAction[];
}

type Table = Readonly<Record<ServerState, Partial<Readonly<Record<ServerEvent, Step>>>>>;

function step(to: ServerState, ...actions: ServerAction[]): Step {
  return { to, do: actions };
}

const OVER = step('terminated');

export const INVITE_SERVER: Table = {
  trying: {},
  proceeding: {
    request: step('proceeding', 'resend'),
    late: step('proceeding', 'trying-invite'),
    '1xx': step('proceeding', 'send'),
    '2xx': step('accepted', 'settle', 'send', 'forget', 'wait-l'),
    failure: step('completed', 'settle', 'send', 'retain', 'repeat', 'wait-ack'),
    expired: step('proceeding', 'unanswered'),
  },
  // The 2xx is repeated by the dialog until its ACK comes; the INVITE itself is absorbed (RFC 6026 §7.1).
  accepted: { request: step('accepted'), '2xx': step('accepted', 'send', 'forget'), end: OVER },
  completed: {
    request: step('completed', 'resend'),
    again: step('completed', 'resend', 'repeat'),
    ack: step('confirmed', 'settle', 'forget', 'wait-i'),
    end: step('terminated', 'unacknowledged'),
  },
  confirmed: { request: step('confirmed'), ack: step('confirmed'), end: OVER },
  terminated: {},
};

export const OTHER_SERVER: Table = {
  trying: {
    request: step('trying'),
    '1xx': step('proceeding', 'send'),
    '2xx': step('completed', 'settle', 'send', 'retain', 'wait-j'),
    failure: step('completed', 'settle', 'send', 'retain', 'wait-j'),
    late: step('trying', 'trying'),
    expired: step('terminated', 'unanswered'),
  },
  proceeding: {
    request: step('proceeding', 'resend'),
    '1xx': step('proceeding', 'send'),
    '2xx': step('completed', 'settle', 'send', 'retain', 'wait-j'),
    failure: step('completed', 'settle', 'send', 'retain', 'wait-j'),
    expired: step('terminated', 'unanswered'),
  },
  accepted: {},
  completed: { request: step('completed', 'resend'), end: OVER },
  confirmed: {},
  terminated: {},
};

export interface ServerUser {
  /** A 100 is due, to an INVITE (§17.2.1) or at last to another request (RFC 4320 §4.1): answer with respond(100, …). */
  onTryingDue(): void;
  /** Nobody answers: an INVITE wants a final response now, another request is forgotten. */
  onUnanswered(): void;
  /** No ACK to a non-2xx final within timer H. */
  onUnacknowledged(): void;
  /** Finished: nothing is kept but key and response bytes. */
  onRetained(bytes: number): void;
  onTerminated(): void;
}

export interface ServerSetup {
  readonly invite: boolean;
  readonly path: Path;
  readonly user: ServerUser;
  readonly timers: Timers;
  readonly values: TimerValues;
}

export class ServerMachine {
  state: ServerState;
  /** Whether a 100 may go to a non-INVITE over UDP by now (RFC 4320 §4.1). */
  late = false;
  private readonly setup: ServerSetup;
  private readonly table: Table;
  private last: Buffer | undefined;
  private intervalMs: number;
  private retry: EngineTimer | undefined;
  private limit: EngineTimer | undefined;

  constructor(setup: ServerSetup) {
    this.setup = setup;
    this.table = setup.invite ? INVITE_SERVER : OTHER_SERVER;
    this.state = setup.invite ? 'proceeding' : 'trying';
    this.intervalMs = setup.values.t1Ms;
    const firstMs = setup.invite ? setup.values.answerMs : lateTryingMs(setup.values);
    const first = setup.invite ? 'expired' : 'late';
    this.limit = setup.timers.after(firstMs, () => this.fire(first));
    if (setup.invite) this.retry = setup.timers.after(setup.values.tryingMs, () => this.fire('late'));
  }

  /** Whether a final response has been given. */
  get answered(): boolean {
    return this.state !== 'trying' && this.state !== 'proceeding';
  }

  respond(status: number, bytes: Buffer): void {
    this.last = bytes;
    this.fire(status < 200 ? '1xx' : status < 300 ? '2xx' : 'failure');
  }

  onRetransmission(): void {
    this.fire('request');
  }

  onAck(): void {
    this.fire('ack');
  }

  /** Forgets at once; tells nobody but onTerminated. */
  terminate(): void {
    if (this.state === 'terminated') return;
    this.state = 'terminated';
    this.finish();
  }

  private fire(event: ServerEvent): void {
    const next = this.table[this.state][event];
    if (!next) return;
    this.state = next.to;
    for (const action of next.do) this.perform(action);
    if (next.to === 'terminated') this.finish();
  }

  private perform(action: ServerAction): void {
    const { user, path, values } = this.setup;
    switch (action) {
      case 'send':
      case 'resend':
        if (this.last) path.send(this.last);
        return;
      case 'retain':
        user.onRetained(this.last?.length ?? 0);
        return;
      case 'forget':
        this.last = undefined;
        return;
      case 'settle':
        this.retry?.close();
        this.limit?.close();
        return;
      case 'repeat':
        // Timer G (§17.2.1).
        if (!path.reliable) this.retry = this.setup.timers.after(this.intervalMs, () => this.fire('again'));
        this.intervalMs = Math.min(this.intervalMs * 2, values.t2Ms);
        return;
      case 'wait-ack':
        this.waitEnd(longMs(values));
        return;
      case 'wait-j':
        this.waitEnd(path.reliable ? 0 : longMs(values));
        return;
      case 'wait-l':
        this.waitEnd(longMs(values));
        return;
      case 'wait-i':
        this.waitEnd(path.reliable ? 0 : values.t4Ms);
        return;
      case 'trying':
        this.late = true;
        this.limit = this.setup.timers.after(longMs(values) - lateTryingMs(values), () => this.fire('expired'));
        user.onTryingDue();
        return;
      case 'trying-invite':
        if (this.last === undefined) user.onTryingDue();
        return;
      case 'unanswered':
        user.onUnanswered();
        return;
      case 'unacknowledged':
        user.onUnacknowledged();
        return;
    }
  }

  private waitEnd(ms: number): void {
    if (ms === 0) this.terminate();
    else this.limit = this.setup.timers.after(ms, () => this.fire('end'));
  }

  private finish(): void {
    this.retry?.close();
    this.limit?.close();
    this.last = undefined;
    this.setup.user.onTerminated();
  }
}
