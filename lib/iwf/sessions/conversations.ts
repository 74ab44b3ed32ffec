/** …a conversation needs a session: find, open, replace, idle-close. */
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import type {
  ChatSession,
  Invitation,
  MsrpRefusal,
  Network,
  NetworkBot,
  NetworkUser,
  Outgoing,
  SessionDelegate,
  SessionMessage,
  SessionOutgoing,
  SessionSend,
  SipOutcome,
} from '../../sip/network.js';
import { readFeatureTags } from '../../wire/feature-tags.js';
import type { Chatbot } from '../actions.js';
import { pairKey } from '../records.js';
import { BotSessions } from './bot-sessions.js';
import {
  chatsOf,
  chosen,
  type Conversation,
  type Entry,
  isAtRest,
  type LiveSession,
  type SessionContext,
  type Silences,
} from './conversation.js';
import { IdleWatch } from './idle-watch.js';
import { Ringing } from './ringing.js';

export type { LiveSession, SessionContext } from './conversation.js';

export type SessionOpening =
  { readonly kind: 'open'; readonly live: LiveSession } | { readonly kind: 'refused'; readonly outcome: SipOutcome };

export interface ConversationsOptions extends Silences {
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly maxSessions: number;
  readonly maxSessionsPerBot: number;
  readonly maxSessionsPerUser: number;
  /** Trace: `key` belongs to the conversation. */
  readonly link: (key: string, conversationId: string) => void;
  receive(context: SessionContext, message: SessionMessage): Promise<MsrpRefusal | undefined>;
  /** The user takes messages again in a session that he had put on hold. */
  resumed(context: SessionContext): void;
}

/** Ties what SIP and MSRP tell of a session to its entry, which exists only once the session is up. */
interface Slot {
  readonly delegate: SessionDelegate;
  entry: Entry | undefined;
  ended: boolean;
}

export class Conversations {
  private readonly options: ConversationsOptions;
  private readonly conversations = new Map<string, Conversation>();
  private readonly ofBots = new BotSessions();
  private draining = false;
  private readonly ringing: Ringing;
  /** BYEs under way. */
  private readonly closing = new Set<Promise<void>>();
  private readonly idle: IdleWatch;
  private onEmpty: (() => void) | undefined;

  constructor(options: ConversationsOptions) {
    this.options = options;
    this.ringing = new Ringing(options.clock);
    this.idle = new IdleWatch({ ...options, used: (entry) => this.used(entry), close: (entry) => this.close(entry) });
  }

  get sessionCount(): number {
    return this.ofBots.size;
  }

  /** Which limit one session more would break; `coming`: those of the bot that are not up yet. */
  full({ uri, limits }: Chatbot, coming = 0): 'msrp.maxSessions' | 'limits.sessionsPerBot' | undefined {
    if (this.ofBots.size >= this.options.maxSessions) return 'msrp.maxSessions';
    const most = limits?.sessionsPerBot ?? this.options.maxSessionsPerBot;
    return this.ofBots.countOf(uri) + coming >= most ? 'limits.sessionsPerBot' : undefined;
  }

  /** Whether a user has all sessions with a bot that one may have; `coming`: those of his that are not up yet. */
  hasAll(user: string, { uri, limits }: Chatbot, coming: number): boolean {
    const up = this.conversations.get(pairKey(uri, user))?.entries.length ?? 0;
    return up + coming >= (limits?.sessionsPerUser ?? this.options.maxSessionsPerUser);
  }

  /** The session that messages to the user take: of two that crossed, the one whose Call-ID sorts lower. */
  live(bot: string, user: string): LiveSession | undefined {
    const conversation = this.conversations.get(pairKey(bot, user));
    return conversation && chosen(chatsOf(conversation).filter(({ session }) => session.open));
  }

  /** Sends in a session that is up; its idle time begins anew. */
  send(live: LiveSession, message: SessionOutgoing): Promise<SessionSend> {
    return this.working(live as Entry, () => live.session.send(message));
  }

  /** Typing: whatever the peer says to it changes nothing, and nobody waits for it. */
  sendTyping(live: LiveSession, message: SessionOutgoing): void {
    this.send(live, message).catch((error: unknown) => this.options.log.warn('typing not sent', { error }));
  }

  /** A confirmed session that is up. */
  confirmed(bot: string, user: string, sessionId: string): LiveSession | undefined {
    const entries = this.conversations.get(pairKey(bot, user))?.entries;
    return entries?.find((entry) => entry.context.sessionId === sessionId && entry.session.open);
  }

  /** The new session; or the user's own, where it came meanwhile and is chosen, or ours was refused. At a limit as one who is away. */
  async open(bot: Chatbot, user: NetworkUser, outgoing: Outgoing): Promise<SessionOpening> {
    const full = this.full(bot, this.ofBots.dialingOf(bot.uri));
    if (full !== undefined && !this.madeRoom(bot.uri)) {
      this.options.metrics.count('limit_reached_total', { limit: full }, 1, bot.uri);
      return { kind: 'refused', outcome: { status: 480, reason: 'Too many sessions', tags: readFeatureTags([]) } };
    }
    const opened = await this.dial({ bot, user, ids: outgoing.ids, service: 'session' }, outgoing);
    const live = this.live(bot.uri, user.key);
    return live ? { kind: 'open', live } : opened;
  }

