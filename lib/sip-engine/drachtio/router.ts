/** Which application a request of the network goes to, and what comes back from it. */
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import type {
  Address,
  DialogId,
  Engine,
  EngineDelegate,
  ResponseDraft,
  Sent,
  ServerTransaction,
  SipMessage,
} from '../api.js';
import type { Command } from './command.js';
import { responseDraft } from './draft.js';
import { messageLeader, refusal, requestLeader, responseEcho, unsolicitedLeader } from './leader.js';
import { endDialog, OutgoingRequests } from './outgoing.js';
import { isInitial, passingBytes, unfitness } from './passing.js';
import type { AppSession } from './session.js';

export interface RouterDeps {
  readonly engine: Engine;
  readonly sessions: ReadonlySet<AppSession>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: Metrics;
  readonly maxPending: number;
}

const MAX_TURNS = 32;
/** Nobody can take it now. */
const OVERLOADED: ResponseDraft = { status: 503, headers: [['Retry-After', '5']] };

interface Unanswered {
  readonly transaction: ServerTransaction;
  readonly session: AppSession;
}

export class FaceRouter implements EngineDelegate {
  private readonly deps: RouterDeps;
  /** Requests of the network that wait for their final response. */
  private readonly unanswered = new Map<string, Unanswered>();
  private readonly owners = new Map<DialogId, AppSession>();
  private readonly outgoing = new WeakMap<AppSession, OutgoingRequests>();
  /** For each method the number of requests given out so far: whose turn is next. */
  private readonly turns = new Map<string, number>();

  constructor(deps: RouterDeps) {
    this.deps = deps;
  }

  onRequest(transaction: ServerTransaction): void {
    const refusedWith = this.refusal(transaction);
    if (refusedWith) {
      this.refuse(transaction, refusedWith);
      return;
    }
    const session = this.receiver(transaction);
    if (!session) {
      // the dialog's application is gone, and nobody else knows of it
      if (transaction.dialogId !== undefined) {
        this.refuse(transaction, { status: 481, headers: [] });
        return;
      }
      this.refuse(transaction, OVERLOADED);
      return;
    }
    this.unanswered.set(transaction.id, { transaction, session });
    session.send(requestLeader(transaction, this.deps.clock.now()), passingBytes(transaction.request));
  }

  onAck(invite: ServerTransaction, ack: SipMessage, source: Address): void {
    const { dialogId } = invite;
    if (dialogId === undefined) return;
    const leader = messageLeader(ack, source, { nowMs: this.deps.clock.now(), txnId: invite.id, dialogId });
    this.owners.get(dialogId)?.send(leader, passingBytes(ack));
  }

  onCancel(invite: ServerTransaction, cancel: SipMessage, source: Address): void {
    const waiting = this.unanswered.get(invite.id);
    this.unanswered.delete(invite.id);
    if (invite.dialogId !== undefined && isInitial(invite)) this.owners.delete(invite.dialogId);
    const tail = { nowMs: this.deps.clock.now(), txnId: invite.id, dialogId: undefined };
    waiting?.session.send(messageLeader(cancel, source, tail), passingBytes(cancel));
  }

  onBye(dialogId: DialogId, bye: Sent): void {
    const owner = this.owners.get(dialogId);
    this.owners.delete(dialogId);
    owner?.send(unsolicitedLeader(dialogId, bye, this.deps.clock.now()), bye.message.bytes);
  }

  onCommand(session: AppSession, command: Command): void {
    this.serve(session, command).catch((error: unknown) => {
      this.deps.log.error('application command failed', { error });
      session.send(refusal(command.id, 'internal error'));
    });
  }

  /** What the application held is answered or ended on its behalf. */
  onGone(session: AppSession): void {
    for (const [id, waiting] of this.unanswered) {
      if (waiting.session !== session) continue;
      this.unanswered.delete(id);
      this.refuse(waiting.transaction, { status: 503, headers: [] });
    }
    for (const [dialogId, owner] of this.owners) {
      if (owner !== session) continue;
      this.owners.delete(dialogId);
      void endDialog(this.deps.engine, dialogId).catch(() => undefined);
    }
    this.outgoing.get(session)?.orphan();
  }

