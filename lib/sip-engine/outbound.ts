/** The calling side: requests of ours on their way, and their responses (RFC 3261 §8.1, §9.1, §13.2, §17.1). */
import type { Address, ClientTransaction, DialogId, HeaderLine, RequestDraft, ResponseListener, Sent } from './api.js';
import { ClientMachine } from './transaction/client-transaction.js';
import { guarded, type Core } from './core.js';
import type { Dialog } from './dialog/dialog.js';
import { OutboundDialogs } from './dialog/outbound-dialogs.js';
import { answeredLabels } from './message/answered.js';
import type { WireMessage } from './message/message.js';
import { routingOfOwn, type Parsed, type Routing } from './message/parse.js';
import type { Path } from './transport/path.js';
import { ackTo, cancelOf, planRequest, type RequestPlan } from './request.js';
import { makeResponse } from './message/response.js';
import { newBranch, newToken } from './message/token.js';
import { isHarmless, Ways, type Made } from './way.js';

/** One request of ours, from its first transmission until nothing of it can come any more. */
export class Outbound implements ClientTransaction {
  readonly id = newToken();
  /** As it left last. */
  message: WireMessage;
  routing: Routing;
  sent: Sent;
  /** Undefined: it could not leave. */
  path: Path | undefined;
  readonly dialog: Dialog | undefined;
  /** Undefined: it goes where another has gone. */
  readonly plan: RequestPlan | undefined;
  /** Where nobody took it. */
  tried: readonly Address[] = [];
  listener: ResponseListener | undefined;
  machine: ClientMachine<Parsed> | undefined;
  provisional = false;
  final = false;
  /** Waits for the first provisional response (§9.1). */
  cancelling: WireMessage | undefined;
  cancelSent = false;
  private readonly calls: OutboundCalls;

  constructor(
    made: Made,
    of: {
      calls: OutboundCalls;
      plan?: RequestPlan;
      dialog: Dialog | undefined;
      listener: ResponseListener | undefined;
    },
  ) {
    this.message = made.message;
    this.routing = routingOfOwn(made.message);
    this.sent = { message: made.message, local: made.local, remote: made.remote };
    this.path = made.path;
    this.plan = of.plan;
    this.calls = of.calls;
    this.dialog = of.dialog;
    this.listener = of.listener;
  }

  /** It leaves again, to another address. */
  leaveBy(made: Made): void {
    this.message = made.message;
    this.routing = routingOfOwn(made.message);
    this.sent = { message: made.message, local: made.local, remote: made.remote };
    this.path = made.path;
  }

  get key(): string {
    return keyOf(this.routing);
  }

  get invite(): boolean {
    return this.message.method === 'INVITE';
  }

  get dialogId(): DialogId | undefined {
    return this.dialog?.id;
  }

  cancel(headers: readonly HeaderLine[] = []): Sent | undefined {
    return this.calls.cancel(this, headers);
  }
}

function keyOf(routing: Routing): string {
  return `${routing.via.branch ?? ''} ${routing.cseqMethod}`;
}

export class OutboundCalls {
  private readonly core: Core;
  private readonly ways: Ways;
  private readonly running = new Map<string, Outbound>();
  /** Between the decision to send and the first transmission. */
  private leaving = 0;
  readonly dialogs: OutboundDialogs;

  constructor(core: Core) {
    this.core = core;
    this.ways = new Ways(core);
    this.dialogs = new OutboundDialogs(core, {
      request: (draft, dialog) => this.start(planRequest(draft, dialog), dialog, undefined),
      make: (plan) => this.ways.choose(plan, newBranch()),
    });
  }

  get size(): number {
    return this.running.size;
  }

