/** What happens to a dialog with time: its 2xx repeated, its session ended unless refreshed (RFC 3261 §13.3.1.4, RFC 4028 §10). */
import type { Sent, ServerTransaction } from '../api.js';
import { guarded, type Core } from '../core.js';
import type { Dialog } from './dialog.js';
import type { WireMessage } from '../message/message.js';
import type { Path } from '../transport/path.js';
import { sessionEndMs } from './session-timer.js';
import { longMs } from '../transaction/timers.js';

export interface Accepted {
  readonly invite: ServerTransaction;
  readonly cseq: number;
  readonly bytes: Buffer;
  readonly path: Path;
}

export class DialogLife {
  private readonly core: Core;
  /** Sends a BYE in a dialog that has ended; resolves once it has left, or cannot. */
  private readonly sendBye: (dialog: Dialog) => Promise<Sent>;

  constructor(core: Core, sendBye: (dialog: Dialog) => Promise<Sent>) {
    this.core = core;
    this.sendBye = sendBye;
  }

  /** Our 2xx has left: again and again until the ACK comes, over TCP too; none in 64*T1 ends the dialog. */
  repeatUntilAck(dialog: Dialog, accepted: Accepted): void {
    const { timers, settings } = this.core;
    dialog.unacknowledged?.stop();
    let intervalMs = settings.values.t1Ms;
    const again = (): void => {
      accepted.path.send(accepted.bytes);
      intervalMs = Math.min(intervalMs * 2, settings.values.t2Ms);
      repeat = timers.after(intervalMs, again);
    };
    let repeat = timers.after(intervalMs, again);
    const limit = timers.after(longMs(settings.values), () => {
      settings.count('sip_dialogs_lost_total', { reason: 'no_ack' });
      this.hangUp(dialog);
    });
    const stop = (): void => {
      repeat.close();
      limit.close();
    };
    dialog.unacknowledged = { cseq: accepted.cseq, invite: accepted.invite, stop };
  }

  /** The INVITE that this ACK belongs to; undefined where it came before, or belongs to none. */
  acknowledged(dialog: Dialog, cseq: number): ServerTransaction | undefined {
    const waiting = dialog.unacknowledged;
    if (waiting?.cseq !== cseq) return undefined;
    waiting.stop();
    dialog.unacknowledged = undefined;
    return waiting.invite;
  }

  /** A 2xx to INVITE or UPDATE starts the session timer anew, or ends it (RFC 4028 §7.2, §9). */
  watchSession(dialog: Dialog, answer: WireMessage, weAsked: boolean): void {
    dialog.sessionTimer?.close();
    const endMs = sessionEndMs(answer, weAsked);
    if (endMs === undefined) {
      dialog.sessionTimer = undefined;
      return;
    }
    dialog.sessionTimer = this.core.timers.after(endMs, () => {
      this.core.settings.count('sip_dialogs_lost_total', { reason: 'session_timer' });
      this.hangUp(dialog);
    });
  }

  /** False where it had ended before. */
  end(dialog: Dialog): boolean {
    dialog.sessionTimer?.close();
    dialog.unacknowledged?.stop();
    dialog.sessionTimer = undefined;
    dialog.unacknowledged = undefined;
    return this.core.dialogs.end(dialog);
  }

  /** We say BYE; false where it had ended before. */
  leave(dialog: Dialog): boolean {
    if (!this.end(dialog)) return false;
    this.core.dialogs.leave(dialog);
    return true;
  }

  /** The engine itself ends the dialog, and tells. */
  hangUp(dialog: Dialog): void {
    if (!this.leave(dialog)) return;
    void this.sendBye(dialog).then(
      (bye) => guarded(this.core, () => this.core.delegate?.onBye(dialog.id, bye)),
      (error: unknown) => this.core.settings.onError(error),
    );
  }
}