  private async serve(session: AppSession, command: Command): Promise<void> {
    switch (command.kind) {
      case 'respond': {
        this.respond(session, command);
        return;
      }
      case 'send':
        return this.send(session, command);
      case 'ack':
        if (this.owners.get(command.dialogId) !== session) {
          unknownDialog(session, command.id);
          return;
        }
        return this.outgoingOf(session).ack(command);
      case 'cancel': {
        this.outgoingOf(session).cancel(command);
        return;
      }
      case 'authenticate':
      case 'ping':
      case 'route':
      case 'remove-route':
      case 'refused':
        throw new Error(`${command.kind} is the session's affair`);
    }
  }

  private send(session: AppSession, command: Command & { kind: 'send' }): Promise<void> | void {
    const { dialogId } = command;
    if (dialogId !== undefined && this.owners.get(dialogId) !== session) {
      unknownDialog(session, command.id);
      return;
    }
    return this.outgoingOf(session).send(command);
  }

  private respond(session: AppSession, command: Command & { kind: 'respond' }): void {
    const { transaction, session: asked } = this.unanswered.get(command.txnId) ?? {};
    // its time was over before the application had an answer
    if (transaction?.answered === true) this.unanswered.delete(command.txnId);
    if (!transaction || asked !== session || transaction.answered) {
      session.send(refusal(command.id, 'unknown transaction, or answered before'));
      return;
    }
    const sent = transaction.respond(responseDraft(command.message, transaction.request, transaction.local));
    const status = sent.message.status ?? 0;
    if (status >= 200) this.unanswered.delete(command.txnId);
    this.trackDialog(transaction, session, status);
    const tail = { nowMs: this.deps.clock.now(), txnId: transaction.id, dialogId: transaction.dialogId };
    session.send(responseEcho(command.id, sent, tail), sent.message.bytes);
  }

  private trackDialog(transaction: ServerTransaction, session: AppSession, status: number): void {
    const { dialogId, request } = transaction;
    if (dialogId === undefined || status <= 100) return;
    if (request.method === 'BYE' && status >= 200) this.owners.delete(dialogId);
    if (request.method !== 'INVITE' || !isInitial(transaction)) return;
    if (status >= 300) this.owners.delete(dialogId);
    else this.owners.set(dialogId, session);
  }

  private receiver(transaction: ServerTransaction): AppSession | undefined {
    const { dialogId, request } = transaction;
    if (dialogId !== undefined) return this.owners.get(dialogId);
    const method = request.method ?? '';
    const takers = [...this.deps.sessions].filter((session) => session.takes(method));
    const turn = this.turns.get(method) ?? 0;
    // the method is the network's word: no more of them are remembered than a client library knows
    if (takers.length > 1 && (this.turns.has(method) || this.turns.size < MAX_TURNS)) this.turns.set(method, turn + 1);
    return takers[turn % Math.max(1, takers.length)];
  }

  private refusal(transaction: ServerTransaction): ResponseDraft | undefined {
    if (this.unanswered.size >= this.deps.maxPending) return OVERLOADED;
    return unfitness(transaction);
  }

  private refuse(transaction: ServerTransaction, draft: ResponseDraft): void {
    this.deps.metrics?.count('sip_engine_refused_total', { status: String(draft.status) });
    try {
      transaction.respond(draft);
    } catch (error) {
      this.deps.log.debug('too late to refuse', { error });
    }
  }

  private outgoingOf(session: AppSession): OutgoingRequests {
    const known = this.outgoing.get(session);
    if (known) return known;
    const made = new OutgoingRequests({
      ...this.deps,
      session,
      claimDialog: (dialogId) => void this.owners.set(dialogId, session),
      dropDialog: (dialogId) => void this.owners.delete(dialogId),
    });
    this.outgoing.set(session, made);
    return made;
  }
}

/** The words are those that the client library knows a vanished dialog by. */
function unknownDialog(session: AppSession, id: string): void {
  session.send(refusal(id, 'unable to find dialog'));
}