  /** Rejects for an unknown dialog, and a draft that makes no message; everything else is a response. */
  async send(draft: RequestDraft, listener: ResponseListener, dialogId?: DialogId): Promise<ClientTransaction> {
    if (draft.method === 'ACK' || draft.method === 'CANCEL')
      throw new Error(`${draft.method} is no request of its own`);
    if (this.core.closed) throw new Error('engine is closed');
    const dialog = dialogId === undefined ? undefined : this.core.dialogs.get(dialogId);
    if (dialogId !== undefined && !dialog) throw new Error('no such dialog');
    const glare = draft.method === 'INVITE' && dialog?.inviting !== undefined;
    const plan = planRequest(draft, dialog);
    if (glare) return this.refuse(plan, { dialog, listener, status: 491 });
    if (this.running.size + this.leaving >= this.core.settings.limits.maxTransactions) {
      return this.refuse(plan, { dialog, listener, status: 503 });
    }
    if (dialog) this.dialogs.onLeaving(dialog, draft.method);
    return this.start(plan, dialog, listener);
  }

  /** A response from the network (§17.1.3). */
  onResponse(parsed: Parsed): void {
    const outbound = this.running.get(keyOf(parsed.routing));
    if (outbound?.machine) outbound.machine.onResponse(parsed.message.status ?? 0, parsed);
    else this.core.settings.count('sip_stray_responses_total');
  }

  cancel(outbound: Outbound, headers: readonly HeaderLine[]): Sent | undefined {
    if (!outbound.invite || outbound.final || outbound.cancelling || !outbound.path) return undefined;
    outbound.cancelling = cancelOf(outbound.message, headers);
    if (outbound.provisional) this.sendCancel(outbound);
    return { ...outbound.sent, message: outbound.cancelling };
  }

  /** Whoever still waits is told 503. */
  close(): void {
    for (const outbound of [...this.running.values()]) {
      outbound.machine?.terminate();
      if (outbound.final) continue;
      outbound.final = true;
      this.deliver(outbound, this.madeUp(outbound, 503));
    }
  }

  private async start(
    plan: RequestPlan,
    dialog: Dialog | undefined,
    listener: ResponseListener | undefined,
  ): Promise<Outbound> {
    this.leaving++;
    try {
      const made = await this.ways.choose(plan, newBranch());
      const outbound = new Outbound(made, { calls: this, plan, dialog, listener });
      if (made.path) this.launch(outbound, made.path);
      else this.later(outbound, 503);
      return outbound;
    } finally {
      this.leaving--;
    }
  }

  /** Answered by ourselves, nothing sent. */
  private refuse(
    plan: RequestPlan,
    how: { dialog: Dialog | undefined; listener: ResponseListener; status: number },
  ): Outbound {
    const made = this.ways.unsent(plan, newBranch(), undefined);
    const outbound = new Outbound(made, { calls: this, dialog: how.dialog, listener: how.listener });
    // The dialog's own request under way is not this one's to end.
    setImmediate(() => this.deliver(outbound, this.madeUp(outbound, how.status)));
    return outbound;
  }

  private launch(outbound: Outbound, path: Path): void {
    const { timers, settings } = this.core;
    const machine = new ClientMachine<Parsed>({
      invite: outbound.invite,
      bytes: outbound.message.bytes,
      path,
      reopen: () => this.core.transport.open(path.remote),
      timers,
      values: settings.values,
      user: {
        onResponse: (parsed) => this.onMatched(outbound, parsed),
        onLate2xx: (parsed) => this.dialogs.onLate2xx(outbound, parsed),
        ackFor: (parsed) => ackTo(outbound.message, parsed.message).bytes,
        onSilence: (sinceMs) => {
          if (this.ways.onSilent(path.remote, sinceMs)) void this.onSilent(outbound);
        },
        onTimeout: (sinceMs) => {
          if (!outbound.provisional) this.ways.onSilent(path.remote, sinceMs);
          this.later(outbound, 408);
        },
        onTransportError: () => this.onRefused(outbound, path),
        onTerminated: () => this.onTerminated(outbound),
      },
    });
    outbound.machine = machine;
    this.running.set(outbound.key, outbound);
    if (outbound.invite && !outbound.dialog) this.core.calling.add(this.dialogs.idOf(outbound));
    machine.start();
  }

