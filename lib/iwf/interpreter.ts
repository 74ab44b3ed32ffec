/** The interpreter put together: the parts that say what happens when the network asks, when a bot asks, when a lane is due. */
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { Notifications } from '../notify/notifications.js';
import type { Network } from '../sip/network.js';
import type { Store } from '../store/store.js';
import type { ChatbotDirectory } from './actions.js';
import { BotRequests } from './bot-requests.js';
import { type ContactOptions, contactReader, type ReadContact } from './contact.js';
import { Capabilities } from './services/capabilities.js';
import { ComposingWatch } from './messages/composing-watch.js';
import { ConversationMemory } from './sessions/conversation-memory.js';
import { ConfirmedSessions } from './sessions/confirmed-sessions.js';
import { Conversations } from './sessions/conversations.js';
import { Dispositions } from './messages/dispositions.js';
import { Handovers } from './messages/handovers.js';
import { Inbound } from './messages/inbound.js';
import { LaneWorker } from './lane-worker.js';
import { MessageLog } from './messages/message-log.js';
import { NetworkRequests } from './network-requests.js';
import { Outbound } from './sending/outbound.js';
import { type InboundRecord, Table } from './records.js';
import { msrpRefusal } from './messages/refusals.js';
import { createServices, type ServiceLimits, type Services } from './services/services.js';
import { Submission } from './messages/submission.js';

export interface InterpreterOptions extends ContactOptions {
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
  readonly maxSessionsPerUser: number;
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

export class Interpreter {
  readonly botRequests: BotRequests;
  /** Sessions that bot and user agree on. */
  readonly confirmed: ConfirmedSessions;
  /** What is done beyond chat. */
  readonly services: Services;
  /** What users are told once a platform has their messages, or never will (design §2, promise 2). */
  readonly handovers: Handovers;
  readonly user: ReadContact;
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
  private readonly networkRequests: NetworkRequests;

  constructor(options: InterpreterOptions) {
    this.options = options;
    this.user = contactReader(options);
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
      reached: (bot, user) => this.networkRequests.reached(bot, user),
      cacheMs: limits.capabilityCacheMs,
      timeoutMs: limits.capabilityTimeoutMs,
      cacheEntries: limits.cacheEntries,
    });
    this.conversations = new Conversations({
      ...options,
      ...limits,
      receive: async (context, message) => msrpRefusal(await this.inbound.receive(context, message)),
      resumed: ({ bot, user }) => this.networkRequests.reached(bot.uri, user.key),
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
      user: this.user,
      announced: (bot, user) => this.services.announced(bot, user),
      remembered: (bot, user) => this.memory.get(bot, user),
      receive: (context, cpim) => this.networkRequests.firstMessage(context, cpim),
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
    this.networkRequests = new NetworkRequests({
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
    this.botRequests = new BotRequests({
      ...options,
      user: this.user,
      messages: this.messages,
      memory: this.memory,
      dispositions: this.dispositions,
      submission: this.submission,
      conversations: this.conversations,
      contacts: this.contacts,
      services: this.services,
    });
  }

  get sessionCount(): number {
    return this.conversations.sessionCount;
  }

  async start(): Promise<void> {
    // Before anybody can open one: sessions of the last process are told by their records alone.
    await this.confirmed.start();
    await this.options.network.start(this.networkRequests);
    this.worker.start();
  }

  /** New work is refused, what runs ends, sessions get their BYE: those with a message on its way after `patienceMs` at the latest. */
  async drain(patienceMs: number): Promise<void> {
    const inHand = this.networkRequests.drain();
    this.composingWatch.close();
    this.messages.close();
    const { worker, conversations, confirmed } = this;
    await Promise.all([inHand, worker.stop(), conversations.drain(patienceMs), confirmed.drain()]);
    await Promise.all([this.confirmed.told(), this.options.network.hungUp()]);
  }
}
