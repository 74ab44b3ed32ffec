/** The interpreter: what happens when the network sends, when the bot sends, when a receipt comes or a lane is due. */
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { Notifications } from '../notify/notifications.js';
import { PeerError } from '../errors.js';
import { ApiError } from '../resources/api-error.js';
import type {
  CapabilityQuery,
  Invitation,
  MsrpRefusal,
  Network,
  NetworkUser,
  Refusal,
  StandaloneMessage,
} from '../sip/network.js';
import type { Store } from '../store/store.js';
import { type Identity, parseAddress } from '../wire/address.js';
import { DecodeError } from '../wire/decode-error.js';
import { parseVersions, versionsIntersect } from '../wire/feature-tags.js';
import type { CapabilityActions, ChatActions, Chatbot, ChatbotDirectory } from './actions.js';
import { Capabilities } from './capabilities.js';
import { checkedKind } from './bot-signals.js';
import { ComposingWatch } from './composing-watch.js';
import { sendComposing } from './composing.js';
import { ConversationMemory } from './conversation-memory.js';
import { ConfirmedSessions } from './confirmed-sessions.js';
import { completeIds, Conversations, type SessionContext } from './conversations.js';
import { Dispositions } from './dispositions.js';
import { Handovers } from './handovers.js';
import { Inbound, type Verdict } from './inbound.js';
import { LaneWorker } from './lane-worker.js';
import { MessageLog } from './message-log.js';
import { Outbound } from './outbound.js';
import { type InboundRecord, messageLane, receiptLane, Table } from './records.js';
import { createServices, type ServiceLimits, type Services } from './services.js';
import { Submission } from './submission.js';

export interface InterpreterOptions {
  readonly store: Store;
  readonly network: Network;
  readonly notifications: Notifications;
  readonly directory: ChatbotDirectory;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Trace: `key` (Call-ID, MSRP session, messageId) belongs to the conversation. */
  readonly link: (key: string, conversationId: string) => void;
  /** Wait before attempt `attempts` + 1 to the network, ms. */
  readonly backoffMs: (attempts: number) => number;
  /** `tel:+…` → the form that Request-URI and To use (`sip.userUri`). */
  readonly userUri: (key: string) => string;
  /** Country calling code for national numbers; undefined: they are refused. */
  readonly defaultCountry?: string;
  /** Seconds to wait where a new call or message must not come in; absent: somebody before us has asked. */
  readonly overloaded?: () => number | undefined;
  /** Asked before each thing that is sent, by its bot: resolves when it is the turn of one of his; undefined: at once. */
  readonly turn?: (bot: string) => Promise<void> | undefined;
  readonly limits: InterpreterLimits;
  readonly services: ServiceLimits;
}

/** Times in ms. */
export interface InterpreterLimits {
  readonly idleTimeoutMs: number;
  readonly validityMs: number;
  readonly retentionMs: number;
  readonly dedupeMs: number;
  readonly conversationMs: number;
  readonly correlatorMs: number;
  readonly capabilityCacheMs: number;
  readonly capabilityTimeoutMs: number;
  readonly cacheEntries: number;
  readonly maxMessageBytes: number;
  readonly maxLaneDepth: number;
  readonly maxQueueDepth: number;
  readonly maxSessions: number;
  readonly maxSessionsPerBot: number;
  /** Of who is refused at a limit, seconds. */
  readonly retryAfterS: number;
  readonly maxLanes: number;
  readonly leaseMs: number;
  readonly glareSilenceMs: number;
  /** A large-message or deferred session of the peer lives so long after its last message. */
  readonly lingerMs: number;
  readonly composingTimeoutMs: number;
  /** How long a user's invitation waits for a bot that decides itself. */
  readonly invitationMs: number;
}

const perLane = 16;
/** Retry-After of what is no limit: a bot that nobody listens for, the end of the gateway; seconds. */
const retryAfterS = 30;

export class Interpreter implements ChatActions, CapabilityActions {
  /** Sessions that bot and user agree on. */
  readonly confirmed: ConfirmedSessions;
  /** What is done beyond chat. */
  readonly services: Services;
  /** What users are told once a platform has their messages, or never will (design §2, promise 2). */
  readonly handovers: Handovers;
  private readonly options: InterpreterOptions;
  private readonly messages: MessageLog;
  private readonly memory: ConversationMemory;
  private readonly dispositions: Dispositions;
  private readonly composingWatch: ComposingWatch;
  private readonly inbound: Inbound;
  private readonly conversations: Conversations;
  private readonly contacts: Capabilities;
  private readonly submission: Submission;
  private readonly worker: LaneWorker;
  private readonly inboundRecords: Table<InboundRecord>;
  /** Requests of the network that have no answer yet. */
  private readonly inHand = new Set<Promise<void>>();
  private draining = false;