  /** What harms nobody twice goes on to the next address, if there is one that can be reached. */
  private async onSilent(outbound: Outbound): Promise<void> {
    const { plan, machine } = outbound;
    if (!plan || !isHarmless(plan.method)) return;
    const tried = [...outbound.tried, outbound.sent.remote];
    const made = await this.ways.choose(plan, newBranch(), tried);
    if (!made.path || !machine?.isUnanswered) return;
    machine.terminate();
    outbound.tried = tried;
    outbound.leaveBy(made);
    this.launch(outbound, made.path);
  }

  /** §4.3 of RFC 3263: on to the next address. Not after a timeout: who asked has given up by then, and asks anew. */
  private onRefused(outbound: Outbound, path: Path): void {
    this.ways.onFailed(path.remote);
    const { plan } = outbound;
    if (plan && !outbound.provisional && !outbound.cancelling) void this.sendElsewhere(outbound, plan);
    else this.later(outbound, 503);
  }

  private async sendElsewhere(outbound: Outbound, plan: RequestPlan): Promise<void> {
    outbound.tried = [...outbound.tried, outbound.sent.remote];
    this.leaving++;
    const made = await this.ways.choose(plan, newBranch(), outbound.tried);
    this.leaving--;
    if (!made.path || outbound.cancelling || this.core.closed) {
      this.later(outbound, 503);
      return;
    }
    outbound.leaveBy(made);
    this.launch(outbound, made.path);
  }

  private onTerminated(outbound: Outbound): void {
    this.running.delete(outbound.key);
    if (outbound.invite && !outbound.dialog) this.core.calling.delete(this.dialogs.idOf(outbound));
    this.dialogs.forget(outbound);
  }

  private onMatched(outbound: Outbound, parsed: Parsed): void {
    const status = parsed.message.status ?? 0;
    outbound.provisional = true;
    if (status === 503) this.ways.onFailed(outbound.sent.remote);
    else this.ways.onAnswered(outbound.sent.remote);
    if (status >= 200) outbound.final = true;
    else if (outbound.cancelling) this.sendCancel(outbound);
    const after = this.dialogs.onResponse(outbound, parsed);
    this.deliver(outbound, parsed.message);
    after?.();
  }

  private sendCancel(outbound: Outbound): void {
    const { cancelling, path } = outbound;
    if (!cancelling || !path || !outbound.machine || outbound.cancelSent) return;
    outbound.cancelSent = true;
    const made: Made = { message: cancelling, path, local: path.local, remote: path.remote };
    outbound.machine.limitAfterCancel();
    this.launch(new Outbound(made, { calls: this, dialog: undefined, listener: undefined }), path);
  }

  /** A final response made up by us: 408 (timer), 503 (transport); never within `send()`. */
  private later(outbound: Outbound, status: number): void {
    setImmediate(() => {
      if (outbound.final) return;
      outbound.final = true;
      const response = this.madeUp(outbound, status);
      const after = this.dialogs.onResponse(outbound, { message: response, routing: outbound.routing });
      this.deliver(outbound, response);
      after?.();
    });
  }

  private madeUp(outbound: Outbound, status: number): WireMessage {
    const source: Address = { ...outbound.sent.local, host: outbound.routing.via.host };
    const base = { request: outbound.message, routing: outbound.routing, source, toTag: newToken() };
    return makeResponse(base, { status, headers: [] });
  }

  private deliver(outbound: Outbound, response: WireMessage): void {
    const { listener, message } = outbound;
    const { status = 0 } = response;
    if (status >= 200)
      this.core.settings.count('sip_requests_total', answeredLabels('outbound', message.method, status));
    if (!listener) return;
    if (status >= 200) outbound.listener = undefined;
    const id = outbound.invite || outbound.dialog ? this.dialogs.idOf(outbound) : undefined;
    guarded(this.core, () => listener.onResponse(response, outbound.sent.remote, id));
  }
}
