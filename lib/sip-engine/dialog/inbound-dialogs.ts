/** Dialogs as the called side sees them: order of requests, glare, early and confirmed, ACK and BYE (RFC 3261 §12.1.1, §12.2.2, §14.2, §15.1.2). */
import type { Address, ResponseDraft } from '../api.js';
import { guarded, type Core } from '../core.js';
import { calledDialog, contactOf, dialogIdOf, type Dialog } from './dialog.js';
import type { DialogLife } from './dialog-life.js';
import { busy } from '../duties.js';
import type { InboundRequest } from '../transaction/inbound-request.js';
import type { WireMessage } from '../message/message.js';
import type { Parsed, Routing } from '../message/parse.js';

/** Those that may move the peer's target (§12.2.2, RFC 3311 §5.2). */
const REFRESHING = new Set(['INVITE', 'UPDATE']);

export class InboundDialogs {
  private readonly core: Core;
  private readonly life: DialogLife;

  constructor(core: Core, life: DialogLife) {
    this.core = core;
    this.life = life;
  }

  /** 481, 500, 491, 482 or 503 before the application, 200 to a BYE that has crossed ours; undefined: it may have the request. */
  refusal(request: InboundRequest): ResponseDraft | undefined {
    const { routing } = request;
    if (routing.toTag === undefined) return this.refusedNew(request);
    const dialog = this.core.dialogs.of(routing);
    if (!dialog) return { status: this.crossesOurBye(routing) ? 200 : 481, headers: [] };
    // §12.2.2: out of order. A number equal to the last one is a new branch of an old request.
    if (dialog.remoteCseq !== undefined && routing.cseq < dialog.remoteCseq) return { status: 500, headers: [] };
    dialog.remoteCseq = routing.cseq;
    request.dialog = dialog;
    return this.refusedOffer(dialog, request);
  }

  /** Both have hung up: a dialog that waits for the answer to its BYE takes one (RFC 5407 §3.2.1). */
  private crossesOurBye(routing: Routing): boolean {
    return routing.cseqMethod === 'BYE' && this.core.dialogs.hasLeft(routing);
  }

  private refusedNew(request: InboundRequest): ResponseDraft | undefined {
    const { routing } = request;
    if (routing.cseqMethod === 'BYE') return { status: 481, headers: [] };
    if (routing.cseqMethod !== 'INVITE') return undefined;
    // Our own INVITE has come back to us: one id cannot name both ends (§16.3 calls it a loop).
    const id = dialogIdOf(routing.callId, routing.fromTag ?? '');
    if (this.core.calling.has(id) || this.core.dialogs.get(id)) return { status: 482, headers: [] };
    if (this.core.dialogs.size < this.core.settings.limits.maxDialogs) return undefined;
    this.core.settings.count('sip_overload_total', { limit: 'dialogs' }, request.path.remote.host);
    return busy(503, this.core.settings.retryAfterS);
  }

  /** §14.2, RFC 3311 §5.2 */
  private refusedOffer(dialog: Dialog, request: InboundRequest): ResponseDraft | undefined {
    const offers = request.routing.cseqMethod === 'INVITE' || request.request.body.length > 0;
    if (!REFRESHING.has(request.routing.cseqMethod) || !offers) return undefined;
    if (dialog.inviting === 'ours') return { status: 491, headers: [] };
    return dialog.inviting === 'theirs' ? busy(500, Math.floor(Math.random() * 10)) : undefined;
  }

  /** The application is about to have it. */
  onRequest(request: InboundRequest): void {
    const { dialog } = request;
    if (!dialog) return;
    const { cseqMethod } = request.routing;
    if (cseqMethod === 'INVITE') {
      dialog.inviting = 'theirs';
      request.inviting = true;
    }
    if (REFRESHING.has(cseqMethod)) dialog.remoteTarget = contactOf(request.request) ?? dialog.remoteTarget;
    // §15.1.2: the session is over, whatever the answer to the BYE.
    if (cseqMethod === 'BYE') this.life.end(dialog);
  }

  /** The answer is about to leave. */
  onAnswer(request: InboundRequest, answer: WireMessage): void {
    const status = answer.status ?? 0;
    const { cseqMethod, toTag } = request.routing;
    if (status === 100 || !REFRESHING.has(cseqMethod)) return;
    const initial = cseqMethod === 'INVITE' && toTag === undefined;
    const dialog = initial && status < 300 ? this.made(request) : request.dialog;
    if (!dialog || status < 200) return;
    if (request.inviting) dialog.inviting = undefined;
    if (status < 300) this.onSuccess(dialog, request, answer);
    else if (initial && dialog.state === 'early') this.life.end(dialog);
  }

  private made(request: InboundRequest): Dialog {
    if (request.dialog) return request.dialog;
    const dialog = calledDialog(request.request, request.routing, request.toTag);
    this.core.dialogs.add(dialog);
    request.dialog = dialog;
    request.inviting = true;
    return dialog;
  }

  private onSuccess(dialog: Dialog, request: InboundRequest, answer: WireMessage): void {
    if (dialog.state === 'ended') return;
    this.life.watchSession(dialog, answer, false);
    if (request.routing.cseqMethod !== 'INVITE') return;
    dialog.state = 'confirmed';
    const { cseq } = request.routing;
    this.life.repeatUntilAck(dialog, { invite: request, cseq, bytes: answer.bytes, path: request.path });
  }

  /** The ACK to a 2xx; others are absorbed. */
  onAck(parsed: Parsed, source: Address): void {
    const dialog = this.core.dialogs.of(parsed.routing);
    const invite = dialog && this.life.acknowledged(dialog, parsed.routing.cseq);
    if (!invite) {
      if (!dialog) this.core.settings.count('sip_stray_acks_total');
      return;
    }
    guarded(this.core, () => this.core.delegate?.onAck(invite, parsed.message, source));
  }
}