  /** The signal cancels the INVITE, as does the end of what it says in Expires. */
  async dial(context: SessionContext, outgoing: Outgoing, signal?: AbortSignal): Promise<SessionOpening> {
    const { bot, user } = context;
    const conversation = this.conversation(pairKey(bot.uri, user.key));
    const slot = this.slot(context);
    const invite = (cancel: AbortSignal) => this.options.network.openSession(outgoing, slot.delegate, cancel);
    conversation.dialing++;
    try {
      const opened = await this.ofBots.during(bot.uri, () => this.ringing.during({ ...outgoing, signal }, invite));
      if (opened.kind === 'refused') return opened;
      return { kind: 'open', live: this.admit(conversation, context, slot, opened.session) };
    } finally {
      conversation.dialing--;
      this.forgetEmpty(pairKey(bot.uri, user.key));
      this.tellEmpty();
    }
  }

  /** A call for one message alone, which is no session here: what stops waits for it, and cancels it, as for those of chats. */
  async calling<T>(outgoing: Outgoing, invite: (cancel: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await this.ringing.during(outgoing, invite);
    } finally {
      this.tellEmpty();
    }
  }

  /** Answers an invitation that policy has let through; the user's new chat replaces his old one. */
  async accept(invitation: Invitation, bot: NetworkBot, context: SessionContext): Promise<LiveSession | undefined> {
    const key = pairKey(bot.uri, context.user.key);
    const slot = this.slot(context);
    const session = await invitation.accept(bot, slot.delegate);
    if (!session) return undefined;
    const conversation = this.conversation(key);
    const replaced = chatsOf(conversation);
    const entry = this.admit(conversation, context, slot, session);
    if (context.service === 'session' && conversation.dialing === 0) for (const old of replaced) this.close(old);
    // It was let through just before the draining began.
    if (this.draining) this.close(entry);
    return entry;
  }

  /** BYE at once; pending sends of the session end as lost. */
  close(live: LiveSession): void {
    this.drop(live as Entry);
    const closing = live.session.close().finally(() => this.closing.delete(closing));
    this.closing.add(closing);
  }

  /**
   * Ends what is up: at once where nothing is on its way, else as soon as that has ended, and after `patienceMs` in any
   * case; what rings then is cancelled. Resolves once every BYE is answered.
   */
  async drain(patienceMs: number): Promise<void> {
    this.draining = true;
    this.closeWhere(isAtRest);
    if (!this.isEmpty) await this.emptied(patienceMs);
    await Promise.all(this.closing);
  }

  private emptied(patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const patience = this.options.clock.after(patienceMs, () => {
        this.closeWhere(() => true);
        this.ringing.cancelAll();
      });
      this.onEmpty = () => {
        patience.close();
        resolve();
      };
    });
  }

  private get isEmpty(): boolean {
    return this.ofBots.size === 0 && this.ringing.size === 0;
  }

  private tellEmpty(): void {
    if (this.isEmpty) this.onEmpty?.();
  }

  private closeWhere(ends: (entry: Entry) => boolean): void {
    for (const { entries } of this.conversations.values()) {
      for (const entry of [...entries]) if (ends(entry)) this.close(entry);
    }
  }

  /** A bot that writes to many ends what has been silent for long rather than wait for its idle time. */
  private madeRoom(bot: string): boolean {
    const { clock, lingerMs } = this.options;
    const silent = this.ofBots.silentSince(bot, clock.now() - lingerMs);
    if (silent) this.close(silent);
    return silent !== undefined;
  }

  private used(entry: Entry): void {
    entry.lastUsedMs = this.options.clock.now();
    this.ofBots.touch(entry);
  }

  private async working<T>(entry: Entry, work: () => Promise<T>): Promise<T> {
    this.used(entry);
    entry.busy++;
    try {
      return await work();
    } finally {
      entry.busy--;
      if (this.draining && isAtRest(entry)) this.close(entry);
    }
  }

  private conversation(key: string): Conversation {
    let conversation = this.conversations.get(key);
    if (!conversation) {
      conversation = { entries: [], dialing: 0 };
      this.conversations.set(key, conversation);
    }
    return conversation;
  }

  private forgetEmpty(key: string): void {
    const conversation = this.conversations.get(key);
    if (conversation?.entries.length === 0 && conversation.dialing === 0) this.conversations.delete(key);
  }

  private slot(context: SessionContext): Slot {
    const { options } = this;
    const slot: Slot = {
      entry: undefined,
      ended: false,
      delegate: {
        onMessage: (message) => {
          const receive = (): Promise<MsrpRefusal | undefined> => options.receive(context, message);
          return slot.entry ? this.working(slot.entry, receive) : receive();
        },
        onResume: () => options.resumed(context),
        onEnd: (reason) => {
          slot.ended = true;
          options.log.info('session ended', { conversationId: context.ids.conversationId, reason });
          if (slot.entry) this.drop(slot.entry);
        },
      },
    };
    return slot;
  }

  private admit(conversation: Conversation, context: SessionContext, slot: Slot, session: ChatSession): Entry {
    const { clock, metrics, link } = this.options;
    const entry: Entry = { context, session, busy: 0, lastUsedMs: clock.now(), timer: undefined };
    slot.entry = entry;
    if (slot.ended) return entry;
    conversation.entries.push(entry);
    this.ofBots.add(entry);
    metrics.count('sessions_total', { direction: session.direction });
    for (const key of session.traceKeys) link(key, context.ids.conversationId);
    this.idle.watch(conversation);
    return entry;
  }

  private drop(entry: Entry): void {
    entry.timer?.close();
    const key = pairKey(entry.context.bot.uri, entry.context.user.key);
    const conversation = this.conversations.get(key);
    const at = conversation?.entries.indexOf(entry) ?? -1;
    if (!conversation || at < 0) return;
    conversation.entries.splice(at, 1);
    this.idle.watch(conversation);
    this.ofBots.remove(entry);
    this.tellEmpty();
    this.forgetEmpty(key);
    entry.context.onEnded?.();
  }
}
