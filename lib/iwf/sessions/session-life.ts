/** A confirmed session from its beginning to its end: every step is told in its order, and the end once. */
import { randomUUID } from 'node:crypto';
import type { Metrics } from '../../metrics.js';
import type { Chatbot } from '../actions.js';
import type { LiveSession, SessionContext } from './conversation.js';
import type { Conversations } from './conversations.js';
import type { SessionRecord } from '../records.js';
import type { SessionEvent, SessionLog } from './session-log.js';
import { type RunningSession, SessionRoll } from './session-roll.js';

export interface SessionLifeOptions {
  readonly metrics: Metrics;
  readonly conversations: Conversations;
  readonly sessions: SessionLog;
  readonly maxSessions: number;
  /** Of one bot, those that wait included. */
  readonly maxSessionsPerBot: number;
  /** Of one user with one bot. */
  readonly maxSessionsPerUser: number;
}

export interface Beginning {
  readonly bot: Chatbot;
  readonly direction: SessionRecord['direction'];
  readonly request: SessionRecord['request'];
  readonly context: Pick<SessionContext, 'user' | 'ids' | 'expiresAtMs'>;
}

export class SessionLife {
  readonly roll = new SessionRoll();
  private readonly options: SessionLifeOptions;
  private isDraining = false;

  constructor(options: SessionLifeOptions) {
    this.options = options;
  }

  /** None comes about any more. */
  drain(): void {
    this.isDraining = true;
  }

  get draining(): boolean {
    return this.isDraining;
  }

  /** `caller`: the user who asks for it. */
  isFull(bot: Chatbot, caller?: string): boolean {
    const limit = this.limitOf(bot, caller);
    if (limit === undefined) return false;
    this.options.metrics.count('limit_reached_total', { limit }, 1, bot.uri);
    return true;
  }

  private limitOf({ uri, limits }: Chatbot, caller: string | undefined): string | undefined {
    const { maxSessionsPerUser, maxSessionsPerBot, maxSessions } = this.options;
    const mostOfUser = limits?.sessionsPerUser ?? maxSessionsPerUser;
    if (caller !== undefined && this.roll.ofUser(uri, caller) >= mostOfUser) return 'limits.sessionsPerUser';
    if (this.roll.ofBot(uri) >= (limits?.sessionsPerBot ?? maxSessionsPerBot)) return 'limits.sessionsPerBot';
    return this.roll.size < maxSessions ? undefined : 'msrp.maxSessions';
  }

  /** It is on the roll, inviting; who was invited says so next. */
  begin({ bot, direction, request, context }: Beginning): RunningSession {
    const sessionId = randomUUID();
    const { user, ids } = context;
    const { conversationId, contributionId } = ids;
    const session: RunningSession = {
      bot,
      context: { ...context, bot, service: 'session', sessionId, onEnded: () => this.ended(session) },
      record: { sessionId, contact: user.key, direction, status: 'Invited', conversationId, contributionId, request },
      phase: { kind: 'inviting', abort: new AbortController() },
      settled: Promise.resolve(),
    };
    this.roll.add(session);
    return session;
  }

  /** False, and nothing runs, where the commit was refused. Rejects where the store does. */
  async isCommitted(session: RunningSession, commit: () => Promise<boolean>): Promise<boolean> {
    let isDurable = false;
    try {
      isDurable = await commit();
    } finally {
      if (!isDurable) this.over(session);
    }
    return isDurable;
  }

  async connected(session: RunningSession, live: LiveSession, event?: SessionEvent): Promise<void> {
    if (session.phase.kind === 'over') {
      this.options.conversations.close(live);
      return;
    }
    if (this.isDraining) {
      this.options.conversations.close(live);
      await this.finish(session, 'Disconnected', 'SessionFailed');
      return;
    }
    session.phase = { kind: 'connected', live };
    await this.tell(session, 'Connected', event);
    // It ended before it was known to be there.
    if (!live.session.open) this.ended(session);
  }

  /** It is over, and the bot is told. Once: what the bot has ended itself is over already. */
  async finish(session: RunningSession, status: SessionRecord['status'], event: SessionEvent): Promise<void> {
    if (session.phase.kind === 'over') return;
    const told = this.tell(session, status, event);
    this.over(session);
    await told;
  }

  over(session: RunningSession): void {
    if (session.phase.kind === 'invited') session.phase.timer.close();
    session.phase = { kind: 'over' };
    session.settled = session.settled.then(() => this.roll.remove(session));
  }

  /** Whoever ended it, but not the bot. */
  private ended(session: RunningSession): void {
    if (session.phase.kind === 'connected') void this.finish(session, 'Disconnected', 'SessionEnded');
  }

  private tell(session: RunningSession, status: SessionRecord['status'], event?: SessionEvent): Promise<void> {
    session.record = { ...session.record, status };
    const { record, bot } = session;
    session.settled = session.settled.then(() => this.options.sessions.write(bot.uri, record, event));
    return session.settled;
  }
}
