/** …the bot posts a message: policy, identifiers, and the one commit that makes it durable. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import type { Notifications } from '../../notify/notifications.js';
import { mapOutboundMessage, outboundKind } from '../../mapping/message-outbound.js';
import { ApiError } from '../../resources/api-error.js';
import type { ChatMessage } from '../../resources/chat-message.js';
import { messageUrl } from '../../resources/urls.js';
import type { NetworkUser } from '../../sip/network.js';
import type { Changes, Enqueue, Store } from '../../store/store.js';
import { isConversationId } from '../../wire/conversation-id.js';
import type { Chatbot, Idempotency } from '../actions.js';
import { type BotSignals, checkedKind } from './bot-signals.js';
import type { ConversationMemory } from '../sessions/conversation-memory.js';
import { isHidden } from '../hidden-user.js';
import type { MessageLog } from './message-log.js';
import { underPolicy } from './message-policy.js';
import {
  type CorrelatorRecord,
  messageLane,
  type MessageRecord,
  outboundItem,
  pairKey,
  receiptLane,
  Table,
} from '../records.js';

export interface SubmissionOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly messages: MessageLog;
  readonly memory: ConversationMemory;
  readonly notifications: Pick<Notifications, 'room'>;
  readonly link: (key: string, conversationId: string) => void;
  /** Typing that a bot posts as a message. */
  readonly compose: BotSignals['compose'];
  /** Of the session that is up: the user may have opened it with an identifier of his own. */
  readonly liveConversationId: (bot: string, user: string) => string | undefined;
  readonly validityMs: number;
  readonly correlatorMs: number;
  readonly maxMessageBytes: number;
  /** Messages of one bot to one user that wait. */
  readonly maxLaneDepth: number;
  /** Of all lanes together. */
  readonly maxQueueDepth: number;
}

export interface Submitted {
  readonly messageId: string;
  readonly resourceURL: string;
}

/** How a message is posted. */
export interface Submitting {
  readonly idempotency?: Idempotency | undefined;
  /** The confirmed session that alone may carry it. */
  readonly session?: { readonly sessionId: string } & Pick<MessageRecord, 'conversationId' | 'contributionId'>;
}

interface Made {
  readonly record: MessageRecord;
  /** The form of his address last received from the user; undefined: none, and the configuration's is none of his. */
  readonly heard: string | undefined;
}

export class Submission {
  private readonly options: SubmissionOptions;
  private readonly correlators: Table<CorrelatorRecord>;

  constructor(options: SubmissionOptions) {
    this.options = options;
    this.correlators = new Table<CorrelatorRecord>(options.store, 'correlator');
  }

  async submit(bot: Chatbot, user: NetworkUser, message: ChatMessage, how: Submitting = {}): Promise<Submitted> {
    const { store, log, metrics, messages, memory, correlatorMs } = this.options;
    const { idempotency, session } = how;
    if (checkedKind(message) === 'composing') return this.composed(bot, user, { message, session });
    const correlatorKey = idempotency && correlatorKeyOf(pairKey(bot.uri, user.key), session?.sessionId, idempotency);
    if (idempotency && correlatorKey !== undefined) {
      const first = await this.firstAnswer(correlatorKey, idempotency);
      if (first !== undefined) return this.submitted(bot, user, { messageId: first, ...session });
    }
    const { record: made, heard } = await this.record(bot, user, message);
    const record = { ...made, ...session };
    const changes = this.changes(bot, record, heard);
    const correlator =
      idempotency && correlatorKey !== undefined
        ? this.correlators.put(
            correlatorKey,
            { fingerprint: idempotency.fingerprint, messageId: record.messageId },
            { ttlMs: correlatorMs, ifRevision: 0 },
          )
        : undefined;
    const put = correlator ? [...(changes.put ?? []), correlator] : changes.put;
    const commit = (): Promise<boolean> => store.commit({ ...changes, ...(put ? { put } : {}) });
    if (!(await memory.committed(bot.uri, user.key, commit))) {
      // The same correlator came twice at once: the other one was first.
      return this.submit(bot, user, message, how);
    }
    messages.watchEnd(bot.uri, record);
    this.options.link(record.messageId, record.conversationId);
    metrics.count('messages_total', { direction: 'outbound', kind: 'message', result: 'accepted' });
    log.info('message accepted', {
      messageId: record.messageId,
      conversationId: record.conversationId,
      bot: bot.uri,
      user: user.key,
    });
    return this.submitted(bot, user, record);
  }

  /** The answer that a message in this session has had under its correlator; undefined: none. Throws ApiError SVC0005. */
  async again(
    bot: Chatbot,
    user: NetworkUser,
    { idempotency, sessionId }: { readonly idempotency: Idempotency; readonly sessionId: string },
  ): Promise<Submitted | undefined> {
    const key = correlatorKeyOf(pairKey(bot.uri, user.key), sessionId, idempotency);
    const messageId = await this.firstAnswer(key, idempotency);
    return messageId === undefined ? undefined : this.submitted(bot, user, { messageId, sessionId });
  }