  constructor(options: InterpreterOptions) {
    this.options = options;
    const { limits } = options;
    this.messages = new MessageLog({
      ...options,
      retentionMs: limits.retentionMs,
      moved: (bot, record) => this.services.revocations.moved(bot, record),
    });
    this.memory = new ConversationMemory({
      ...options,
      cacheEntries: limits.cacheEntries,
      retentionMs: limits.conversationMs,
    });
    this.dispositions = new Dispositions({ ...options, messages: this.messages, dedupeMs: limits.dedupeMs });
    this.inboundRecords = new Table<InboundRecord>(options.store, 'inbound');
    this.handovers = new Handovers({
      ...options,
      inbound: this.inboundRecords,
      dispositions: this.dispositions,
      dedupeMs: limits.dedupeMs,
    });
    this.services = createServices({
      ...options,
      messages: this.messages,
      live: (bot, user) => this.conversations.live(bot, user),
      sendInSession: (live, message) => this.conversations.send(live, message),
      inbound: this.inboundRecords,
      keyOf: (contact) => this.user(contact).key,
    });
    this.composingWatch = new ComposingWatch({
      ...options,
      timeoutMs: limits.composingTimeoutMs,
      maxWatched: limits.maxSessions,
    });
    this.inbound = new Inbound({
      ...options,
      documents: this.services.documents,
      composing: this.composingWatch,
      memory: this.memory,
      dispositions: this.dispositions,
      dedupeMs: limits.dedupeMs,
    });
    this.contacts = new Capabilities({
      ...options,
      announced: (bot, user) => this.services.announced(bot, user),
      changed: (user, change) => this.services.capabilitiesChanged(user, change),
      cacheMs: limits.capabilityCacheMs,
      timeoutMs: limits.capabilityTimeoutMs,
      cacheEntries: limits.cacheEntries,
    });
    this.conversations = new Conversations({
      ...options,
      ...limits,
      receive: async (context, message) => msrpRefusal(await this.inbound.receive(context, message)),
    });
    this.submission = new Submission({
      ...options,
      ...limits,
      messages: this.messages,
      memory: this.memory,
      liveConversationId: (bot, user) => this.conversations.live(bot, user)?.context.ids.conversationId,
    });
    this.confirmed = new ConfirmedSessions({
      ...options,
      conversations: this.conversations,
      submission: this.submission,
      user: (contact) => this.user(contact),
      announced: (bot, user) => this.services.announced(bot, user),
      remembered: (bot, user) => this.memory.get(bot, user),
      receive: (context, cpim) => this.firstMessage(context, cpim),
    });
    const outbound = new Outbound({
      ...options,
      validityMs: limits.validityMs,
      conversations: this.conversations,
      capabilities: this.contacts,
      messages: this.messages,
      inbound: this.inboundRecords,
      announced: (bot, user) => this.services.announced(bot, user),
    });
    this.worker = new LaneWorker({
      ...options,
      maxLanes: limits.maxLanes,
      perLane,
      leaseMs: limits.leaseMs,
      run: (item) => this.services.perform(item) ?? this.handovers.perform(item) ?? outbound.perform(item),
    });
  }

  get sessionCount(): number {
    return this.conversations.sessionCount;
  }

  async start(): Promise<void> {
    await this.options.network.start({
      onInvitation: (invitation) => this.guard(this.invited(invitation), (refusal) => invitation.refuse(refusal)),
      onMessage: (message) => this.guard(this.messaged(message), (refusal) => message.answer(refusal)),
      onCapabilityQuery: (query) => this.guard(this.queried(query), (refusal) => query.answer(undefined, refusal)),
    });
    await this.confirmed.start();
    this.worker.start();
  }

  /** New work is refused, what runs ends, sessions get their BYE: those with a message on its way after `patienceMs` at the latest. */
  async drain(patienceMs: number): Promise<void> {
    this.draining = true;
    this.composingWatch.close();
    const { worker, conversations, confirmed } = this;
    await Promise.all([...this.inHand, worker.stop(), conversations.drain(patienceMs), confirmed.drain()]);
    await this.confirmed.told();
  }

