/** …the network sends: content of a session or of a MESSAGE becomes notifications, durable before it is acknowledged. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import { isReceiptAsked } from '../../mapping/disposition.js';
import {
  classifyInbound,
  type InboundContext,
  type InboundMessage,
  mapInboundMessage,
} from '../../mapping/message-inbound.js';
import { isFileDocument } from '../../mapping/file-transfer.js';
import { mapInboundComposing } from '../../mapping/is-composing.js';
import type { Notifications } from '../../notify/notifications.js';
import { isDateTime } from '../../resources/forms/date-time.js';
import type { IsComposing } from '../../resources/is-composing.js';
import type { ChatMessageNotification } from '../../resources/notification.js';
import type { SessionMessage, StandaloneMessage } from '../../sip/network.js';
import type { Store } from '../../store/store.js';
import { displayNameOf } from '../../wire/address.js';
import { parseCpim } from '../../wire/cpim.js';
import { DecodeError } from '../../wire/decode-error.js';
import { iari } from '../../wire/feature-tags.js';
import type { Imdn } from '../../wire/imdn.js';
import { parseIsComposing } from '../../wire/is-composing.js';
import { essence } from '../../wire/media-type.js';
import { linkReportContentType } from '../../wire/rcs/link-report.js';
import type { ComposingWatch } from './composing-watch.js';
import type { ConversationMemory } from '../sessions/conversation-memory.js';
import type { SessionContext } from '../sessions/conversation.js';
import type { Dispositions } from './dispositions.js';
import { isHidden } from '../hidden-user.js';
import { MessageRate } from './message-rate.js';
import { type InboundRecord, messageKey, pairKey, Table } from '../records.js';

/** What became of inbound content; the border turns it into its protocol's code. */
export type Verdict =
  | { readonly kind: 'taken' }
  | { readonly kind: 'undecodable'; readonly problem: string }
  | { readonly kind: 'unsupported'; readonly contentType: string }
  /** No live subscription takes it now. */
  | { readonly kind: 'unwanted' }
  /** It is one too many of this second. */
  | { readonly kind: 'too-many' };

/** Resolves once what the document says is durable; throws DecodeError. */
export type DocumentHandler = (context: SessionContext, message: SessionMessage) => Promise<Verdict>;

export interface InboundOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly notifications: Notifications;
  readonly memory: ConversationMemory;
  readonly dispositions: Dispositions;
  /** Bodies that come in a MESSAGE of their own: content type → who takes them. */
  readonly documents: ReadonlyMap<string, DocumentHandler>;
  readonly composing: ComposingWatch;
  readonly link: (key: string, conversationId: string) => void;
  /** How long a Message-ID is known again, ms. */
  readonly dedupeMs: number;
  /** Asked before content of a session is understood, by its bot: resolves when it is the turn of one of his; undefined: at once. */
  readonly turn?: Turn;
  /** The same before a MESSAGE is; absent: somebody before us has asked. */
  readonly messageTurn?: Turn;
}

type Turn = (bot: string) => Promise<void> | undefined;

const taken: Verdict = { kind: 'taken' };

export class Inbound {
  private readonly options: InboundOptions;
  private readonly records: Table<InboundRecord>;
  private readonly rate: MessageRate;

  constructor(options: InboundOptions) {
    this.options = options;
    this.records = new Table<InboundRecord>(options.store, 'inbound');
    this.rate = new MessageRate(options);
  }

  /** Resolves once what it says is durable; rejects where the store failed. */
  receive(context: SessionContext, message: SessionMessage): Promise<Verdict> {
    return this.understand(this.options.turn?.(context.bot.uri), () => this.decode(context, message));
  }

  /** The same for the body of a MESSAGE, which may also be a document of its own. */
  receiveStandalone(context: SessionContext, message: StandaloneMessage): Promise<Verdict> {
    return this.understand(this.options.messageTurn?.(context.bot.uri), () => {
      const document = this.options.documents.get(documentType(message));
      return document ? document(context, message) : this.decode(context, message);
    });
  }

