/** …the network asks: who may come in, whose work that is, and what is answered where it may not be. */
import type { Clock } from '../clock.js';
import { PeerError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { Notifications } from '../notify/notifications.js';
import type {
  CapabilityQuery,
  Invitation,
  NetworkHandlers,
  NetworkUser,
  Refusal,
  StandaloneMessage,
} from '../sip/network.js';
import { parseVersions, versionsIntersect } from '../wire/feature-tags.js';
import type { Chatbot, ChatbotDirectory } from './actions.js';
import type { Capabilities } from './services/capabilities.js';
import type { ConfirmedSessions } from './sessions/confirmed-sessions.js';
import type { ConversationMemory } from './sessions/conversation-memory.js';
import { completeIds, type SessionContext } from './sessions/conversation.js';
import { Tally } from './sessions/tally.js';
import type { Conversations } from './sessions/conversations.js';
import type { Inbound } from './messages/inbound.js';
import type { LaneWorker } from './lane-worker.js';
import { messageLane, pairKey, receiptLane } from './records.js';
import { retryAfterS, sipRefusal } from './messages/refusals.js';
import type { Services } from './services/services.js';

export interface NetworkRequestsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly directory: ChatbotDirectory;
  readonly notifications: Notifications;
  /** Trace: `key` belongs to the conversation. */
  readonly link: (key: string, conversationId: string) => void;
  /** Seconds to wait where a new call or message must not come in; absent: somebody before us has asked. */
  readonly overloaded?: () => number | undefined;
  /** Of who is refused at a limit, seconds. */
  readonly limitRetryAfterS: number;
  readonly memory: ConversationMemory;
  readonly inbound: Inbound;
  readonly contacts: Capabilities;
  readonly conversations: Conversations;
  readonly confirmed: ConfirmedSessions;
  readonly services: Services;
  readonly worker: LaneWorker;
}

export class NetworkRequests implements NetworkHandlers {
  private readonly options: NetworkRequestsOptions;
  /** Those that have no answer yet. */
  private readonly inHand = new Set<Promise<void>>();
  /** INVITEs that are being answered, by bot and user. */
  private readonly coming = new Tally();
  private draining = false;

  constructor(options: NetworkRequestsOptions) {
    this.options = options;
  }

  onInvitation(invitation: Invitation): void {
    this.guard(this.invited(invitation), (refusal) => invitation.refuse(refusal));
  }

  onMessage(message: StandaloneMessage): void {
    this.guard(this.messaged(message), (refusal) => message.answer(refusal));
  }

  onCapabilityQuery(query: CapabilityQuery): void {
    this.guard(this.queried(query), (refusal) => query.answer(undefined, refusal));
  }

  /** Refuses what comes from now on; resolves once what was in hand has its answer. */
  async drain(): Promise<void> {
    this.draining = true;
    await Promise.all(this.inHand);
  }

  /** The user has answered a question of ours, or has ended a hold. */
  reached(bot: string, user: string): void {
    this.hasten(bot, user).catch((error: unknown) => this.options.log.warn('lanes not hastened', { error }));
  }

  /** Inside an INVITE; undefined: it is taken. */
  async firstMessage(context: SessionContext, content: Buffer): Promise<Refusal | undefined> {
    const verdict = await this.options.inbound.receive(context, { contentType: 'message/cpim', content });
    return verdict.kind === 'taken' ? undefined : sipRefusal(verdict);
  }

  private async invited(invitation: Invitation): Promise<void> {
    const context = await this.context(invitation);
    if (!context) return invitation.refuse(this.unknown(invitation.botUri));
    await this.coming.during(whose(context), () => this.answered(invitation, context));
  }

  private async answered(invitation: Invitation, context: SessionContext): Promise<void> {
    const decides = context.service === 'session' && this.options.confirmed.decides(context.bot.uri);
    const policy = { listenedTo: decides };
    const refusal =
      this.refusal(invitation.botUri, invitation.askedVersions, policy) ??
      this.overLimit(context) ??
      (await this.crowded(context));
    const seen = (): Promise<void> =>
      this.userSeen(context.bot, invitation.user, { tags: invitation.tags, seen: 'some' });
    if (refusal) {
      await invitation.refuse(refusal);
      // The bot is away, or full; he is there.
      if (refusal.status === 480) await seen();
      return;
    }
    if (decides) {
      await seen();
      return this.options.confirmed.invited(invitation, context);
    }
    // What waits for him goes in his session then: no INVITE of ours crosses his.
    await this.taken(invitation, context).finally(seen);
  }

  private async taken(invitation: Invitation, context: SessionContext): Promise<void> {
    const unfit = invitation.firstMessage && (await this.firstMessage(context, invitation.firstMessage));
    if (unfit) return invitation.refuse(unfit);
    const announced = await this.options.services.announced(context.bot, invitation.user.key);
    await this.options.conversations.accept(invitation, announced, context);
  }

  private async messaged(message: StandaloneMessage): Promise<void> {
    const bot = this.options.directory.find(message.botUri);
    const refusal = this.refusal(message.botUri, message.askedVersions, { listenedTo: true });
    if (refusal || !bot) return message.answer(refusal ?? this.unknown(message.botUri));
    const context = await this.context(message);
    if (!context) return message.answer(this.unknown(message.botUri));
    const verdict = await this.options.inbound.receiveStandalone(context, message);
    await message.answer(verdict.kind === 'taken' ? undefined : sipRefusal(verdict));
    await this.userSeen(bot, message.user);
  }

