/** The RCS network as the interpreter sees it: sessions, standalone messages, capability queries. SIP ends above this line. */
import type { ContactTags, FeatureTags } from '../wire/feature-tags.js';

/** What the network must know of a chatbot. */
export interface NetworkBot {
  readonly uri: string;
  /** Value of +g.gsma.rcs.botversion. */
  readonly version: string;
  readonly roles: readonly ('session' | 'standalone')[];
  /** What Contact says of it; absent: its roles and version, files and locations. */
  readonly announced?: ContactTags;
  /** Whether it takes privacy commands, and whether this user's alias is in use (URI parameter tk); absent: it takes none. */
  readonly aliasing?: 'on' | 'off';
}

/** A user as the network named him. */
export interface NetworkUser {
  /** `tel:+E164`, or the whole URI of a token: equal for equal users. */
  readonly key: string;
  /** The form last seen: what a reply is addressed to. */
  readonly uri: string;
  /** What the same user is known as besides, where he shows his number at times and hides it at others. */
  readonly otherKey?: string;
}

/** A user as the bot's platform may know him; `hidden`: he wants privacy. */
export type Disguise = (botUri: string, user: NetworkUser, hidden: boolean) => NetworkUser;

/** The CPM service a request belongs to (its ICSI). */
export type Service = 'session' | 'standalone' | 'largeMessage' | 'deferred' | 'system';

/** OMA CPM's identifiers of a conversation and of one contribution to it. */
export interface ConversationIds {
  readonly conversationId: string;
  readonly contributionId: string;
  readonly inReplyToContributionId?: string;
}

/** What every request from the network tells. */
export interface Incoming {
  readonly callId: string;
  readonly botUri: string;
  readonly user: NetworkUser;
  readonly service: Service;
  readonly ids: Partial<ConversationIds>;
  /** Tags of the sender's Contact; empty in a MESSAGE. */
  readonly tags: FeatureTags;
  /** Versions that Accept-Contact asks for; empty: any. */
  readonly askedVersions: ReadonlySet<string>;
  /** Applications (IARI) that Accept-Contact names. */
  readonly askedApplications: ReadonlySet<string>;
  /** Seconds from now (SIP Expires). */
  readonly expiresS?: number;
  /** Display name of From: what the caller says of himself. */
  readonly fromName?: string;
  readonly subject?: string;
}

export interface Refusal {
  readonly status: number;
  readonly reason?: string;
  readonly retryAfterS?: number;
  readonly warning?: Warning;
}

/** RFC 3261 §20.43: a code of its table (399: none of the others), and why, without quotes. */
export interface Warning {
  readonly code: 302 | 304 | 305 | 399;
  readonly text: string;
}

/** An INVITE that waits. */
export interface Invitation extends Incoming {
  /** A message inside the INVITE (multipart), as CPIM. */
  readonly firstMessage?: Buffer;
  refuse(refusal: Refusal): Promise<void>;
  /** Told once when the caller gives up before it is answered. */
  onceCancelled(listener: () => void): void;
  /** Negotiates and answers; undefined: it came to nothing (488 was answered, the caller cancelled, the engine is gone). */
  accept(bot: NetworkBot, delegate: SessionDelegate): Promise<ChatSession | undefined>;
}

/** A MESSAGE out of dialog. */
export interface StandaloneMessage extends Incoming {
  readonly contentType: string;
  readonly content: Buffer;
  /** undefined: taken (200 or 202, by configuration). */
  answer(refusal?: Refusal): Promise<void>;
}

export interface CapabilityQuery {
  readonly botUri: string;
  readonly user: NetworkUser | undefined;
  readonly tags: FeatureTags;
  /** The bot's own tags go into the 200. */
  answer(bot: NetworkBot | undefined, refusal?: Refusal): Promise<void>;
}

export interface SessionMessage {
  readonly contentType: string;
  readonly content: Buffer;
}

