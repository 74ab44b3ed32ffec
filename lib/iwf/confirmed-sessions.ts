/** …a bot and a user agree on a session: invited by one side, confirmed by the other, ended by either (OMA REST NetAPI Chat, one-to-one). */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { Notifications } from '../notify/notifications.js';
import { ApiError } from '../resources/api-error.js';
import type { ChatMessage } from '../resources/chat-message.js';
import type { ChatSession, ChatSessionRequest } from '../resources/chat-session.js';
import type { IsComposing } from '../resources/is-composing.js';
import type { Invitation, NetworkBot, NetworkUser, Outgoing, Refusal } from '../sip/network.js';
import type { Store } from '../store/store.js';
import type { Chatbot, Idempotency } from './actions.js';
import { sendComposing } from './composing.js';
import { completeIds, type Conversations, type LiveSession, type SessionContext } from './conversations.js';
import type { ConversationRecord, SessionRecord } from './records.js';
import { sessionEnd } from './session-end.js';
import { type SessionEvent, SessionLog } from './session-log.js';
import { type RunningSession, SessionRoll } from './session-roll.js';
import type { Submission, Submitted } from './submission.js';

export interface ConfirmedSessionsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly notifications: Notifications;
  readonly conversations: Conversations;
  readonly submission: Submission;
  /** A contact as a path names it. Throws ApiError SVC0004. */
  readonly user: (contact: string) => NetworkUser;
  /** A bot as this user is to see it. */
  readonly announced: (bot: Chatbot, user: string) => Promise<NetworkBot>;
  /** What is remembered of the two: the Conversation-ID, and the address last received from the user. */
  readonly remembered: (bot: string, user: string) => Promise<ConversationRecord | undefined>;
  /** A message inside an INVITE; undefined: it is taken. */
  readonly receive: (context: SessionContext, cpim: Buffer) => Promise<Refusal | undefined>;
  readonly limits: ConfirmedSessionsLimits;
}

export interface ConfirmedSessionsLimits {
  /** How long a user's invitation waits for the bot, ms; shorter than the engine waits for us. */
  readonly invitationMs: number;
  /** How long the end of a session can be read, and a correlator is known, ms. */
  readonly correlatorMs: number;
  readonly maxSessions: number;
  /** Of one bot, those that wait included. */
  readonly maxSessionsPerBot: number;
}

const retryAfterS = 30;

/** A session of a bot and a user. */
interface Place {
  readonly contact: string;
  readonly sessionId: string;
}

export class ConfirmedSessions {
  private readonly options: ConfirmedSessionsOptions;
  private readonly sessions: SessionLog;
  private readonly roll = new SessionRoll();
  /** INVITEs on their way, and invitations being answered. */
  private readonly underWay = new Set<Promise<unknown>>();
  private isDraining = false;

  constructor(options: ConfirmedSessionsOptions) {
    this.options = options;
    this.sessions = new SessionLog({ ...options, ...options.limits });
  }

  start(): Promise<void> {
    return this.sessions.settleOld();
  }

  /** Invitations that wait come to nothing, and none comes about any more. */
  async drain(): Promise<void> {
    this.isDraining = true;
    for (const session of this.roll.all) {
      if (session.phase.kind === 'inviting') session.phase.abort.abort();
      if (session.phase.kind === 'invited') this.giveUp(session, { status: 503, retryAfterS });
    }
    await Promise.allSettled(this.underWay);
  }

  /** Resolves once all that has happened is durable. */
  async told(): Promise<void> {
    await Promise.all(this.roll.all.map(({ settled }) => settled));
  }

  // — the bot's side ———————————————————————————————————————————————————————————————————————————————

  /** Durable when it resolves; the INVITE is on its way. */
  async create(
    bot: Chatbot,
    contact: string,
    request: ChatSessionRequest,
    idempotency?: Idempotency,
  ): Promise<ChatSession> {
    const user = this.options.user(contact);
    const first = idempotency && (await this.sessions.firstAnswer(bot, user.key, idempotency));
    if (first) return shown(bot.uri, first);
    this.checkRequest(user, request);
    const known = await this.options.remembered(bot.uri, user.key);
    this.checkLimits(bot, user);
    const context = {
      user: { ...user, uri: known?.userUri ?? user.uri },
      ids: completeIds({}, known?.conversationId),
    };
    const session = this.begin({ bot, direction: 'outbound', request, context });
    // The same correlator came twice at once: the other one was first.
    if (!(await this.isCommitted(session, () => this.sessions.create(bot, session.record, idempotency))))
      return this.create(bot, contact, request, idempotency);
    void this.tracked(this.invite(session));
    return shown(bot.uri, session.record);
  }

  async get(bot: Chatbot, place: Place): Promise<ChatSession | undefined> {
    const found = await this.find(bot, place);
    return found && shown(bot.uri, found);
  }

