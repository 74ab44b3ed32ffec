/** The records of outbound messages: each event moves the status, and tells the platform what it asked to be told, in one commit. */
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import type { Notifications } from '../../notify/notifications.js';
import type { ChatMessage } from '../../resources/chat-message.js';
import type { MessageStatus } from '../../resources/message-status.js';
import type { Changes, ClaimedItem, Store } from '../../store/store.js';
import type { NamedMessage } from '../actions.js';
import { together } from '../changes.js';
import { EndWatch } from './end-watch.js';
import { type MessageEvent, needsContent, next, passedOver } from './message-state.js';
import {
  isOfSession,
  messageKey,
  messageLane,
  type MessageRecord,
  type OutboundItem,
  Table,
  type Versioned,
} from '../records.js';

export interface Progress {
  readonly event: MessageEvent;
  /** Words for the bot: protocol, code, reason. */
  readonly description?: string;
}

/** What a message comes to whose time is over: Expired where its bot has said how long, else Failed, with the last reason. */
export function lapsed({ message, description }: MessageRecord): Progress {
  if (message.expiry !== undefined) return { event: 'expired', description: 'The message has expired' };
  return { event: 'failed', description: description ?? 'The user could not be reached in time' };
}

/** The end of a message that cannot be tried for now; undefined: it waits. */
function endBehind(record: MessageRecord, nowMs: number): Progress | undefined {
  if (record.status !== 'Pending') return undefined;
  if (record.revokeRequested) return { event: 'revoked' };
  return nowMs < record.validUntilMs ? undefined : lapsed(record);
}

export interface MessageLogOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly notifications: Notifications;
  readonly retentionMs: number;
  /** What a message that is taken back needs besides, as it moves on. */
  readonly moved: (bot: string, record: MessageRecord) => Changes;
}

/** By the id of its item, too. */
interface Queued {
  readonly bot: string;
  readonly user: string;
  readonly messageId: string;
}

export class MessageLog {
  private readonly options: MessageLogOptions;
  private readonly records: Table<MessageRecord>;
  private readonly ends: EndWatch;

  constructor(options: MessageLogOptions) {
    this.options = options;
    this.ends = new EndWatch(options);
    this.records = new Table<MessageRecord>(options.store, 'message');
  }

  get(bot: string, user: string, messageId: string): Promise<Versioned<MessageRecord> | undefined> {
    return this.records.get(messageKey(bot, user, messageId));
  }

  /** As a path names it. */
  async find(bot: string, user: string, named: NamedMessage): Promise<MessageRecord | undefined> {
    const record = (await this.get(bot, user, named.messageId))?.value;
    return record && isOfSession(record, named) ? record : undefined;
  }

  put(bot: string, record: MessageRecord, ifRevision?: number): Changes {
    const options = { ttlMs: this.options.retentionMs, ...(ifRevision === undefined ? {} : { ifRevision }) };
    return { put: [this.records.put(messageKey(bot, record.user, record.messageId), record, options)] };
  }

  /** Reads, moves and commits until no one else was in between. */
  async advance(
    bot: string,
    user: string,
    messageId: string,
    progress: Progress,
  ): Promise<'changed' | 'no-change' | 'unknown'> {
    for (;;) {
      const found = await this.get(bot, user, messageId);
      if (!found) return 'unknown';
      const changes = this.changes(bot, found, progress);
      if (!changes) return 'no-change';
      if (await this.options.store.commit(changes)) return 'changed';
    }
  }

  /** The commit that an event asks for; undefined: it changes nothing. */
  changes(bot: string, { value, revision }: Versioned<MessageRecord>, progress: Progress): Changes | undefined {
    const status = next(value.status, progress.event);
    if (!status) return undefined;
    const { revokeRequested, description, ...kept } = value;
    // The reason of a wait is none of what has come of it: that has its own, or none.
    const words = progress.description;
    const record: MessageRecord = {
      ...kept,
      status,
      ...(words === undefined ? {} : { description: words }),
      message: needsContent(status) ? value.message : withoutContent(value.message),
    };
    this.options.metrics.count('message_status_total', { status });
    this.ends.forget(value.messageId);
    const steps = [...passedOver(value.status, status).map((passed) => ({ ...kept, status: passed })), record];
    const enqueue = steps.flatMap((step) => this.notifications(bot, step));
    const changes = { ...this.put(bot, record, revision), enqueue };
    return revokeRequested && status !== 'Revoked' ? together(changes, this.options.moved(bot, record)) : changes;
  }

