/** The interpreter: the parts that say what happens when the network asks, when a lane is due, when the bot asks; the last is said here. */
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { Notifications } from '../notify/notifications.js';
import { ApiError } from '../resources/api-error.js';
import type { Network, NetworkUser } from '../sip/network.js';
import type { Store } from '../store/store.js';
import { type Identity, parseAddress } from '../wire/address.js';
import { DecodeError } from '../wire/decode-error.js';
import type { CapabilityActions, ChatActions, ChatbotDirectory } from './actions.js';
import { Capabilities } from './services/capabilities.js';
import { ComposingWatch } from './messages/composing-watch.js';
import { sendComposing } from './messages/composing.js';
import { ConversationMemory } from './sessions/conversation-memory.js';
import { ConfirmedSessions } from './sessions/confirmed-sessions.js';
import { Conversations } from './sessions/conversations.js';
import { Dispositions } from './messages/dispositions.js';
import { Handovers } from './messages/handovers.js';
import { Inbound } from './messages/inbound.js';
import { LaneWorker } from './lane-worker.js';
import { MessageLog } from './messages/message-log.js';
import { NetworkRequests } from './network-requests.js';
import { Outbound } from './messages/outbound.js';
import { type InboundRecord, Table } from './records.js';
import { msrpRefusal } from './messages/refusals.js';
import { createServices, type ServiceLimits, type Services } from './services/services.js';
import { Submission } from './messages/submission.js';

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
  /** Asked before each thing that is sent, or comes in a session, by its bot: resolves when it is the turn of one of his; undefined: at once. */
  readonly turn?: (bot: string) => Promise<void> | undefined;
  /** The same before a MESSAGE is understood; absent: somebody before us has asked. */
  readonly messageTurn?: (bot: string) => Promise<void> | undefined;
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
  private readonly requests: NetworkRequests;

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
      sendTyping: (live, message) => this.conversations.sendTyping(live, message),
      inbound: this.inboundRecords,
      keyOf: (contact) => this.user(contact, 'contactId').key,
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
      reached: (bot, user) => this.requests.reached(bot, user),
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
      compose: (...args) => this.services.botSignals.compose(...args),
      liveConversationId: (bot, user) => this.conversations.live(bot, user)?.context.ids.conversationId,
    });
    this.confirmed = new ConfirmedSessions({
      ...options,
      conversations: this.conversations,
      submission: this.submission,
      user: (...named) => this.user(...named),
      announced: (bot, user) => this.services.announced(bot, user),
      remembered: (bot, user) => this.memory.get(bot, user),
      receive: (context, cpim) => this.requests.firstMessage(context, cpim),
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
      validityMs: limits.validityMs,
      behind: (items) => this.messages.lapse(items),
      run: (item) => this.services.perform(item) ?? this.handovers.perform(item) ?? outbound.perform(item),
    });
    this.requests = new NetworkRequests({
      ...options,
      limitRetryAfterS: limits.retryAfterS,
      memory: this.memory,
      inbound: this.inbound,
      contacts: this.contacts,
      conversations: this.conversations,
      confirmed: this.confirmed,
      services: this.services,
      worker: this.worker,
    });
  }

  get sessionCount(): number {
    return this.conversations.sessionCount;
  }

  async start(): Promise<void> {
    // Before anybody can open one: sessions of the last process are told by their records alone.
    await this.confirmed.start();
    await this.options.network.start(this.requests);
    this.worker.start();
  }

  /** New work is refused, what runs ends, sessions get their BYE: those with a message on its way after `patienceMs` at the latest. */
  async drain(patienceMs: number): Promise<void> {
    const inHand = this.requests.drain();
    this.composingWatch.close();
    this.messages.close();
    const { worker, conversations, confirmed } = this;
    await Promise.all([inHand, worker.stop(), conversations.drain(patienceMs), confirmed.drain()]);
    await Promise.all([this.confirmed.told(), this.options.network.hungUp()]);
  }

  async send(
    ...[bot, contact, message, idempotency]: Parameters<ChatActions['send']>
  ): ReturnType<ChatActions['send']> {
    return this.submission.submit(bot, this.user(contact), message, { idempotency });
  }

  composing(...[bot, contact, state]: Parameters<ChatActions['composing']>): Promise<void> {
    const result = sendComposing(this.conversations, bot.uri, this.user(contact).key, {
      state,
      dateTime: new Date(this.options.clock.now()).toISOString(),
    });
    this.options.metrics.count('messages_total', { direction: 'outbound', kind: 'composing', result });
    return Promise.resolve();
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
    const user = this.user(contact, 'contactId');
    // Who hides his number is asked under the address that he wrote from.
    const uri = user.key.startsWith('tel:') ? undefined : (await this.memory.get(bot.uri, user.key))?.userUri;
    return this.contacts.query(bot, uri === undefined ? user : { key: user.key, uri }, options);
  }

  /** A contact as a path or a body names it. Throws ApiError SVC0004 naming the part. */
  user(contact: string, part = 'otherUserId'): NetworkUser {
    const { defaultCountry } = this.options;
    try {
      const identity = parseAddress(contact, defaultCountry === undefined ? {} : { defaultCountry });
      if (identity.kind !== 'undefined-number') return { key: identity.key, uri: this.uriOf(identity) };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
    throw new ApiError('SVC0004', [part]);
  }

  /** How the network is told of a user it has not named itself: his number by configuration, a token as it is. */
  private uriOf(identity: Identity & { key: string }): string {
    return identity.kind === 'user' ? this.options.userUri(identity.key) : identity.original;
  }
}