  // — the bot's side ———————————————————————————————————————————————————————————————————————————————

  async send(
    ...[bot, contact, message, idempotency]: Parameters<ChatActions['send']>
  ): ReturnType<ChatActions['send']> {
    const user = this.user(contact);
    if (checkedKind(message) !== 'composing') return this.submission.submit(bot, user, message, { idempotency });
    const result = await this.services.botSignals.compose(bot.uri, user.key, message);
    this.options.metrics.count('messages_total', { direction: 'outbound', kind: 'composing', result });
    return this.submission.unkept(bot, user);
  }

  async composing(...[bot, contact, state]: Parameters<ChatActions['composing']>): Promise<void> {
    const result = await sendComposing(this.conversations, bot.uri, this.user(contact).key, {
      state,
      dateTime: new Date(this.options.clock.now()).toISOString(),
    });
    this.options.metrics.count('messages_total', { direction: 'outbound', kind: 'composing', result });
  }

  async message(...[bot, contact, named]: Parameters<ChatActions['message']>): ReturnType<ChatActions['message']> {
    const record = await this.messages.find(bot.uri, this.user(contact).key, named);
    return (
      record && { ...record.message, conversationID: record.conversationId, contributionID: record.contributionId }
    );
  }

  async status(...[bot, contact, named]: Parameters<ChatActions['status']>): ReturnType<ChatActions['status']> {
    const record = await this.messages.find(bot.uri, this.user(contact).key, named);
    if (!record) return undefined;
    const { status, description } = record;
    return { status, ...(description === undefined ? {} : { description }) };
  }

  async putStatus(
    ...[bot, contact, named, status]: Parameters<ChatActions['putStatus']>
  ): ReturnType<ChatActions['putStatus']> {
    const user = this.user(contact).key;
    switch (status) {
      case 'Delivered':
        return this.dispositions.report(bot.uri, user, named, 'delivered');
      case 'Displayed':
        return this.dispositions.report(bot.uri, user, named, 'displayed');
      case 'RevokeRequested':
        return this.services.revocations.request(bot, user, named);
    }
  }

  async capabilities(
    ...[bot, contact, options]: Parameters<CapabilityActions['capabilities']>
  ): ReturnType<CapabilityActions['capabilities']> {
    const user = this.user(contact);
    // Who hides his number is asked under the address that he wrote from.
    const uri = user.key.startsWith('tel:') ? undefined : (await this.memory.get(bot.uri, user.key))?.userUri;
    return this.contacts.query(bot, uri === undefined ? user : { key: user.key, uri }, options);
  }

