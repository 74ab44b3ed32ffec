/** The INVITEs of confirmed sessions: ours to a user, and a user's that waits for the bot (RFC 3261 §13). */
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import { ApiError } from '../../resources/api-error.js';
import type { Invitation, NetworkBot, Outgoing, Refusal } from '../../sip/network.js';
import type { Chatbot } from '../actions.js';
import type { LiveSession, SessionContext } from './conversation.js';
import type { Conversations } from './conversations.js';
import { sessionEnd } from './session-end.js';
import type { SessionLife } from './session-life.js';
import type { RunningSession } from './session-roll.js';

export interface SessionInvitationsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly conversations: Conversations;
  readonly life: SessionLife;
  /** A bot as this user is to see it. */
  readonly announced: (bot: Chatbot, user: string) => Promise<NetworkBot>;
  /** A message inside an INVITE; undefined: it is taken. */
  readonly receive: (context: SessionContext, cpim: Buffer) => Promise<Refusal | undefined>;
  /** How long a user's invitation waits for the bot, ms. */
  readonly invitationMs: number;
}

/** Retry-After of an invitation that the bot has not answered, seconds. */
const retryAfterS = 30;

export class SessionInvitations {
  private readonly options: SessionInvitationsOptions;
  /** INVITEs on their way, and invitations being answered. */
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(options: SessionInvitationsOptions) {
    this.options = options;
  }

  /** Invitations that wait come to nothing. */
  async drain(): Promise<void> {
    for (const session of this.options.life.roll.all) {
      if (session.phase.kind === 'inviting') session.phase.abort.abort();
      if (session.phase.kind === 'invited') this.giveUp(session, { status: 503, retryAfterS });
    }
    await Promise.allSettled(this.underWay);
  }

  /** The INVITE is on its way; what becomes of it is told. */
  send(session: RunningSession): void {
    void this.tracked(this.invite(session));
  }

  /** A user's INVITE waits for the bot from now on. */
  wait(session: RunningSession, invitation: Invitation): void {
    const { clock, invitationMs } = this.options;
    const timer = clock.after(invitationMs, () => this.giveUp(session, { status: 480, retryAfterS }));
    session.phase = { kind: 'invited', invitation, timer };
    invitation.onceCancelled(() => this.cancelled(session));
  }

  /**
   * Resolves once it is connected; a repeat meanwhile has the same answer. Throws ApiError where it does not wait (any
   * more), or does not come about.
   */
  async accept(session: RunningSession): Promise<void> {
    const { phase } = session;
    if (phase.kind === 'accepting') return phase.answered;
    if (phase.kind !== 'invited') throw new ApiError('SVC0002', ['status', 'there is nothing to accept']);
    phase.timer.close();
    const answered = this.tracked(this.acceptNow(session, phase.invitation));
    session.phase = { kind: 'accepting', answered };
    await answered;
  }

  /** Resolves in any case. */
  refuse(invitation: Invitation, refusal: Refusal): Promise<void> {
    return invitation.refuse(refusal).catch((error: unknown) => {
      this.options.log.warn('refusal not sent', { error });
    });
  }

  private async invite(session: RunningSession): Promise<void> {
    const { conversations, log, life } = this.options;
    const { bot, context, record, phase } = session;
    if (phase.kind !== 'inviting') return;
    try {
      // One chat between the two: what there is gives way.
      const before = conversations.live(bot.uri, context.user.key);
      if (before) conversations.close(before);
      const opened = await conversations.dial(context, await this.outgoing(session), phase.abort.signal);
      if (opened.kind === 'open') {
        await life.connected(session, opened.live, 'Accepted');
        return;
      }
      const { status, event } = sessionEnd(opened.outcome.status);
      log.info('session refused', { conversationId: record.conversationId, status: opened.outcome.status });
      await life.finish(session, status, event);
    } catch (error) {
      log.error('session not opened', { error });
      await life.finish(session, 'Disconnected', 'SessionFailed');
    }
  }

  private async outgoing({ bot, context, record }: RunningSession): Promise<Outgoing> {
    const { user, ids } = context;
    const { subject } = record.request;
    const announced = await this.options.announced(bot, user.key);
    return { bot: announced, userUri: user.uri, ids, ...(subject === undefined ? {} : { subject }) };
  }

  private async acceptNow(session: RunningSession, invitation: Invitation): Promise<void> {
    const { log, life } = this.options;
    const live = await this.answer(session, invitation).catch((error: unknown) => {
      log.error('invitation not answered', { error });
      return undefined;
    });
    if (live) return life.connected(session, live);
    await life.finish(session, 'Disconnected', 'SessionFailed');
    throw new ApiError('POL0001', ['the session did not come about']);
  }

  private async answer(session: RunningSession, invitation: Invitation): Promise<LiveSession | undefined> {
    const { conversations, receive, announced } = this.options;
    const refusal = invitation.firstMessage && (await receive(session.context, invitation.firstMessage));
    if (refusal) {
      await this.refuse(invitation, refusal);
      return undefined;
    }
    const { bot, context } = session;
    return conversations.accept(invitation, await announced(bot, context.user.key), context);
  }

  private cancelled(session: RunningSession): void {
    if (session.phase.kind !== 'invited') return;
    void this.options.life.finish(session, 'Disconnected', 'SessionCancelled');
  }

  /** An invitation that the bot did not answer. */
  private giveUp(session: RunningSession, refusal: Refusal): void {
    if (session.phase.kind !== 'invited') return;
    void this.refuse(session.phase.invitation, refusal);
    void this.options.life.finish(session, 'Disconnected', 'SessionFailed');
  }

  private async tracked<T>(work: Promise<T>): Promise<T> {
    this.underWay.add(work);
    try {
      return await work;
    } finally {
      this.underWay.delete(work);
    }
  }
}
