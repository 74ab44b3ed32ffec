/** …a bot and a user agree on a session: invited by one side, confirmed by the other, ended by either (OMA REST NetAPI Chat, one-to-one). */
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import type { Notifications } from '../../notify/notifications.js';
import { ApiError } from '../../resources/api-error.js';
import type { ChatMessage } from '../../resources/chat-message.js';
import type { ChatSession, ChatSessionRequest } from '../../resources/chat-session.js';
import type { IsComposing } from '../../resources/is-composing.js';
import type { Invitation, NetworkUser } from '../../sip/network.js';
import type { Store } from '../../store/store.js';
import type { Chatbot, Idempotency } from '../actions.js';
import type { ReadContact } from '../contact.js';
import { sendComposing } from '../messages/composing.js';
import { completeIds, type SessionContext } from './conversation.js';
import type { Conversations } from './conversations.js';
import { isHidden } from '../hidden-user.js';
import { type ConversationRecord, pairKey, type SessionRecord } from '../records.js';
import { SessionInvitations, type SessionInvitationsOptions } from './session-invitations.js';
import { SessionLife } from './session-life.js';
import { isSessionId, SessionLog } from './session-log.js';
import type { RunningSession } from './session-roll.js';
import { Turns } from './turns.js';
import type { Submission, Submitted } from '../messages/submission.js';

export interface ConfirmedSessionsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly notifications: Notifications;
  readonly conversations: Conversations;
  readonly submission: Submission;
  /** A contact as a path or a body names it. Throws ApiError SVC0004 naming the part. */
  readonly user: ReadContact;
  readonly announced: SessionInvitationsOptions['announced'];
  /** What is remembered of the two: the Conversation-ID, and the address last received from the user. */
  readonly remembered: (bot: string, user: string) => Promise<ConversationRecord | undefined>;
  readonly receive: SessionInvitationsOptions['receive'];
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
  /** Of one user with one bot, likewise. */
  readonly maxSessionsPerUser: number;
}

const retryAfterS = 30;

/** A session of a bot and a user. */
interface Place {
  readonly contact: string;
  readonly sessionId: string;
}

interface Creation {
  readonly bot: Chatbot;
  readonly user: NetworkUser;
  readonly request: ChatSessionRequest;
  readonly idempotency: Idempotency | undefined;
}

export class ConfirmedSessions {
  private readonly options: ConfirmedSessionsOptions;
  private readonly sessions: SessionLog;
  private readonly life: SessionLife;
  private readonly invitations: SessionInvitations;
  /** By bot and user. */
  private readonly creating = new Turns();

  constructor(options: ConfirmedSessionsOptions) {
    this.options = options;
    const { limits } = options;
    this.sessions = new SessionLog({ ...options, ...limits });
    this.life = new SessionLife({ ...options, ...limits, sessions: this.sessions });
    this.invitations = new SessionInvitations({ ...options, ...limits, life: this.life });
  }

  start(): Promise<void> {
    return this.sessions.settleOld();
  }

  /** Invitations that wait come to nothing, and none comes about any more. */
  async drain(): Promise<void> {
    this.life.drain();
    await this.invitations.drain();
  }

  /** Resolves once all that has happened is durable. */
  async told(): Promise<void> {
    await Promise.all(this.life.roll.all.map(({ settled }) => settled));
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
    // The same create that comes twice at once must see the first one's answer, not the first one's session.
    const session = await this.creating.take(pairKey(bot.uri, user.key), () =>
      this.createNow({ bot, user, request, idempotency }),
    );
    return shown(bot.uri, session);
  }

  private async createNow(creation: Creation): Promise<SessionRecord> {
    const { bot, user, request, idempotency } = creation;
    const first = idempotency && (await this.sessions.firstAnswer(bot, user.key, idempotency));
    if (first) return first;
    this.checkRequest(user, request);
    const known = await this.options.remembered(bot.uri, user.key);
    this.checkLimits(bot, user);
    const context = {
      user: { ...user, uri: known?.userUri ?? user.uri },
      ids: completeIds({}, known?.conversationId),
    };
    const session = this.life.begin({ bot, direction: 'outbound', request, context });
    // Of a shared store: another gateway was first with the same correlator.
    if (!(await this.life.isCommitted(session, () => this.sessions.create(bot, session.record, idempotency))))
      return this.createNow(creation);
    this.invitations.send(session);
    return session.record;
  }

  async get(bot: Chatbot, place: Place): Promise<ChatSession | undefined> {
    const found = await this.find(bot, place);
    return found && shown(bot.uri, found);
  }

