/** What the interpreter keeps: one typed table for each kind of record, and the keys and lanes that tie them together. */
import type { ReceiptStatus } from '../mapping/disposition.js';
import type { Acknowledged } from '../mapping/message-inbound.js';
import type { Enqueue, Json, Put, RecordKind, Remove, Store } from '../store/store.js';
import type { ChatMessage } from '../resources/chat-message.js';
import type { ChatSessionRequest, ParticipantStatus } from '../resources/chat-session.js';
import type { MessageStatus } from '../resources/message-status.js';
import type { NamedMessage } from './actions.js';

/** An outbound message; without content once the network has it, or never will. */
export type MessageRecord = {
  readonly messageId: string;
  readonly user: string;
  readonly userUri?: string;
  readonly status: MessageStatus;
  readonly description?: string;
  /** RFC 3339; the CPIM DateTime of every attempt. */
  readonly dateTime: string;
  readonly createdAtMs: number;
  /** Until then an undelivered message is tried. */
  readonly validUntilMs: number;
  readonly conversationId: string;
  readonly contributionId: string;
  /** Answers 500 so far (network-side facts: at most three for one message). */
  readonly serverErrors?: number;
  /** Taken back while it was being sent. */
  readonly revokeRequested?: true;
  readonly message: ChatMessage;
  /** The confirmed session that alone may carry it. */
  readonly sessionId?: string;
};

/** A confirmed session; `contact` invited, or was invited. */
export type SessionRecord = {
  readonly sessionId: string;
  readonly contact: string;
  readonly direction: 'inbound' | 'outbound';
  readonly status: ParticipantStatus;
  readonly conversationId: string;
  readonly contributionId: string;
  readonly request: ChatSessionRequest;
};

/** What the receipts of an inbound message need. */
export type InboundRecord = Acknowledged & {
  readonly messageId: string;
  readonly userUri: string;
  readonly conversationId: string;
  readonly contributionId: string;
  readonly service: 'session' | 'standalone' | 'largeMessage' | 'deferred' | 'system';
  /** Receipts that are already on their way; the same twice is one. */
  readonly told: readonly ReceiptStatus[];
  /** The confirmed session that it came in. */
  readonly sessionId?: string;
  /** Subscriptions that will never have it. */
  readonly lost?: number;
};

export type ConversationRecord = {
  readonly conversationId: string;
  /** The form of the user's address last received from him. */
  readonly userUri?: string;
  /** Wall clock: when the last message was noted. */
  readonly atMs?: number;
};

export type CorrelatorRecord = {
  readonly fingerprint: string;
  readonly messageId: string;
};

/** What waits in the outbound queue. */
export type OutboundItem =
  | { readonly kind: 'message'; readonly bot: string; readonly user: string; readonly messageId: string }
  | {
      readonly kind: 'receipt';
      readonly bot: string;
      readonly user: string;
      readonly messageId: string;
      readonly status: ReceiptStatus;
      /** imdn.Message-ID of the IMDN itself; the same at every attempt. */
      readonly receiptId: string;
      readonly dateTime: string;
    }
  | HandoverItem;

/** A subscription has taken the user's message, or never will. */
export type HandoverItem = {
  readonly kind: 'taken' | 'lost';
  readonly bot: string;
  readonly user: string;
  readonly messageId: string;
  /** Subscriptions that were to be told of it. */
  readonly copies: number;
};

/** What waits there for the services beyond chat. */
export type ServiceItem =
  /** A receipt that a bot has posted as a message; nothing else is kept of it. */
  | { readonly kind: 'botReceipt'; readonly bot: string; readonly record: MessageRecord }
  | { readonly kind: 'revoke'; readonly bot: string; readonly user: string; readonly messageId: string }
  | {
      readonly kind: 'revokeDeadline';
      readonly bot: string;
      readonly user: string;
      readonly messageId: string;
      /** Wall clock. */
      readonly atMs: number;
    }
  | { readonly kind: 'privacyAnswer'; readonly bot: string; readonly user: string; readonly commandId: string }
  | {
      readonly kind: 'privacyDeadline';
      readonly bot: string;
      readonly user: string;
      readonly commandId: string;
      /** Wall clock. */
      readonly atMs: number;
    };

export interface Versioned<T> {
  readonly value: T;
  readonly revision: number;
}

interface Entry<T> {
  readonly key: string;
  readonly value: T;
}

/** One kind of record, typed; records are written by this table alone, so reading gives back what it wrote. */
export class Table<T extends object> {
  private readonly store: Store;
  private readonly kind: RecordKind;

  constructor(store: Store, kind: RecordKind) {
    this.store = store;
    this.kind = kind;
  }

  async get(key: string): Promise<Versioned<T> | undefined> {
    const record = await this.store.get(this.kind, key);
    return record && { value: record.value as T, revision: record.revision };
  }

  /** At most `limit`, by key. */
  async list(prefix: string, limit: number): Promise<readonly T[]> {
    return (await this.entries(prefix, limit)).map(({ value }) => value);
  }

  /** The same with their keys; those behind the key `after`. */
  async entries(prefix: string, limit: number, after?: string): Promise<readonly Entry<T>[]> {
    const records = await this.store.list(this.kind, prefix, limit, after);
    return records.map(({ key, value }) => ({ key, value: value as T }));
  }

  put(key: string, value: T, options: { ttlMs?: number; ifRevision?: number } = {}): Put {
    return { kind: this.kind, key, value: json(value), ...options };
  }

  remove(key: string): Remove {
    return { kind: this.kind, key };
  }
}

/** An item of the outbound queue, typed; `id` is its own, for good. */
export function outboundItem(lane: string, id: string, item: OutboundItem | ServiceItem): Enqueue {
  return { queue: 'outbound', lane, id, value: json(item) };
}

/** Records and items hold nothing but what JSON can; an interface has no way to say so. */
function json(value: object): Json {
  return value as Json;
}

/** A bot and a user; no URI holds a bare `|` (RFC 3986 §2). */
export function pairKey(bot: string, user: string): string {
  return `${bot}|${user}`;
}

export function messageKey(bot: string, user: string, messageId: string): string {
  return `${bot}|${user}|${messageId}`;
}

/** Whether a message is of the session that a path names, where it names one. */
export function isOfSession(record: { readonly sessionId?: string }, { sessionId }: NamedMessage): boolean {
  return sessionId === undefined || sessionId === record.sessionId;
}

/** Of kind 'conversation', beside what is remembered of the pair; no URI scheme is called `session`. */
export const sessionPrefix = 'session|';

export function sessionKey(bot: string, user: string, sessionId: string): string {
  return `${sessionPrefix}${pairKey(bot, user)}|${sessionId}`;
}

/** Messages of a bot to a user: in order, one after the other. */
export function messageLane(bot: string, user: string): string {
  return `message|${pairKey(bot, user)}`;
}

/** Receipts, revokes and privacy answers: never behind a message that is being retried. */
export function receiptLane(bot: string, user: string): string {
  return `receipt|${pairKey(bot, user)}`;
}

/** Whose work it is; empty for a deadline. */
export function botOfLane(lane: string): string {
  const [kind, bot = ''] = lane.split('|', 2);
  return kind === 'deadline' ? '' : bot;
}

/** A deadline waits alone: it holds nothing up. */
export function deadlineLane(id: string): string {
  return `deadline|${id}`;
}
