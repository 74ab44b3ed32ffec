/** …a receipt comes or is due: IMDNs of users change the status of outbound messages, receipts of bots become IMDNs. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import { isReceiptAsked, type ReceiptStatus, statusOfImdn } from '../../mapping/disposition.js';
import type { MessageStatus } from '../../resources/message-status.js';
import type { Changes, Store } from '../../store/store.js';
import type { Imdn } from '../../wire/imdn.js';
import type { NamedMessage } from '../actions.js';
import type { SessionContext } from '../sessions/conversation.js';
import type { MessageEvent } from './message-state.js';
import type { MessageLog } from './message-log.js';
import {
  type InboundRecord,
  isOfSession,
  messageKey,
  outboundItem,
  receiptLane,
  Table,
  type Versioned,
} from '../records.js';

export interface DispositionsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly messages: MessageLog;
  readonly dedupeMs: number;
}

export class Dispositions {
  private readonly options: DispositionsOptions;
  private readonly inbound: Table<InboundRecord>;

  constructor(options: DispositionsOptions) {
    this.options = options;
    this.inbound = new Table<InboundRecord>(options.store, 'inbound');
  }

  /**
   * A user's IMDN: matched by bot, user and Message-ID, so that nobody can forge a receipt for another user's message.
   * For a message that is not known it is counted and dropped: repeating it would not help.
   */
  async receive(context: SessionContext, imdn: Imdn): Promise<void> {
    const { metrics, messages, log } = this.options;
    const change = statusOfImdn(imdn);
    const event = change && eventOf(change.status);
    const advance = (user: string): ReturnType<MessageLog['advance']> =>
      event
        ? messages.advance(context.bot.uri, user, imdn.messageId, { ...change, event })
        : Promise.resolve('no-change');
    const { key, otherKey } = context.user;
    const first = await advance(key);
    // He may hide his number in the receipt and not in the message, or the reverse.
    const result = first === 'unknown' && otherKey !== undefined ? await advance(otherKey) : first;
    const { status } = imdn.disposition;
    metrics.count('receipts_total', { direction: 'inbound', status, result });
    log.info('receipt received', { messageId: imdn.messageId, status, result });
  }

  /** A bot's receipt; nothing goes out where it was not asked for, or is on its way already. */
  async report(bot: string, user: string, named: NamedMessage, status: ReceiptStatus): Promise<'done' | 'unknown'> {
    const key = messageKey(bot, user, named.messageId);
    for (;;) {
      const found = await this.inbound.get(key);
      if (!found || !isOfSession(found.value, named)) return 'unknown';
      if (!isReceiptAsked(found.value, status) || found.value.told.includes(status)) return 'done';
      const changes = this.tellChanges(bot, user, found.value, { status, revision: found.revision });
      if (await this.options.store.commit(changes)) {
        this.options.metrics.count('receipts_total', { direction: 'outbound', status, result: 'queued' });
        return 'done';
      }
    }
  }

  /** The changes that tell a user, who asked for negative-delivery, that his message came to nothing. */
  failure(bot: string, user: string, { value, revision }: Versioned<InboundRecord>): Changes | undefined {
    return isReceiptAsked(value, 'failed')
      ? this.tellChanges(bot, user, value, { status: 'failed', revision })
      : undefined;
  }

  private tellChanges(
    bot: string,
    user: string,
    record: InboundRecord,
    { status, revision }: { status: ReceiptStatus; revision: number },
  ): Changes {
    const receiptId = randomUUID();
    return {
      put: [
        this.inbound.put(
          messageKey(bot, user, record.messageId),
          { ...record, told: [...record.told, status] },
          { ttlMs: this.options.dedupeMs, ifRevision: revision },
        ),
      ],
      enqueue: [
        outboundItem(receiptLane(bot, user), receiptId, {
          kind: 'receipt',
          bot,
          user,
          messageId: record.messageId,
          status,
          receiptId,
          dateTime: new Date(this.options.clock.now()).toISOString(),
        }),
      ],
    };
  }
}

const events: Readonly<Partial<Record<MessageStatus, MessageEvent>>> = {
  Delivered: 'delivered',
  Displayed: 'displayed',
  Failed: 'failed',
  Interworked: 'interworked',
};

function eventOf(status: MessageStatus): MessageEvent | undefined {
  return events[status];
}