export interface SessionOutgoing extends SessionMessage {
  /** Called once at most, after it was accepted: it has failed behind whoever answered, in the terms of MSRP. */
  readonly onLateFailure?: (failure: LateFailure) => void;
}

export interface LateFailure {
  readonly status: number;
  readonly comment: string | undefined;
}

export interface MsrpRefusal {
  readonly status: number;
  readonly comment: string;
}

export interface SessionDelegate {
  /** Settled once it is durable; the value refuses it; a rejection is MSRP 408. */
  onMessage(message: SessionMessage): Promise<MsrpRefusal | undefined>;
  /** The peer has ended its hold. */
  onResume?(): void;
  /** At most once: BYE of the peer, dead connection, dialog lost. Not after close(). */
  onEnd(reason: string): void;
}

export type SessionSend =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly status: number; readonly comment: string | undefined }
  | { readonly kind: 'lost' };

/** An established chat: a dialog with its MSRP session. */
export interface ChatSession {
  readonly callId: string;
  /** What its SIP and MSRP events are traced under. */
  readonly traceKeys: readonly string[];
  readonly direction: 'inbound' | 'outbound';
  readonly service: Service;
  readonly peerTags: FeatureTags;
  readonly open: boolean;
  /** Whether the peer is in the midst of a message. */
  readonly receiving: boolean;
  /** Whether the peer has put it on hold: nothing is to be sent in it, and it takes no type. */
  readonly held: boolean;
  /** How the peer takes a type: bare, wrapped in CPIM, or not at all. */
  takes(contentType: string): 'bare' | 'wrapped' | undefined;
  /** Whether the peer takes a type in CPIM, whatever it takes bare. */
  takesWrapped(contentType: string): boolean;
  send(message: SessionOutgoing): Promise<SessionSend>;
  /** BYE and the end of the MSRP session; idempotent, never rejects. */
  close(): Promise<void>;
}

/** A request of ours: from whom, to whom, in which conversation. */
export interface Outgoing {
  readonly bot: NetworkBot;
  readonly userUri: string;
  readonly ids: ConversationIds;
  /** What remains to live, and the wall clock from which it counts. */
  readonly expiry?: { readonly seconds: number; readonly fromMs: number };
  /** One line, for the user to read; of an INVITE. */
  readonly subject?: string;
  /** IARI for Accept-Contact; absent: the chatbot's of the service. */
  readonly application?: string;
}

export interface OutgoingMessage extends Outgoing {
  readonly service: Service;
  readonly contentType: string;
  readonly content: Buffer;
}

export interface SipOutcome {
  readonly status: number;
  readonly reason: string;
  readonly retryAfterS?: number;
  readonly tags: FeatureTags;
}

export type Opened =
  { readonly kind: 'open'; readonly session: ChatSession } | { readonly kind: 'refused'; readonly outcome: SipOutcome };

export interface NetworkHandlers {
  onInvitation(invitation: Invitation): void;
  onMessage(message: StandaloneMessage): void;
  onCapabilityQuery(query: CapabilityQuery): void;
}

export interface Network {
  start(handlers: NetworkHandlers): Promise<void>;
  readonly ready: boolean;
  openSession(outgoing: Outgoing, delegate: SessionDelegate, signal?: AbortSignal): Promise<Opened>;
  /** Whether the whole MESSAGE request stays within sip.pagerMaxBytes (RFC 3428 §8). */
  fitsPager(message: OutgoingMessage): boolean;
  sendMessage(message: OutgoingMessage): Promise<SipOutcome>;
  /** Large message mode: a session of its own for one message (OMA CPM). */
  sendLarge(message: OutgoingMessage, signal?: AbortSignal): Promise<SipOutcome | SessionSend>;
  /** Resolves once every BYE behind a large message is answered. */
  hungUp(): Promise<void>;
  /** The signal ends the waiting with 408. */
  queryCapabilities(bot: NetworkBot, userUri: string, signal?: AbortSignal): Promise<SipOutcome>;
  close(): Promise<void>;
}
