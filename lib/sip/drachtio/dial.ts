/** INVITE to the network: one outcome, and nothing left behind whatever comes after it (RFC 3261 §9.1, §13.2). */
import type { CallDelegate, Dialed, RequestDraft, SipResponse } from '../agent.js';
import { DrachtioCall, type CallDeps } from './call.js';
import { divertUpdates, failureStatus, refusedStatus, unsendable } from './exchange.js';
import { NOBODY } from './inbound.js';
import { contactUri, madeUp, outgoingRequest, responseOf, type Outgoing } from './message.js';
import type { SrfAck, SrfRequest, SrfResponse } from './types.js';

export function dial(
  deps: CallDeps,
  draft: RequestDraft,
  delegate: CallDelegate,
  signal?: AbortSignal,
): Promise<Dialed> {
  const outgoing = outgoingRequest({ ...draft, method: 'INVITE' });
  const refusal = unsendable(deps.link, outgoing);
  if (refusal !== undefined || outgoing.kind === 'unfit') return Promise.resolve(refused(madeUp(refusal ?? 400)));
  if (signal?.aborted) return Promise.resolve(refused(madeUp(487)));
  return new Promise((resolve) => new Dialing(deps, delegate, resolve).begin(outgoing, signal));
}

/**
 *   calling ──2xx──▶ answered ──ACK has left──▶ accepted
 *      │                 └──no way for it──▶ refused 502
 *      ├──3xx–6xx, lost──▶ refused
 *      ├──time──▶ refused 408            (CANCEL; a late 2xx: ACK, BYE)
 *      └──abort──▶ cancelling ──final, time──▶ refused   (a 2xx: ACK, BYE, 487)
 */
class Dialing {
  private readonly deps: CallDeps;
  private readonly delegate: CallDelegate;
  private readonly resolve: (outcome: Dialed) => void;
  private state: 'calling' | 'answered' | 'cancelling' | 'settled' = 'calling';
  private sent: SrfRequest | undefined;
  private final = false;
  private release: () => void = () => undefined;

  constructor(deps: CallDeps, delegate: CallDelegate, resolve: (outcome: Dialed) => void) {
    this.deps = deps;
    this.delegate = delegate;
    this.resolve = resolve;
  }

  begin(outgoing: Outgoing & { kind: 'fit' }, signal: AbortSignal | undefined): void {
    const { link, inviteTimeoutMs } = this.deps;
    const onAbort = () => this.abort();
    const guard = link.guard(inviteTimeoutMs, (why) => {
      this.settle(refused(madeUp(failureStatus(why))));
      this.cancel();
    });
    signal?.addEventListener('abort', onAbort);
    this.release = () => {
      guard.done();
      signal?.removeEventListener('abort', onAbort);
    };
    link.send({
      ...outgoing,
      wanted: () => this.state === 'calling',
      onSent: (req) => this.onSent(req),
      onRefused: (error) => this.settle(refused(madeUp(refusedStatus(error)))),
    });
  }

  private onSent(req: SrfRequest): void {
    this.sent = req;
    req.on('response', (res, ack) => this.onResponse(res, ack));
    divertUpdates(this.deps.link, req);
    if (this.state !== 'calling') this.cancel();
  }

  private abort(): void {
    if (this.state !== 'calling') return;
    this.state = 'cancelling';
    this.release();
    const guard = this.deps.link.guard(this.deps.callTimeoutMs, () => this.settle(refused(madeUp(487))));
    this.release = () => void guard.done();
    this.cancel();
  }

  /** As soon as the INVITE has left; the engine waits for a provisional response where it must. */
  private cancel(): void {
    if (this.sent && !this.final) this.deps.link.cancel(this.sent);
  }

  private onResponse(res: SrfResponse, ack: SrfAck): void {
    if (res.status < 200) return;
    this.final = true;
    if (res.status >= 300) {
      this.settle(refused(responseOf(res)));
      return;
    }
    if (this.state === 'calling') {
      void this.accept(res, ack);
      return;
    }
    void this.deps.link.ack(res, ack);
    void this.makeCall(res, NOBODY).bye();
    this.settle(refused(madeUp(487)));
  }

  /** The call stands before the ACK has left: whatever follows it finds the call. */
  private async accept(res: SrfResponse, ack: SrfAck): Promise<void> {
    this.release();
    this.state = 'answered';
    const call = this.makeCall(res, this.delegate);
    if (await this.deps.link.ack(res, ack)) {
      this.settle({ kind: 'accepted', call, response: responseOf(res) });
      return;
    }
    call.forget();
    this.settle(refused(madeUp(502, 'The answer has no Contact that can be reached')));
  }

  private makeCall(res: SrfResponse, delegate: CallDelegate): DrachtioCall {
    const { headers } = responseOf(res);
    const remoteTarget = contactUri(headers.get('Contact')) ?? '';
    const callId = headers.get('Call-ID') ?? '';
    return new DrachtioCall(this.deps, { dialogId: res.stackDialogId ?? '', callId, remoteTarget }, delegate);
  }

  private settle(outcome: Dialed): void {
    if (this.state === 'settled') return;
    this.state = 'settled';
    this.release();
    this.deps.link.answered('outbound', 'INVITE', outcome.response.status);
    this.resolve(outcome);
  }
}

function refused(response: SipResponse): Dialed {
  return { kind: 'refused', response };
}