  /** BYE, CANCEL or decline, by what it has come to; it is no more then. False: there is none. */
  async end(bot: Chatbot, place: Place): Promise<boolean> {
    const found = await this.find(bot, place);
    if (!found) return false;
    const session = this.life.roll.get(place.sessionId);
    if (session) {
      const { phase } = session;
      this.life.over(session);
      if (phase.kind === 'inviting') phase.abort.abort();
      if (phase.kind === 'invited') await this.invitations.refuse(phase.invitation, { status: 603 });
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
    const session = this.life.roll.get(place.sessionId);
    if (session?.phase.kind === 'connected' && found.direction === 'inbound') return true;
    if (!session) throw new ApiError('SVC0002', ['status', 'there is nothing to accept']);
    await this.invitations.accept(session);
    return true;
  }

  /**
   * A repeat has the first answer again, whatever has become of the session since. Throws ApiError: SVC2008 for no such
   * session, SVC0002 for one that is not connected.
   */
  async send(bot: Chatbot, place: Place, message: ChatMessage, idempotency?: Idempotency): Promise<Submitted> {
    const first = idempotency && (await this.firstAnswer(bot, place, idempotency));
    if (first) return first;
    const { user, ids } = (await this.connectedTo(bot, place)).context;
    const { conversationId, contributionId } = ids;
    const session = { sessionId: place.sessionId, conversationId, contributionId };
    return this.options.submission.submit(bot, user, message, { idempotency, session });
  }

  /** As above; never stored. */
  async composing(bot: Chatbot, place: Place, state: IsComposing): Promise<void> {
    const { user } = (await this.connectedTo(bot, place)).context;
    const dateTime = new Date(this.options.clock.now()).toISOString();
    sendComposing(this.options.conversations, bot.uri, user.key, { state, dateTime });
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
    if (this.life.isFull(bot, user.key)) return invitation.refuse({ status: 480, retryAfterS });
    const session = this.life.begin({ bot, direction: 'inbound', request: said(invitation), context });
    const { record } = session;
    this.invitations.wait(session, invitation);
    const told = { ...record.request, bot: bot.uri, originatorAddress: user.key, sessionId: record.sessionId };
    const enqueue = notifications.items({ kind: 'chatSessionInvitation', ...told });
    const put = [this.sessions.put(bot.uri, record)];
    await this.life.isCommitted(session, () => store.commit({ put, enqueue }));
  }

  private checkRequest(user: NetworkUser, { tParticipantAddress }: ChatSessionRequest): void {
    if (this.life.draining) throw new ApiError('SVC1000', [], { retryAfterS });
    if (tParticipantAddress === undefined) return;
    if (this.options.user(tParticipantAddress, 'tParticipantAddress').key !== user.key)
      throw new ApiError('SVC0002', ['tParticipantAddress', 'is not the user of the path']);
  }

  private checkLimits(bot: Chatbot, user: NetworkUser): void {
    if (this.life.roll.hasOutbound(bot.uri, user.key))
      throw new ApiError('POL0001', ['there is a session with this user already']);
    if (this.options.conversations.full(bot) === 'msrp.maxSessions') {
      this.options.metrics.count('limit_reached_total', { limit: 'msrp.maxSessions' }, 1, bot.uri);
      throw new ApiError('SVC1000', [], { retryAfterS });
    }
    if (this.life.isFull(bot)) throw new ApiError('POL0001', ['too many sessions'], { status: 429, retryAfterS });
  }

  private find(bot: Chatbot, { contact, sessionId }: Place): Promise<SessionRecord | undefined> {
    return this.sessions.find(bot.uri, this.options.user(contact).key, sessionId);
  }

  private async firstAnswer(bot: Chatbot, place: Place, idempotency: Idempotency): Promise<Submitted | undefined> {
    const { contact, sessionId } = place;
    if (!isSessionId(sessionId)) return undefined;
    return this.options.submission.again(bot, this.options.user(contact), { idempotency, sessionId });
  }

  private async connectedTo(bot: Chatbot, place: Place): Promise<RunningSession> {
    if (!(await this.find(bot, place))) throw new ApiError('SVC2008', ['session', place.sessionId]);
    const session = this.life.roll.get(place.sessionId);
    if (session?.phase.kind === 'connected') return session;
    throw new ApiError('SVC0002', ['sessionId', 'the session is not connected']);
  }
}

/** What the caller says of himself and of his call. */
function said({ user, fromName, subject }: Invitation): Pick<ChatSessionRequest, 'originatorName' | 'subject'> {
  return {
    ...(fromName === undefined || isHidden(user.key) ? {} : { originatorName: fromName }),
    ...(subject === undefined ? {} : { subject }),
  };
}

function shown(bot: string, { sessionId, contact, direction, status, request }: SessionRecord): ChatSession {
  const [originatorAddress, tParticipantAddress] = direction === 'outbound' ? [bot, contact] : [contact, bot];
  return { ...request, id: sessionId, status, originatorAddress, tParticipantAddress };
}