  private async understand(turn: Promise<void> | undefined, read: () => Promise<Verdict>): Promise<Verdict> {
    if (turn) await turn;
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.options.metrics.count('messages_total', { direction: 'inbound', kind: 'any', result: 'undecodable' });
      this.options.log.warn('inbound content not understood', { codec: error.codec, place: error.place });
      return { kind: 'undecodable', problem: error.codec };
    }
  }

  private async decode(context: SessionContext, message: SessionMessage): Promise<Verdict> {
    switch (essence(message.contentType)) {
      case 'message/cpim':
        return this.dispatch(context, message.content);
      case 'application/im-iscomposing+xml':
        return this.composing(context, mapInboundComposing(parseIsComposing(message.content)));
      default:
        return { kind: 'unsupported', contentType: essence(message.contentType) };
    }
  }

  private dispatch(context: SessionContext, bytes: Buffer): Verdict | Promise<Verdict> {
    const cpim = parseCpim(bytes);
    const inbound = classifyInbound(cpim);
    switch (inbound.kind) {
      case 'message':
        return this.message(context, mapInboundMessage(cpim, contextOf(context)));
      case 'receipts':
        return this.receipts(context, inbound.imdns);
      case 'composing':
        return this.composing(context, mapInboundComposing(inbound.composing));
    }
  }

  private async receipts(context: SessionContext, imdns: readonly Imdn[]): Promise<Verdict> {
    for (const imdn of imdns) await this.options.dispositions.receive(context, imdn);
    return taken;
  }

  private composing(context: SessionContext, isComposing: IsComposing): Verdict {
    const { composing } = this.options;
    this.tellComposing(context, isComposing);
    composing.heard(pairKey(context.bot.uri, context.user.key), isComposing, () =>
      this.tellComposing(context, { state: 'idle' }),
    );
    return taken;
  }

  private tellComposing(context: SessionContext, isComposing: IsComposing): void {
    this.options.notifications.tell({
      kind: 'isComposing',
      bot: context.bot.uri,
      senderAddress: context.user.key,
      sessionId: this.sessionId(context),
      dateTime: new Date(this.options.clock.now()).toISOString(),
      isComposing,
    });
  }

  /** A bot that is told nothing of confirmed sessions is told of its messages all the same. */
  private sessionId({ bot, sessionId }: SessionContext): string {
    return sessionId !== undefined && this.options.notifications.wanted(bot.uri, 'chatEvent') ? sessionId : 'adhoc';
  }

  private async message(context: SessionContext, inbound: InboundMessage): Promise<Verdict> {
    const { store, clock, log, metrics, notifications, memory, dedupeMs } = this.options;
    const { bot, user, ids } = context;
    const startedMs = clock.now();
    this.options.composing.ended(pairKey(bot.uri, user.key));
    const messageId = inbound.imdnMessageId ?? randomUUID();
    this.options.link(messageId, ids.conversationId);
    const { expiresAtMs } = context;
    const items = notifications.items(this.notification(context, inbound, messageId), { expiresAtMs });
    if (items.length === 0) return { kind: 'unwanted' };
    if (!this.rate.admits(bot)) return { kind: 'too-many' };
    const room = await notifications.room(bot.uri, user.key);
    if (room !== 'free') {
      log.warn('no room for a message', { bot: bot.uri, room });
      return { kind: 'unwanted' };
    }
    const note = memory.note(bot.uri, user.key, { conversationId: ids.conversationId, userUri: user.uri });
    const record = this.records.put(messageKey(bot.uri, user.key, messageId), toRecord(context, inbound, messageId), {
      ttlMs: dedupeMs,
      ifRevision: 0,
    });
    const fresh = await memory.committed(bot.uri, user.key, () =>
      store.commit({ put: note ? [record, note] : [record], enqueue: items }),
    );
    metrics.count('messages_total', { direction: 'inbound', kind: 'message', result: fresh ? 'taken' : 'duplicate' });
    if (fresh) this.countFile(inbound);
    log.info(fresh ? 'message received' : 'message received again', {
      messageId,
      conversationId: ids.conversationId,
      bot: bot.uri,
      service: context.service,
      ms: clock.now() - startedMs,
    });
    return taken;
  }

  private countFile({ message: { contentType = '', fileTransfer } }: InboundMessage): void {
    if (!isFileDocument(contentType)) return;
    this.options.metrics.count('file_documents_total', { form: fileTransfer === undefined ? 'document' : 'members' });
  }

  private notification(context: SessionContext, inbound: InboundMessage, messageId: string): ChatMessageNotification {
    const senderName = isHidden(context.user.key) ? undefined : displayNameOf(inbound.from);
    const { dateTime } = inbound;
    const told: { -readonly [K in keyof ChatMessageNotification]: ChatMessageNotification[K] } = {
      kind: 'chatMessage',
      bot: context.bot.uri,
      senderAddress: context.user.key,
      sessionId: this.sessionId(context),
      messageId,
      // Who reads it strictly would refuse the callback for what a phone has written.
      dateTime:
        dateTime !== undefined && isDateTime(dateTime) ? dateTime : new Date(this.options.clock.now()).toISOString(),
      message: inbound.message,
      receiptAsked: isReceiptAsked(inbound, 'delivered') || isReceiptAsked(inbound, 'displayed'),
    };
    if (senderName !== undefined) told.senderName = senderName;
    return told;
  }
}

/** An alias link report is also known by the application alone (network-side facts §7). */
function documentType({ contentType, askedApplications }: StandaloneMessage): string {
  return askedApplications.has(iari.aliasLink) ? linkReportContentType : essence(contentType);
}

/** What SIP says of the message, for the bot. */
function contextOf({ ids }: SessionContext): InboundContext {
  const context: { -readonly [K in keyof InboundContext]: InboundContext[K] } = {
    conversationID: ids.conversationId,
    contributionID: ids.contributionId,
  };
  if (ids.inReplyToContributionId !== undefined) context.inReplyToContributionID = ids.inReplyToContributionId;
  return context;
}

/** Without its content: receipts do not need it. Member by member, as it is made for each message. */
function toRecord(
  { user, ids, service, sessionId }: SessionContext,
  inbound: InboundMessage,
  messageId: string,
): InboundRecord {
  const { imdnMessageId, dateTime, asked, recordRoute, originalTo, from, to } = inbound;
  const record: { -readonly [K in keyof InboundRecord]: InboundRecord[K] } = {
    messageId,
    userUri: user.uri,
    conversationId: ids.conversationId,
    contributionId: ids.contributionId,
    service,
    told: [],
    asked,
    recordRoute,
  };
  if (imdnMessageId !== undefined) record.imdnMessageId = imdnMessageId;
  if (dateTime !== undefined) record.dateTime = dateTime;
  if (originalTo !== undefined) record.originalTo = originalTo;
  if (from !== undefined) record.from = from;
  if (to !== undefined) record.to = to;
  if (sessionId !== undefined) record.sessionId = sessionId;
  return record;
}
