/** Dialogs as the calling side sees them: made by responses, acknowledged, ended (RFC 3261 §12.1.2, §13.2.2, §15.1.1). */
import type { DialogId, HeaderLine, RequestDraft, Sent } from '../api.js';
import type { Core } from '../core.js';
import { callingDialog, contactOf, dialogIdOf, learnAnswer, type Dialog } from './dialog.js';
import { DialogLife } from './dialog-life.js';
import type { Outbound } from '../outbound.js';
import type { Parsed } from '../message/parse.js';
import type { Path } from '../transport/path.js';
import { planRequest, type RequestPlan } from '../request.js';
import type { Made } from '../way.js';

export interface OutboundWays {
  /** Sends a request of the engine's own; nobody hears its response. */
  readonly request: (draft: RequestDraft, dialog: Dialog) => Promise<Outbound>;
  readonly make: (plan: RequestPlan) => Promise<Made>;
}

interface Acknowledgement {
  readonly invite: Outbound;
  readonly dialog: Dialog;
  sent: { readonly bytes: Buffer; readonly path: Path } | undefined;
}

/** Of one fork that answer 2xx. */
const MAX_BRANCHES = 16;
const REFRESHING = new Set(['INVITE', 'UPDATE']);

export class OutboundDialogs {
  readonly life: DialogLife;
  private readonly core: Core;
  private readonly ways: OutboundWays;
  /** 2xx responses to INVITEs of ours, as long as one of them may come again. */
  private readonly accepted = new Map<Outbound, Acknowledgement[]>();
  /** The newest of each dialog. */
  private readonly newest = new WeakMap<Dialog, Acknowledgement>();

  constructor(core: Core, ways: OutboundWays) {
    this.core = core;
    this.ways = ways;
    this.life = new DialogLife(core, async (dialog) => (await ways.request(byeDraft, dialog)).sent);
  }

  idOf(outbound: Outbound): DialogId {
    return outbound.dialog?.id ?? dialogIdOf(outbound.routing.callId, outbound.routing.fromTag ?? '');
  }

  /** A request of the application is about to leave inside the dialog. */
  onLeaving(dialog: Dialog, method: string): void {
    if (method === 'INVITE') dialog.inviting = 'ours';
    // The session is over as soon as the BYE is under way, whatever its answer (§15.1.1).
    if (method === 'BYE') this.life.leave(dialog);
  }

  /** Returns what has to follow once the application knows the response. */
  onResponse(outbound: Outbound, parsed: Parsed): (() => void) | undefined {
    const status = parsed.message.status ?? 0;
    const dialog = outbound.dialog ?? this.made(outbound, parsed);
    if (!dialog) return undefined;
    if (status >= 200 && outbound.invite && dialog.inviting === 'ours') dialog.inviting = undefined;
    if (status >= 200 && status < 300) this.onSuccess(dialog, outbound, parsed);
    // §12.2.1.2: the peer does not know the dialog, or does not answer in it.
    const lost = outbound.dialog && (status === 408 || status === 481) && dialog.state === 'confirmed';
    return lost ? () => this.life.hangUp(dialog) : undefined;
  }

  /** The dialog of an INVITE from outside of any, as this response leaves it (§12.1). */
  private made(outbound: Outbound, parsed: Parsed): Dialog | undefined {
    const status = parsed.message.status ?? 0;
    if (!outbound.invite || status === 100) return undefined;
    const known = this.core.dialogs.get(this.idOf(outbound));
    if (status >= 300) {
      if (known?.state === 'early') this.life.end(known);
      return undefined;
    }
    if (known) {
      if (known.state === 'early') learnAnswer(known, parsed);
      return known;
    }
    if (parsed.routing.toTag === undefined && status < 200) return undefined;
    const dialog = callingDialog(outbound.routing, outbound.message.uri ?? '', parsed);
    this.core.dialogs.add(dialog);
    return dialog;
  }

  private onSuccess(dialog: Dialog, outbound: Outbound, parsed: Parsed): void {
    if (dialog.state === 'ended' || !REFRESHING.has(outbound.routing.cseqMethod)) return;
    if (outbound.invite) {
      dialog.state = 'confirmed';
      const acknowledgement: Acknowledgement = { invite: outbound, dialog, sent: undefined };
      this.accepted.set(outbound, [acknowledgement]);
      this.newest.set(dialog, acknowledgement);
    }
    dialog.remoteTarget = contactOf(parsed.message) ?? dialog.remoteTarget;
    this.life.watchSession(dialog, parsed.message, true);
  }

  /** Undefined: there is nothing to acknowledge, or no way for it; then the dialog has ended. */
  async ack(dialogId: DialogId, draft: { headers: readonly HeaderLine[]; body?: Buffer }): Promise<Sent | undefined> {
    const dialog = this.core.dialogs.get(dialogId);
    const acknowledgement = dialog && this.newest.get(dialog);
    if (!acknowledgement || acknowledgement.sent) return undefined;
    return this.acknowledge(acknowledgement, draft);
  }

  private async acknowledge(
    acknowledgement: Acknowledgement,
    draft: { headers: readonly HeaderLine[]; body?: Buffer },
  ): Promise<Sent | undefined> {
    const { dialog, invite } = acknowledgement;
    const headers: HeaderLine[] = [...draft.headers.filter(([name]) => name.toLowerCase() !== 'cseq')];
    headers.push(['CSeq', `${invite.routing.cseq} ACK`]);
    const plan = planRequest({ ...draft, method: 'ACK', uri: dialog.remoteTarget, headers }, dialog);
    const made = await this.ways.make(plan);
    if (!made.path) {
      this.giveUp(dialog);
      return undefined;
    }
    acknowledgement.sent = { bytes: made.message.bytes, path: made.path };
    made.path.send(made.message.bytes);
    return { message: made.message, local: made.local, remote: made.remote };
  }

  /** The 2xx has no Contact, or one that leads nowhere (§12.1.2): neither ACK nor BYE can reach who sent it. */
  private giveUp(dialog: Dialog): void {
    if (this.life.end(dialog)) this.core.settings.count('sip_dialogs_lost_total', { reason: 'no_way_for_ack' });
  }

  /** The 2xx again: the ACK again. A 2xx of another branch: ACK and BYE (§13.2.2.4). */
  onLate2xx(outbound: Outbound, parsed: Parsed): void {
    const branches = this.accepted.get(outbound) ?? [];
    const known = branches.find(({ dialog }) => dialog.remoteTag === (parsed.routing.toTag ?? ''));
    if (known?.sent) this.repeat(known.sent);
    if (known || outbound.dialog || branches.length >= MAX_BRANCHES) return;
    this.core.settings.count('sip_forked_total');
    const fork = callingDialog(outbound.routing, outbound.message.uri ?? '', parsed);
    const branch: Acknowledgement = { invite: outbound, dialog: fork, sent: undefined };
    branches.push(branch);
    void this.acknowledge(branch, { headers: [] })
      .then(() => this.ways.request(byeDraft, fork))
      .catch((error: unknown) => this.core.settings.onError(error));
  }

  /** The 2xx may have come by a new stream because ours has closed. */
  private repeat({ path, bytes }: NonNullable<Acknowledgement['sent']>): void {
    if (path.usable) path.send(bytes);
    else
      void this.core.transport.open(path.remote).then(
        (again) => again.send(bytes),
        () => undefined,
      );
  }

  forget(outbound: Outbound): void {
    this.accepted.delete(outbound);
  }
}

const byeDraft: RequestDraft = { method: 'BYE', uri: 'sip:placeholder', headers: [] };