  /** For the operators: what was tried in vain, and came to this. */
  tellGivenUp(bot: string, { messageId, conversationId }: MessageRecord, { event, description }: Progress): void {
    const status = event === 'expired' ? 'Expired' : 'Failed';
    this.options.log.warn('message given up', { messageId, conversationId, bot, status, reason: description });
  }

  /** Those that wait behind another, and have their own end: taken back, or their time is over. The bot is not to wait for the other's. */
  async lapse(items: readonly ClaimedItem[]): Promise<void> {
    for (const { value } of items) {
      const item = value as OutboundItem;
      if (item.kind === 'message') await this.endOne(item);
    }
  }

  /** Of a message that is durable: behind others it is tried when they are, and its end is not to wait for that. */
  watchEnd(bot: string, record: MessageRecord): void {
    if (record.message.expiry === undefined) return;
    const { store, log } = this.options;
    store.laneDepth('outbound', messageLane(bot, record.user)).then(
      (depth) => {
        if (depth > 1) this.watch(bot, record);
      },
      // It is durable, and its bot must not be told otherwise.
      (error: unknown) => log.warn('end of a message not settled', { error: String(error) }),
    );
  }

  close(): void {
    this.ends.close();
  }

  private watch(bot: string, { user, messageId, status, message, validUntilMs }: MessageRecord): void {
    if (status !== 'Pending' || message.expiry === undefined) return;
    this.ends.watch(messageId, validUntilMs, () => this.endOne({ bot, user, messageId }));
  }

  private async endOne({ bot, user, messageId }: Queued): Promise<void> {
    const found = await this.get(bot, user, messageId);
    if (!found) return;
    const progress = endBehind(found.value, this.options.clock.now());
    if (!progress) {
      this.watch(bot, found.value);
      return;
    }
    // In a worker's hands, or moved: what is there now decides, in its turn.
    const isOver = await this.options.store.withdraw('outbound', messageId, this.changes(bot, found, progress));
    if (isOver && progress.event !== 'revoked') this.tellGivenUp(bot, found.value, progress);
  }

  private notifications(bot: string, record: MessageRecord): NonNullable<Changes['enqueue']> {
    const told = toldAs(record.status, record.message.reportRequest);
    if (!told) return [];
    const description = describe(record, told);
    return this.told(bot, record, { status: told, ...(description === undefined ? {} : { description }) });
  }

  /** Items that tell the bot of a status, whatever the message's own is. */
  told(
    bot: string,
    record: MessageRecord,
    told: { readonly status: MessageStatus; readonly description?: string },
  ): NonNullable<Changes['enqueue']> {
    return this.options.notifications.items({
      kind: 'messageStatus',
      bot,
      contact: record.user,
      // Who takes it or not: its link is the message's Location.
      sessionId: record.sessionId ?? 'adhoc',
      messageId: record.messageId,
      ...told,
    });
  }
}

/**
 * What the bot is told of a status, by its reportRequest (rest-side facts §2): the first four as asked, without a
 * request (or with an empty one, which XML cannot tell from none) only Failed; Revoked and RevokeFailed always; Expired and Interworked by name, else as their nearest.
 */
export function toldAs(
  status: MessageStatus,
  reportRequest: NonNullable<ChatMessage['reportRequest']> = [],
): MessageStatus | undefined {
  const asked = (name: MessageStatus): boolean =>
    reportRequest.length > 0 ? (reportRequest as readonly MessageStatus[]).includes(name) : name === 'Failed';
  switch (status) {
    case 'Pending':
      return undefined;
    case 'Revoked':
    case 'RevokeFailed':
      return status;
    case 'Expired':
      return asked('Expired') ? 'Expired' : asked('Failed') ? 'Failed' : undefined;
    case 'Interworked':
      return asked('Interworked') ? 'Interworked' : asked('Delivered') ? 'Delivered' : undefined;
    case 'Sent':
    case 'Delivered':
    case 'Displayed':
    case 'Failed':
      return asked(status) ? status : undefined;
  }
}

/** What the bot was not asked to know by its own name is told with words: what it was, and why. */
function describe({ status, description }: MessageRecord, told: MessageStatus): string | undefined {
  if (status === told) return description;
  const words = status === 'Expired' ? 'The message expired before it could be delivered' : 'Delivered as SMS or MMS';
  return description === undefined ? words : `${words}: ${description}`;
}

function withoutContent(message: ChatMessage): ChatMessage {
  const { text, bodyText, fileTransfer, ...rest } = message;
  return rest;
}
