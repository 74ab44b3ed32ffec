/** Keeps the session of one chat alive where that is ours to do (RFC 4028 §7.2, §7.4, §10). */
import type { Clock, Timer } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Call, HeaderLine, SipResponse } from '../agent.js';
import { glareWaitMs, type Ownership, refreshOutcome, type RefreshPlan, refreshPlan } from '../session-timer.js';
import { sdpType } from './media.js';

export interface SessionRefreshOptions {
  readonly call: Call;
  readonly ownership: Ownership;
  readonly allowsUpdate: boolean;
  /** Of the refresh. */
  readonly contact: string;
  /** Our description as it stands, for a re-INVITE. */
  readonly description: () => Buffer;
  /** The answer to it; may be empty. */
  readonly onAnswer: (body: Buffer) => void;
  readonly clock: Clock;
  readonly log: Logger;
  /** The session is over; not after close(). */
  readonly onLost: () => void;
}

/**
 *   resting ──agreed, ours──→ waiting ──its time──→ asking ──2xx: agreed──→ waiting or resting
 *      ↑                         │ ↑                   ├──refused──→ waiting, while there is time
 *      └────agreed, the peer’s───┘ └───────────────────┴──481, 408, no time left──→ closed, onLost told
 */
export class SessionRefresh {
  private readonly options: SessionRefreshOptions;
  private method: 'UPDATE' | 'INVITE';
  private alarm: Timer | undefined;
  /** Changes with every agreement: what was asked before it is no longer asked again. */
  private agreement = 0;
  private closed = false;

  constructor(options: SessionRefreshOptions) {
    this.options = options;
    this.method = options.allowsUpdate ? 'UPDATE' : 'INVITE';
  }

  /** By a 2xx with this Session-Expires, to a request of ours or of the peer's. */
  agreed(sessionExpires: string | undefined, weAsked: boolean): void {
    this.agreement++;
    this.alarm?.close();
    const plan = this.options.call.refreshedBelow ? undefined : refreshPlan(sessionExpires, weAsked);
    if (plan) this.askAfter(plan.refreshMs, plan);
  }

  /** Idempotent. */
  close(): void {
    this.closed = true;
    this.alarm?.close();
  }

  private askAfter(delayMs: number, plan: RefreshPlan): void {
    if (this.closed) return;
    this.alarm = this.options.clock.after(delayMs, () => {
      this.askNow(plan).catch((error: unknown) => {
        this.options.log.warn('session not refreshed', { callId: this.options.call.callId, error });
        this.lost();
      });
    });
  }

  private async askNow(plan: RefreshPlan): Promise<void> {
    const { agreement, method } = this;
    const response = await this.ask(plan);
    if (this.closed) return;
    const glareMs = glareWaitMs(this.options.ownership, Math.random());
    const outcome = refreshOutcome(response, { plan, method, glareMs });
    if (outcome.kind === 'refreshed') {
      if (method === 'INVITE') this.options.onAnswer(response.body);
      this.agreed(outcome.sessionExpires, true);
      return;
    }
    this.options.log.info('refresh refused', { callId: this.options.call.callId, status: response.status });
    if (outcome.kind === 'reinvite') this.method = 'INVITE';
    // The peer has refreshed meanwhile: he has the later word, unless he knows nothing of a dialog.
    if (agreement !== this.agreement && response.status !== 481) return;
    if (outcome.kind === 'lost') this.lost();
    else if (outcome.kind === 'reinvite') this.askAfter(0, plan);
    else this.askAfter(outcome.afterMs, outcome.plan);
  }

  /** An UPDATE touches no media; without it a re-INVITE with our description as it stands (RFC 4028 §7.4). */
  private ask({ sessionExpires, minSe }: RefreshPlan): Promise<SipResponse> {
    const { call, contact, description } = this.options;
    const headers: readonly HeaderLine[] = [
      ['Contact', contact],
      ['Supported', 'timer'],
      ['Session-Expires', sessionExpires],
      ...(minSe === undefined ? [] : [['Min-SE', minSe] as const]),
    ];
    if (this.method === 'UPDATE') return call.request({ method: 'UPDATE', headers });
    return call.request({
      method: 'INVITE',
      headers: [...headers, ['Content-Type', sdpType]],
      body: description(),
    });
  }

  private lost(): void {
    if (this.closed) return;
    this.close();
    this.options.onLost();
  }
}