  private async queried(query: CapabilityQuery): Promise<void> {
    const bot = this.options.directory.find(query.botUri);
    if (!bot) return query.answer(undefined, this.unknown(query.botUri));
    if (this.draining) return query.answer(undefined, { status: 503, retryAfterS });
    if (bot.suspended) return query.answer(undefined, { status: 480, retryAfterS });
    await query.answer(await this.options.services.announced(bot, query.user?.key));
    if (query.user) await this.userSeen(bot, query.user, { tags: query.tags, seen: 'all' });
  }

  /** Bot unknown, nobody listening, no common version, or going down. */
  private refusal(
    botUri: string,
    askedVersions: ReadonlySet<string>,
    options?: { listenedTo: boolean },
  ): Refusal | undefined {
    const { directory, notifications } = this.options;
    const bot = directory.find(botUri);
    if (!bot) return this.unknown(botUri);
    if (this.draining) return { status: 503, retryAfterS };
    const waitS = this.options.overloaded?.();
    if (waitS !== undefined) return { status: 503, retryAfterS: waitS };
    if (bot.suspended) return { status: 480, retryAfterS };
    // A MESSAGE may be a receipt, which nobody needs to listen for; of an invitation the bot may be told otherwise.
    if (!options?.listenedTo && !notifications.wanted(bot.uri, 'chatMessage')) return { status: 480, retryAfterS };
    if (!versionsIntersect(askedVersions, parseVersions(bot.version))) return unspoken(bot);
    return undefined;
  }

  /** A SIPS URI is never equivalent to a SIP URI (RFC 3261 §19.1.4): who has a 416 may ask by the latter (§8.1.3.5). */
  private unknown(botUri: string): Refusal {
    const isSecured = /^sips:/i.test(botUri) && this.options.directory.find(botUri.replace(/^sips/i, 'sip'));
    return { status: isSecured ? 416 : 404 };
  }

  /** One bot's limit is 480: a 503 would make the upstream stop everything (design §2, promise 4). */
  private overLimit(context: SessionContext): Refusal | undefined {
    const { bot } = context;
    const full = this.options.conversations.full(bot) ?? this.fullOfHis(context);
    if (!full) return undefined;
    this.options.metrics.count('limit_reached_total', { limit: full }, 1, bot.uri);
    return { status: full === 'msrp.maxSessions' ? 503 : 480, retryAfterS: this.options.limitRetryAfterS };
  }

  private fullOfHis(context: SessionContext): 'limits.sessionsPerUser' | undefined {
    const { bot, user } = context;
    // This one is among those that are coming.
    const others = this.coming.of(whose(context)) - 1;
    return this.options.conversations.hasAll(user.key, bot, others) ? 'limits.sessionsPerUser' : undefined;
  }

  /** What he would say could not wait for the bot: better his network keeps it. */
  private async crowded({ bot, user }: SessionContext): Promise<Refusal | undefined> {
    const room = await this.options.notifications.room(bot.uri, user.key);
    return room === 'free' ? undefined : { status: 480, retryAfterS: this.options.limitRetryAfterS };
  }

  private async context(incoming: Invitation | StandaloneMessage): Promise<SessionContext | undefined> {
    const bot = this.options.directory.find(incoming.botUri);
    if (!bot) return undefined;
    const known =
      incoming.ids.conversationId === undefined ? await this.options.memory.get(bot.uri, incoming.user.key) : undefined;
    const ids = completeIds(incoming.ids, known?.conversationId);
    this.options.link(incoming.callId, ids.conversationId);
    return {
      bot,
      user: incoming.user,
      ids,
      service: incoming.service,
      ...this.expiryOf(incoming),
    };
  }

  /** The Expires of a chat's INVITE is the invitation's (RFC 3261 §13.2.1), not that of all that is said in the chat. */
  private expiryOf({ service, expiresS }: Invitation | StandaloneMessage): Pick<SessionContext, 'expiresAtMs'> {
    if (service === 'session' || expiresS === undefined) return {};
    // 0 is now or never, and now takes a moment: it bounds what is tried again.
    return { expiresAtMs: this.options.clock.now() + Math.max(1, expiresS) * 1000 };
  }

  /** He is there again: what waits for him goes at once (design §6). */
  private async userSeen(
    bot: Chatbot,
    user: NetworkUser,
    contact?: Parameters<Capabilities['observe']>[2],
  ): Promise<void> {
    if (contact) this.options.contacts.observe(bot.uri, user.key, contact);
    await this.hasten(bot.uri, user.key);
  }

  private async hasten(bot: string, user: string): Promise<void> {
    const { worker } = this.options;
    await Promise.all([worker.hasten(messageLane(bot, user)), worker.hasten(receiptLane(bot, user))]);
  }

  /** Whatever goes wrong on our side is a 503 to the network, and a line for us. */
  private guard(work: Promise<void>, refuse: (refusal: Refusal) => Promise<void>): void {
    const { log } = this.options;
    const answered = work
      .catch(async (error: unknown) => {
        // The answer itself could not leave: who asked has gone, or the engine.
        if (error instanceof PeerError) throw error;
        log.error('request from the network failed', { error });
        await refuse({ status: 503, retryAfterS });
      })
      .catch((error: unknown) =>
        log[this.draining ? 'info' : 'warn']('request not answered', { problem: String(error) }),
      )
      .finally(() => this.inHand.delete(answered));
    this.inHand.add(answered);
  }
}

/** A version that the chatbot does not speak (RCC.07): who reads the 606 learns which one it does. */
function unspoken({ version }: Chatbot): Refusal {
  const text = `The chatbot speaks +g.gsma.rcs.botversion ${version}, and none that was asked for`;
  return { status: 606, warning: { code: 399, text } };
}

function whose({ bot, user }: SessionContext): string {
  return pairKey(bot.uri, user.key);
}