  /** BYE, CANCEL or decline, by what it has come to; it is no more then. False: there is none. */
  async end(bot: Chatbot, place: Place): Promise<boolean> {
    const found = await this.find(bot, place);
    if (!found) return false;
    const session = this.roll.get(place.sessionId);
    if (session) {
      const { phase } = session;
      this.over(session);
      if (phase.kind === 'inviting') phase.abort.abort();
      if (phase.kind === 'invited') await this.refuse(phase.invitation, { status: 603 });
      if (phase.kind === 'connected') this.options.conversations.close(phase.live);
      await session.settled;
    }
    await this.sessions.remove(bot.uri, found.contact, place.sessionId);
    return true;
  }

  /** Accepts a user's invitation. False: there is none; throws ApiError where it does not wait (any more). */
  async accept(bot: Chatbot, place: Place): Promise<boolean> {
    const found = await this.find(bot, place);
    if (!found) return false;
    const session = this.roll.get(place.sessionId);
    if (session?.phase.kind === 'connected' && found.direction === 'inbound') return true;
    if (session?.phase.kind !== 'invited') throw new ApiError('SVC0002', ['status', 'there is nothing to accept']);
    const { invitation, timer } = session.phase;
    timer.close();
    session.phase = { kind: 'accepting' };
    await this.tracked(this.acceptNow(session, invitation));
    return true;
  }

  /** Throws ApiError: SVC2008 for no such session, SVC0002 for one that is not connected. */
  async send(bot: Chatbot, place: Place, message: ChatMessage, idempotency?: Idempotency): Promise<Submitted> {
    const { user, ids } = (await this.connectedTo(bot, place)).context;
    const { conversationId, contributionId } = ids;
    const session = { sessionId: place.sessionId, conversationId, contributionId };
    return this.options.submission.submit(bot, user, message, { idempotency, session });
  }

  /** As above; never stored. */
  async composing(bot: Chatbot, place: Place, state: IsComposing): Promise<void> {
    const { user } = (await this.connectedTo(bot, place)).context;
    const dateTime = new Date(this.options.clock.now()).toISOString();
    await sendComposing(this.options.conversations, bot.uri, user.key, { state, dateTime });
  }

  // — the network's side ———————————————————————————————————————————————————————————————————————————

  /** Whether the bot decides on invitations itself: then `invited` takes them. */
  decides(bot: string): boolean {
    return this.options.notifications.wanted(bot, 'chatSessionInvitation');
  }

  /** A user's INVITE waits for the bot; resolves once the bot's notification is durable. */
  async invited(invitation: Invitation, context: SessionContext): Promise<void> {
    const { store, notifications } = this.options;
    const { bot, user } = context;
    if (this.isFull(bot)) return invitation.refuse({ status: 480, retryAfterS });
    const session = this.begin({ bot, direction: 'inbound', request: {}, context, invitation });
    const { record } = session;
    invitation.onceCancelled(() => this.cancelled(session));
    const told = { bot: bot.uri, originatorAddress: user.key, sessionId: record.sessionId };
    const enqueue = notifications.items({ kind: 'chatSessionInvitation', ...told });
    const put = [this.sessions.put(bot.uri, record)];
    await this.isCommitted(session, () => store.commit({ put, enqueue }));
  }

  private async invite(session: RunningSession): Promise<void> {
    const { conversations, log } = this.options;
    const { bot, context, record, phase } = session;
    if (phase.kind !== 'inviting') return;
    try {
      // One chat between the two: what there is gives way.
      const before = conversations.live(bot.uri, context.user.key);
      if (before) conversations.close(before);
      const opened = await conversations.dial(context, await this.outgoing(session), phase.abort.signal);
      if (opened.kind === 'open') {
        await this.connected(session, opened.live, 'Accepted');
        return;
      }
      const { status, event } = sessionEnd(opened.outcome.status);
      log.info('session refused', { conversationId: record.conversationId, status: opened.outcome.status });
      await this.finish(session, status, event);
    } catch (error) {
      log.error('session not opened', { error });
      await this.finish(session, 'Disconnected', 'SessionFailed');
    }
  }

  private async outgoing({ bot, context, record }: RunningSession): Promise<Outgoing> {
    const { user, ids } = context;
    const { subject } = record.request;
    const announced = await this.options.announced(bot, user.key);
    return { bot: announced, userUri: user.uri, ids, ...(subject === undefined ? {} : { subject }) };
  }

