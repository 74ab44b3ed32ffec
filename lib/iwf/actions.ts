/** What the REST face may ask of the gateway; implemented by the interpreter and by notify. */
import type { ChatMessage } from '../resources/chat-message.js';
import type { ContactServiceCapabilities } from '../resources/capabilities.js';
import type { IsComposing } from '../resources/is-composing.js';
import type { MessageStatusReport, StatusRequest } from '../resources/message-status.js';
import type { Subscription, SubscriptionApi, SubscriptionRequest } from '../resources/subscription.js';
import type { MessagePolicy } from './messages/message-policy.js';

/** A chatbot that this gateway speaks for. */
export interface Chatbot {
  /** Its SIP URI, as configured. */
  readonly uri: string;
  readonly name: string;
  /** Value of +g.gsma.rcs.botversion, e.g. `#=1`. */
  readonly version: string;
  readonly roles: readonly ('session' | 'standalone')[];
  readonly mode: 'auto' | 'session' | 'standalone';
  readonly platformId: string;
  /** Base of its resourceURLs, without a slash at the end. */
  readonly serverRoot: string;
  /** Its platform is: the network is told that it is not there now. */
  readonly suspended?: boolean;
  /** What its platform may send; absent: anything. */
  readonly policy?: MessagePolicy;
  /** What it may take up; absent: as all. */
  readonly limits?: ChatbotLimits;
  /** The gateway itself tells users that their messages were delivered, once the platform has them. */
  readonly sendDelivered?: boolean;
}

export interface ChatbotLimits {
  /** At once. */
  readonly sessionsPerBot: number;
  /** Of one user with one bot, at once. */
  readonly sessionsPerUser: number;
  /** Messages that wait for one user. */
  readonly laneLength: number;
  /** Of users, a second; undefined: no limit. */
  readonly messagesPerS?: number | undefined;
}

/** A credential's owner. */
export interface Platform {
  readonly id: string;
  readonly serverRoot: string;
}

export interface ChatbotDirectory {
  /** By its URI as the network or a path names it (compare per RFC 3261 §19.1.4); undefined: none of ours. */
  find(uri: string): Chatbot | undefined;
  /** The chatbots a platform was configured with by name. */
  ofPlatform(platformId: string): readonly Chatbot[];
}

/** Chatbots that the serverRoot of a request decides on. */
export interface RootChatbotActions {
  /** Whom the URI would be; undefined: no chatbot. Nothing is kept. */
  would(platformId: string, uri: string): Chatbot | undefined;
  /** From now on it is one, to the network too; durable when it resolves. Throws ApiError. */
  admit(bot: Chatbot): Promise<void>;
}

/** A create request with the key that makes it safe to repeat. */
export interface Idempotency {
  /** clientCorrelator, or the header Idempotency-Key. */
  readonly correlator: string;
  /** Equal for equal requests: a hash of the body. */
  readonly fingerprint: string;
}

/** A message as a path names it. */
export interface NamedMessage {
  readonly messageId: string;
  /** The confirmed session that it must be of; absent: any, for a bot may be told of those as adhoc. */
  readonly sessionId?: string;
}

export interface ChatActions {
  /** Durable when it resolves. Throws ApiError (SVC0004 address, SVC0005 correlator reused, SVC1000 …). */
  send(
    bot: Chatbot,
    contact: string,
    message: ChatMessage,
    idempotency?: Idempotency,
  ): Promise<{ messageId: string; resourceURL: string }>;
  /** Never stored; dropped where no session is up. */
  composing(bot: Chatbot, contact: string, state: IsComposing): Promise<void>;
  message(bot: Chatbot, contact: string, message: NamedMessage): Promise<ChatMessage | undefined>;
  status(bot: Chatbot, contact: string, message: NamedMessage): Promise<MessageStatusReport | undefined>;
  /** `unknown`: no such message of this bot and contact, or it is of another session. */
  putStatus(
    bot: Chatbot,
    contact: string,
    message: NamedMessage,
    status: StatusRequest,
  ): Promise<'done' | 'accepted' | 'unknown'>;
}

export interface CapabilityActions {
  /** Every capability, enabled or not: asks the network (or the cache). Throws ApiError SVC2008 (not an RCS user), SVC1000 (no answer). */
  capabilities(bot: Chatbot, contact: string, options: { refresh: boolean }): Promise<ContactServiceCapabilities>;
}

export interface SubscriptionActions {
  /** Judges the notifyURL (ApiError SVC0002, POL0001); durable when it resolves. `created` false: the correlator's first answer again. */
  create(
    bot: Chatbot,
    api: SubscriptionApi,
    request: SubscriptionRequest,
    idempotency?: Idempotency,
  ): Promise<{ subscription: Subscription; created: boolean }>;
  list(bot: Chatbot, api: SubscriptionApi): Promise<readonly Subscription[]>;
  get(bot: Chatbot, api: SubscriptionApi, id: string): Promise<Subscription | undefined>;
  /** New duration in seconds (0: for ever). */
  prolong(bot: Chatbot, api: SubscriptionApi, id: string, duration: number): Promise<Subscription | undefined>;
  remove(bot: Chatbot, api: SubscriptionApi, id: string): Promise<boolean>;
}