  /** Never stored: the answer is a name that nothing is kept under. */
  private composed(
    bot: Chatbot,
    user: NetworkUser,
    { message, session }: { readonly message: ChatMessage; readonly session: Submitting['session'] },
  ): Submitted {
    const result = this.options.compose(bot.uri, user.key, message);
    this.options.metrics.count('messages_total', { direction: 'outbound', kind: 'composing', result });
    return this.submitted(bot, user, { ...session, messageId: randomUUID() });
  }

  private async firstAnswer(key: string, idempotency: Idempotency): Promise<string | undefined> {
    const first = (await this.correlators.get(key))?.value;
    if (!first) return undefined;
    if (first.fingerprint === idempotency.fingerprint) return first.messageId;
    throw new ApiError('SVC0005', [idempotency.correlator, 'clientCorrelator']);
  }

  private submitted(
    bot: Chatbot,
    user: NetworkUser,
    { messageId, sessionId }: { readonly messageId: string; readonly sessionId?: string },
  ): Submitted {
    const place = { contact: user.key, messageId, ...(sessionId === undefined ? {} : { sessionId }) };
    return { messageId, resourceURL: messageUrl({ serverRoot: bot.serverRoot, bot: bot.uri }, place) };
  }

  private async record(bot: Chatbot, user: NetworkUser, posted: ChatMessage): Promise<Made> {
    const { clock, memory, validityMs, liveConversationId } = this.options;
    const message = underPolicy(bot, posted, this.options);
    for (const part of ['conversationID', 'contributionID', 'inReplyToContributionID'] as const) {
      const value = message[part];
      if (value !== undefined && !isConversationId(value)) throw new ApiError('SVC0002', [`chatMessage.${part}`]);
    }
    const nowMs = clock.now();
    const known = await memory.get(bot.uri, user.key);
    // Who hid his number is reached while his conversation is remembered.
    if (known?.userUri === undefined && isHidden(user.key)) throw new ApiError('SVC0004', ['otherUserId']);
    const record: MessageRecord = {
      messageId: randomUUID(),
      user: user.key,
      userUri: known?.userUri ?? user.uri,
      status: 'Pending',
      dateTime: new Date(nowMs).toISOString(),
      createdAtMs: nowMs,
      validUntilMs: nowMs + (message.expiry === undefined ? validityMs : message.expiry * 1000),
      conversationId:
        message.conversationID ?? liveConversationId(bot.uri, user.key) ?? known?.conversationId ?? randomUUID(),
      contributionId: message.contributionID ?? randomUUID(),
      message,
    };
    await this.checkLimits(bot, user, record);
    return { record, heard: known?.userUri };
  }

  private async checkLimits(bot: Chatbot, user: NetworkUser, record: MessageRecord): Promise<void> {
    const { store, notifications, maxMessageBytes, maxLaneDepth, maxQueueDepth } = this.options;
    const { content } = mapOutboundMessage(record.message, record);
    if (content.length > maxMessageBytes) {
      this.reached('msrp.maxMessageBytes', bot.uri);
      throw new ApiError('SVC0280', [String(maxMessageBytes)]);
    }
    const [inLane, inAll] = await Promise.all([
      store.laneDepth('outbound', messageLane(bot.uri, user.key)),
      store.depth('outbound'),
    ]);
    if (inAll >= maxQueueDepth) {
      this.reached('store.maxItems', bot.uri);
      throw new ApiError('SVC1000', [], { retryAfterS: 5 });
    }
    // One user's callbacks that wait do not keep the bot from answering him.
    if ((await notifications.room(bot.uri, user.key)) === 'bot is full') {
      throw new ApiError('SVC1000', [], { retryAfterS: 5 });
    }
    if (inLane >= (bot.limits?.laneLength ?? maxLaneDepth)) {
      this.reached('limits.laneLength', bot.uri);
      throw new ApiError('POL0001', ['too many messages wait for this user'], { status: 429, retryAfterS: 5 });
    }
  }

  private reached(limit: string, bot: string): void {
    this.options.metrics.count('limit_reached_total', { limit }, 1, bot);
  }

  private changes(bot: Chatbot, record: MessageRecord, heard: string | undefined): Changes {
    const { memory, messages } = this.options;
    const note = memory.note(bot.uri, record.user, {
      conversationId: record.conversationId,
      ...(heard === undefined ? {} : { userUri: heard }),
    });
    if (outboundKind(record.message) === 'receipt') return { put: note ? [note] : [], enqueue: [receipt(bot, record)] };
    const { put = [] } = messages.put(bot.uri, record, 0);
    return {
      put: note ? [...put, note] : put,
      enqueue: [
        outboundItem(messageLane(bot.uri, record.user), record.messageId, {
          kind: 'message',
          bot: bot.uri,
          user: record.user,
          messageId: record.messageId,
        }),
      ],
    };
  }
}

/** A correlator is one bot's, and of one collection. */
function correlatorKeyOf(pair: string, sessionId: string | undefined, { correlator }: Idempotency): string {
  return `${pair}|${sessionId ?? 'adhoc'}|${correlator}`;
}

/** Not behind messages that are being retried, and without a record of its status. */
function receipt({ uri }: Chatbot, record: MessageRecord): Enqueue {
  return outboundItem(receiptLane(uri, record.user), record.messageId, { kind: 'botReceipt', bot: uri, record });
}
