/** What the REST face may ask of the gateway's rarer services; a service that is absent is answered 403 POL2006. */
import type { Chatbot, Idempotency } from '../iwf/actions.js';
import type { CapabilitySource, CapabilitySourceRequest } from '../resources/capability-source.js';
import type { Channel, ChannelRequest } from '../resources/channel.js';
import type { ChatMessage } from '../resources/chat-message.js';
import type { ChatSession, ChatSessionRequest } from '../resources/chat-session.js';
import type { IsComposing } from '../resources/is-composing.js';
import type { PrivacyCommand, PrivacyCommandStatus } from '../resources/privacy-command.js';
import type { SpamReport } from '../resources/spam-report.js';

export interface CapabilitySourceActions {
  /** Durable when it resolves. Throws ApiError (SVC0005 …). */
  create(bot: Chatbot, request: CapabilitySourceRequest, idempotency?: Idempotency): Promise<CapabilitySource>;
  list(bot: Chatbot): Promise<readonly CapabilitySource[]>;
  get(bot: Chatbot, id: string): Promise<CapabilitySource | undefined>;
  /** The whole of it anew; undefined: there is none. */
  replace(bot: Chatbot, id: string, request: CapabilitySourceRequest): Promise<CapabilitySource | undefined>;
  remove(bot: Chatbot, id: string): Promise<boolean>;
}

export interface SpamReportActions {
  list(bot: Chatbot): Promise<readonly SpamReport[]>;
  get(bot: Chatbot, id: string): Promise<SpamReport | undefined>;
  remove(bot: Chatbot, id: string): Promise<boolean>;
}

export interface PrivacyCommandActions {
  get(bot: Chatbot, contact: string, id: string): Promise<PrivacyCommand | undefined>;
  /** The answer goes to the user; false: no such command. Throws ApiError where it was answered otherwise already. */
  answer(bot: Chatbot, contact: string, id: string, status: PrivacyCommandStatus): Promise<boolean>;
}

/** A notification channel as it stands. */
export interface ChannelState {
  readonly channel: Channel;
  /** Seconds until it ends unless it is used. */
  readonly remainingS: number;
}

/** The answer to a poll. */
export interface Polled {
  /** Complete JSON texts. */
  readonly bodies: readonly string[];
  /** It did not arrive: the next poll acknowledges nothing of it. */
  lost(): void;
}

/** A client's WebSocket. */
export interface ChannelSocket {
  send(text: string): void;
  close(reason: 'superseded' | 'ended' | 'closing' | 'failed'): void;
}

export interface ChannelAttachment {
  /** Never rejects: where it cannot be kept the socket is closed. */
  acknowledge(notificationIds: readonly string[]): Promise<void>;
  detach(): void;
}

export interface ChannelActions {
  /** Durable when it resolves. Throws ApiError (SVC0005, POL0001 …). */
  create(bot: Chatbot, request: ChannelRequest, idempotency?: Idempotency): Promise<ChannelState>;
  list(bot: Chatbot): readonly ChannelState[];
  get(bot: Chatbot, id: string): ChannelState | undefined;
  setLifetime(bot: Chatbot, id: string, seconds: number): Promise<ChannelState | undefined>;
  remove(bot: Chatbot, id: string): Promise<boolean>;
  /** Acknowledges the answer before (or exactly `ack`), then waits; undefined: no such channel for polling. */
  poll(
    bot: Chatbot,
    id: string,
    options: { readonly signal: AbortSignal; readonly ack?: readonly string[] | undefined },
  ): Promise<Polled | undefined>;
  /** Undefined: no such channel for WebSockets. */
  attach(bot: Chatbot, id: string, socket: ChannelSocket): ChannelAttachment | undefined;
}

/** A confirmed session of a bot and a user. */
export interface SessionPlace {
  readonly contact: string;
  readonly sessionId: string;
}

export interface SessionActions {
  /** Durable when it resolves; the user is being invited. Throws ApiError (SVC0005, POL0001, SVC1000 …). */
  create(bot: Chatbot, contact: string, request: ChatSessionRequest, idempotency?: Idempotency): Promise<ChatSession>;
  get(bot: Chatbot, place: SessionPlace): Promise<ChatSession | undefined>;
  /** Hangs up, cancels or declines; false: there is none. */
  end(bot: Chatbot, place: SessionPlace): Promise<boolean>;
  /** Accepts the user's invitation; false: there is none. Throws ApiError SVC0002 where it waits no more. */
  accept(bot: Chatbot, place: SessionPlace): Promise<boolean>;
  /** As ChatActions.send; throws ApiError SVC2008, and SVC0002 where the session is not connected. */
  send(
    bot: Chatbot,
    place: SessionPlace,
    message: ChatMessage,
    idempotency?: Idempotency,
  ): Promise<{ readonly messageId: string; readonly resourceURL: string }>;
  composing(bot: Chatbot, place: SessionPlace, state: IsComposing): Promise<void>;
}

export interface FurtherActions {
  readonly sessions?: SessionActions | undefined;
  readonly channels?: ChannelActions | undefined;
  readonly capabilitySources?: CapabilitySourceActions | undefined;
  readonly spamReports?: SpamReportActions | undefined;
  readonly privacyCommands?: PrivacyCommandActions | undefined;
}