  /** A contact as a path names it. Throws ApiError SVC0004. */
  user(contact: string): NetworkUser {
    const { defaultCountry } = this.options;
    try {
      const identity = parseAddress(contact, defaultCountry === undefined ? {} : { defaultCountry });
      if (identity.kind !== 'undefined-number') return { key: identity.key, uri: this.uriOf(identity) };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
    throw new ApiError('SVC0004', ['contactId']);
  }

  /** How the network is told of a user it has not named itself: his number by configuration, a token as it is. */
  private uriOf(identity: Identity & { key: string }): string {
    return identity.kind === 'user' ? this.options.userUri(identity.key) : identity.original;
  }

  // — the network's side ———————————————————————————————————————————————————————————————————————————

  private async invited(invitation: Invitation): Promise<void> {
    const context = await this.context(invitation);
    if (!context) return invitation.refuse({ status: 404 });
    const decides = context.service === 'session' && this.confirmed.decides(context.bot.uri);
    const policy = { listenedTo: decides };
    const refusal =
      this.refusal(invitation.botUri, invitation.askedVersions, policy) ??
      this.overLimit(context.bot) ??
      (await this.crowded(context));
    if (refusal) return invitation.refuse(refusal);
    await this.userSeen(context.bot, invitation.user, { tags: invitation.tags, seen: 'some' });
    if (decides) return this.confirmed.invited(invitation, context);
    const unfit = invitation.firstMessage && (await this.firstMessage(context, invitation.firstMessage));
    if (unfit) return invitation.refuse(unfit);
    const announced = await this.services.announced(context.bot, invitation.user.key);
    await this.conversations.accept(invitation, announced, context);
  }

  /** Inside an INVITE; undefined: it is taken. */
  private async firstMessage(context: SessionContext, content: Buffer): Promise<Refusal | undefined> {
    const verdict = await this.inbound.receive(context, { contentType: 'message/cpim', content });
    return verdict.kind === 'taken' ? undefined : sipRefusal(verdict);
  }

  private async messaged(message: StandaloneMessage): Promise<void> {
    const bot = this.options.directory.find(message.botUri);
    const refusal = this.refusal(message.botUri, message.askedVersions, { listenedTo: true });
    if (refusal || !bot) return message.answer(refusal ?? { status: 404 });
    const context = await this.context(message);
    if (!context) return message.answer({ status: 404 });
    const verdict = await this.inbound.receiveStandalone(context, message);
    await message.answer(verdict.kind === 'taken' ? undefined : sipRefusal(verdict));
    await this.userSeen(bot, message.user);
  }

  private async queried(query: CapabilityQuery): Promise<void> {
    const bot = this.options.directory.find(query.botUri);
    if (!bot) return query.answer(undefined, { status: 404 });
    if (this.draining) return query.answer(undefined, { status: 503, retryAfterS });
    if (bot.suspended) return query.answer(undefined, { status: 480, retryAfterS });
    await query.answer(await this.services.announced(bot, query.user?.key));
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
    if (!bot) return { status: 404 };
    if (this.draining) return { status: 503, retryAfterS };
    const waitS = this.options.overloaded?.();
    if (waitS !== undefined) return { status: 503, retryAfterS: waitS };
    if (bot.suspended) return { status: 480, retryAfterS };
    // A MESSAGE may be a receipt, which nobody needs to listen for; of an invitation the bot may be told otherwise.
    if (!options?.listenedTo && !notifications.wanted(bot.uri, 'chatMessage')) return { status: 480, retryAfterS };
    if (!versionsIntersect(askedVersions, parseVersions(bot.version))) return { status: 606 };
    return undefined;
  }

  /** One bot's limit is 480: a 503 would make the upstream stop everything (design §2, promise 4). */
  private overLimit(bot: Chatbot): Refusal | undefined {
    const full = this.conversations.full(bot);
    if (!full) return undefined;
    this.options.metrics.count('limit_reached_total', { limit: full });
    return { status: full === 'msrp.maxSessions' ? 503 : 480, retryAfterS: this.options.limits.retryAfterS };
  }

  /** What he would say could not wait for the bot: better his network keeps it. */
  private async crowded({ bot, user }: SessionContext): Promise<Refusal | undefined> {
    const room = await this.options.notifications.room(bot.uri, user.key);
    return room === 'free' ? undefined : { status: 480, retryAfterS: this.options.limits.retryAfterS };
  }

  private async context(incoming: Invitation | StandaloneMessage): Promise<SessionContext | undefined> {
    const bot = this.options.directory.find(incoming.botUri);
    if (!bot) return undefined;
    const known =
      incoming.ids.conversationId === undefined ? await this.memory.get(bot.uri, incoming.user.key) : undefined;
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
    return { expiresAtMs: this.options.clock.now() + expiresS * 1000 };
  }

  /** He is there again: what waits for him goes at once (design §6). */
  private async userSeen(
    bot: Chatbot,
    user: NetworkUser,
    contact?: Parameters<Capabilities['observe']>[2],
  ): Promise<void> {
    if (contact) this.contacts.observe(bot.uri, user.key, contact);
    await Promise.all([
      this.worker.hasten(messageLane(bot.uri, user.key)),
      this.worker.hasten(receiptLane(bot.uri, user.key)),
    ]);
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

function msrpRefusal(verdict: Verdict): MsrpRefusal | undefined {
  switch (verdict.kind) {
    case 'taken':
      return undefined;
    case 'undecodable':
      return { status: 400, comment: `not a well-formed ${verdict.problem}` };
    case 'unsupported':
      return { status: 415, comment: 'content type not supported' };
    case 'unwanted':
      return { status: 408, comment: 'chatbot not reachable now' };
  }
}

function sipRefusal(verdict: Exclude<Verdict, { kind: 'taken' }>): Refusal {
  switch (verdict.kind) {
    case 'undecodable':
      return { status: 400, reason: 'Bad Content' };
    case 'unsupported':
      return { status: 415 };
    case 'unwanted':
      return { status: 480, retryAfterS };
  }
}
