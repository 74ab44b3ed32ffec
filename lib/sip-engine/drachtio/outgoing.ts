/** The requests of one application that are under way: each is echoed before any of its responses is passed on. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { Address, ClientTransaction, DialogId, Engine, ResponseListener, SipMessage } from '../api.js';
import type { Command, SendCommand } from './command.js';
import { bodyOf, ownHeaders, requestDraft } from './draft.js';
import { messageLeader, refusal, requestEcho } from './leader.js';
import { passingBytes } from './passing.js';
import type { AppSession } from './session.js';

export interface OutgoingDeps {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly session: AppSession;
  /** Dialogs belong to the application whose INVITE made them. */
  readonly claimDialog: (dialogId: DialogId) => void;
  readonly dropDialog: (dialogId: DialogId) => void;
  readonly maxPending: number;
}

interface Pending {
  readonly method: string;
  /** Undefined until the engine has sent it. */
  transaction: ClientTransaction | undefined;
  /** Responses that came before the echo. */
  early: (() => void)[];
}

export class OutgoingRequests {
  private readonly deps: OutgoingDeps;
  /** By the transaction's id; a request is here until its final response. */
  private readonly sent = new Map<string, Pending>();
  private underWay = 0;
  private orphaned = false;

  constructor(deps: OutgoingDeps) {
    this.deps = deps;
  }

  async send(command: SendCommand): Promise<void> {
    const { engine, session, clock, maxPending } = this.deps;
    if (this.underWay >= maxPending) {
      session.send(refusal(command.id, 'too many requests under way'));
      return;
    }
    const draft = requestDraft(command, engine.listening);
    const pending: Pending = { method: draft.method, transaction: undefined, early: [] };
    this.underWay++;
    try {
      const transaction = await engine.send(draft, this.listener(pending, command), command.dialogId);
      pending.transaction = transaction;
      this.sent.set(transaction.id, pending);
      session.send(
        requestEcho(command.id, transaction.sent, transaction.id, clock.now()),
        transaction.sent.message.bytes,
      );
      for (const deliver of pending.early.splice(0)) deliver();
      if (this.orphaned) this.abandon(pending);
    } catch (error) {
      this.underWay--;
      session.send(refusal(command.id, error instanceof Error ? error.message : 'not sent'));
    }
  }

  async ack(command: Command & { kind: 'ack' }): Promise<void> {
    const { engine, session, clock, dropDialog } = this.deps;
    const draft = { headers: ownHeaders(command.message), ...bodyOf(command.message) };
    const sent = await engine.ack(command.dialogId, draft);
    if (!sent) {
      // Without a way for the ACK the dialog has ended, and no BYE will tell of it (RFC 3261 §12.1.2); a second ACK ends none.
      if (!engine.holds(command.dialogId)) dropDialog(command.dialogId);
      session.send(refusal(command.id, 'nothing to acknowledge, or no way for the ACK'));
      return;
    }
    session.send(requestEcho(command.id, sent, randomUUID(), clock.now()), sent.message.bytes);
  }

  cancel(command: Command & { kind: 'cancel' }): void {
    const { session, clock } = this.deps;
    const sent = this.sent.get(command.txnId)?.transaction?.cancel(ownHeaders(command.message));
    if (!sent) {
      session.send(refusal(command.id, 'there is nothing to cancel'));
      return;
    }
    session.send(requestEcho(command.id, sent, randomUUID(), clock.now()), sent.message.bytes);
  }

  /** The application is gone: nobody waits for its calls any more. */
  orphan(): void {
    this.orphaned = true;
    for (const pending of this.sent.values()) this.abandon(pending);
  }

  private abandon(pending: Pending): void {
    if (pending.method === 'INVITE') pending.transaction?.cancel();
  }

  private listener(pending: Pending, command: SendCommand): ResponseListener {
    return {
      onResponse: (response, from, dialogId) => {
        const deliver = () => this.deliver(pending, command, { response, from, dialogId });
        if (pending.transaction) deliver();
        else pending.early.push(deliver);
      },
    };
  }

  private deliver(pending: Pending, command: SendCommand, arrival: Arrival): void {
    const { response, from, dialogId } = arrival;
    const txnId = pending.transaction?.id ?? '';
    const status = response.status ?? 0;
    if (status >= 200) {
      this.sent.delete(txnId);
      this.underWay--;
    }
    if (pending.method === 'INVITE') this.trackDialog(command, arrival, status);
    if (pending.method === 'BYE' && status >= 200 && command.dialogId !== undefined)
      this.deps.dropDialog(command.dialogId);
    const leader = messageLeader(response, from, { nowMs: this.deps.clock.now(), txnId, dialogId });
    this.deps.session.send(leader, passingBytes(response));
  }

  private trackDialog(command: SendCommand, { dialogId }: Arrival, status: number): void {
    // a re-INVITE neither makes nor, refused, ends its dialog
    if (dialogId === undefined || command.dialogId !== undefined || status <= 100) return;
    if (status >= 300) {
      this.deps.dropDialog(dialogId);
      return;
    }
    this.deps.claimDialog(dialogId);
    if (this.orphaned && status >= 200) this.endUnclaimed(dialogId);
  }

  /** A 2xx that nobody waits for is acknowledged and ended (RFC 3261 §13.2.2.4). */
  private endUnclaimed(dialogId: DialogId): void {
    const { engine, dropDialog } = this.deps;
    void engine
      .ack(dialogId, { headers: [] })
      .then(() => endDialog(engine, dialogId))
      .catch(() => undefined)
      .finally(() => dropDialog(dialogId));
  }
}

interface Arrival {
  readonly response: SipMessage;
  readonly from: Address;
  readonly dialogId: DialogId | undefined;
}

/** BYE for a dialog whose application is gone; its outcome interests nobody. */
export async function endDialog(engine: Engine, dialogId: DialogId): Promise<void> {
  const draft = { method: 'BYE', uri: 'sip:placeholder', headers: [] };
  await engine.send(draft, { onResponse: () => undefined }, dialogId);
}