  private async acceptNow(session: RunningSession, invitation: Invitation): Promise<void> {
    const live = await this.answer(session, invitation).catch((error: unknown) => {
      this.options.log.error('invitation not answered', { error });
      return undefined;
    });
    if (live) return this.connected(session, live);
    await this.finish(session, 'Disconnected', 'SessionFailed');
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

  private async connected(session: RunningSession, live: LiveSession, event?: SessionEvent): Promise<void> {
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

  /** Whoever ended it, but not the bot. */
  private ended(session: RunningSession): void {
    if (session.phase.kind === 'connected') void this.finish(session, 'Disconnected', 'SessionEnded');
  }

  private cancelled(session: RunningSession): void {
    if (session.phase.kind === 'invited') void this.finish(session, 'Disconnected', 'SessionCancelled');
  }

  /** An invitation that the bot did not answer. */
  private giveUp(session: RunningSession, refusal: Refusal): void {
    if (session.phase.kind !== 'invited') return;
    void this.refuse(session.phase.invitation, refusal);
    void this.finish(session, 'Disconnected', 'SessionFailed');
  }

  /** It is over, and the bot is told. Once: what the bot has ended itself is over already. */
  private async finish(session: RunningSession, status: SessionRecord['status'], event: SessionEvent): Promise<void> {
    if (session.phase.kind === 'over') return;
    const told = this.tell(session, status, event);
    this.over(session);
    await told;
  }

  private over(session: RunningSession): void {
    if (session.phase.kind === 'invited') session.phase.timer.close();
    session.phase = { kind: 'over' };
    session.settled = session.settled.then(() => this.roll.remove(session));
  }

  private tell(session: RunningSession, status: SessionRecord['status'], event?: SessionEvent): Promise<void> {
    session.record = { ...session.record, status };
    const { record, bot } = session;
    session.settled = session.settled.then(() => this.sessions.write(bot.uri, record, event));
    return session.settled;
  }

  private begin({ bot, direction, request, context, invitation }: Beginning): RunningSession {
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
    if (invitation) {
      const { clock, limits } = this.options;
      const timer = clock.after(limits.invitationMs, () => this.giveUp(session, { status: 480, retryAfterS }));
      session.phase = { kind: 'invited', invitation, timer };
    }
    this.roll.add(session);
    return session;
  }

  /** False, and nothing runs, where the commit was refused. Rejects where the store does. */
  private async isCommitted(session: RunningSession, commit: () => Promise<boolean>): Promise<boolean> {
    let isDurable = false;
    try {
      isDurable = await commit();
    } finally {
      if (!isDurable) this.over(session);
    }
    return isDurable;
  }

  private async tracked<T>(work: Promise<T>): Promise<T> {
    this.underWay.add(work);
    try {
      return await work;
    } finally {
      this.underWay.delete(work);
    }
  }

  private checkRequest(user: NetworkUser, { tParticipantAddress }: ChatSessionRequest): void {
    if (this.isDraining) throw new ApiError('SVC1000', [], { retryAfterS });
    if (tParticipantAddress !== undefined && this.options.user(tParticipantAddress).key !== user.key)
      throw new ApiError('SVC0002', ['tParticipantAddress', 'is not the user of the path']);
  }

  private checkLimits(bot: Chatbot, user: NetworkUser): void {
    if (this.roll.hasOutbound(bot.uri, user.key))
      throw new ApiError('POL0001', ['there is a session with this user already']);
    if (this.options.conversations.full(bot.uri) === 'gateway') throw new ApiError('SVC1000', [], { retryAfterS });
    if (this.isFull(bot)) throw new ApiError('POL0001', ['too many sessions'], { status: 429, retryAfterS });
  }

  private isFull(bot: Chatbot): boolean {
    const { limits, metrics } = this.options;
    if (this.roll.ofBot(bot.uri) < limits.maxSessionsPerBot && this.roll.size < limits.maxSessions) return false;
    metrics.count('limit_reached_total', { limit: 'confirmed sessions' });
    return true;
  }

  private find(bot: Chatbot, { contact, sessionId }: Place): Promise<SessionRecord | undefined> {
    return this.sessions.find(bot.uri, this.options.user(contact).key, sessionId);
  }

  private async connectedTo(bot: Chatbot, place: Place): Promise<RunningSession> {
    if (!(await this.find(bot, place))) throw new ApiError('SVC2008', ['session', place.sessionId]);
    const session = this.roll.get(place.sessionId);
    if (session?.phase.kind === 'connected') return session;
    throw new ApiError('SVC0002', ['sessionId', 'the session is not connected']);
  }

  private refuse(invitation: Invitation, refusal: Refusal): Promise<void> {
    return invitation.refuse(refusal).catch((error: unknown) => {
      this.options.log.warn('refusal not sent', { error });
    });
  }
}

interface Beginning {
  readonly bot: Chatbot;
  readonly direction: SessionRecord['direction'];
  readonly request: ChatSessionRequest;
  readonly context: Pick<SessionContext, 'user' | 'ids' | 'expiresAtMs'>;
  readonly invitation?: Invitation;
}

function shown(bot: string, { sessionId, contact, direction, status, request }: SessionRecord): ChatSession {
  const [originatorAddress, tParticipantAddress] = direction === 'outbound' ? [bot, contact] : [contact, bot];
  return { ...request, id: sessionId, status, originatorAddress, tParticipantAddress };
}
