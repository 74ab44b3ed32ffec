/** …the bot sends: what is at the head of a lane is sent, and what became of it is told. */
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Changes, ClaimedItem, Json } from '../../store/store.js';
import type { Chatbot, ChatbotDirectory } from '../actions.js';
import type { ItemOutcome } from '../lane-worker.js';
import { lapsed, type MessageLog, type Progress } from '../messages/message-log.js';
import type { MessageRecord, OutboundItem, Versioned } from '../records.js';
import type { Attempt } from './attempt.js';
import { MessageSending, type MessageSendingOptions } from './message-sending.js';
import { ReceiptSending, type ReceiptSendingOptions } from './receipt-sending.js';

export interface OutboundOptions extends MessageSendingOptions, ReceiptSendingOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly directory: ChatbotDirectory;
  readonly messages: MessageLog;
  /** Wait before attempt `attempts` + 1. */
  readonly backoffMs: (attempts: number) => number;
}

export class Outbound {
  private readonly options: OutboundOptions;
  private readonly sending: MessageSending;
  private readonly receipts: ReceiptSending;

  constructor(options: OutboundOptions) {
    this.options = options;
    this.sending = new MessageSending(options);
    this.receipts = new ReceiptSending(options);
  }

  /** Runs the head of a lane. */
  perform(item: ClaimedItem): Promise<ItemOutcome> {
    const queued = readItem(item.value);
    switch (queued.kind) {
      case 'message':
        return this.performMessage(item, queued);
      case 'receipt':
        return this.receipts.perform(item, queued);
      case 'taken':
      case 'lost':
        throw new TypeError('not a thing that is sent');
    }
  }

  private async performMessage(item: ClaimedItem, queued: OutboundItem & { kind: 'message' }): Promise<ItemOutcome> {
    const { messages, clock, directory } = this.options;
    const found = await messages.get(queued.bot, queued.user, queued.messageId);
    if (found?.value.status !== 'Pending') return { kind: 'done' };
    if (found.value.revokeRequested) return this.settle(queued.bot, found, { event: 'revoked' });
    const bot = directory.find(queued.bot);
    if (!bot)
      return this.giveUp(queued.bot, found, { event: 'failed', description: 'The chatbot is no longer configured' });
    if (clock.now() >= found.value.validUntilMs) return this.giveUp(queued.bot, found, lapsed(found.value));
    return this.conclude(item, { bot, found, outcome: await this.sending.attempt(bot, found.value) });
  }

  private conclude(
    item: ClaimedItem,
    { bot, found, outcome }: { bot: Chatbot; found: Versioned<MessageRecord>; outcome: Attempt },
  ): ItemOutcome {
    const { log, clock } = this.options;
    const { messageId, conversationId } = found.value;
    const fields = { messageId, conversationId, bot: bot.uri, attempts: item.attempts + 1 };
    switch (outcome.kind) {
      case 'sent':
        log.info('message sent', { ...fields, ms: clock.now() - found.value.createdAtMs });
        return this.settle(bot.uri, found, { event: 'sent' });
      case 'definite':
      case 'mismatch':
        log.warn('message refused', { ...fields, reason: outcome.description });
        return this.settle(bot.uri, found, { event: 'failed', description: outcome.description });
      case 'again':
        log.info('message waits', { ...fields, reason: outcome.description });
        return this.again(item, { bot, found, outcome });
    }
  }

  /** Not after the end of its validity: then it is told at once. */
  private again(
    item: ClaimedItem,
    {
      bot,
      found: { value, revision },
      outcome,
    }: { bot: Chatbot; found: Versioned<MessageRecord>; outcome: Attempt & { kind: 'again' } },
  ): ItemOutcome {
    const { clock, messages, backoffMs } = this.options;
    const serverErrors = (value.serverErrors ?? 0) + (outcome.maxAttempts === undefined ? 0 : 1);
    if (outcome.maxAttempts !== undefined && serverErrors >= outcome.maxAttempts) {
      return this.giveUp(bot.uri, { value, revision }, { event: 'failed', description: outcome.description });
    }
    const waitMs = outcome.afterMs ?? backoffMs(item.attempts);
    const dueAtMs = Math.min(clock.now() + waitMs, value.validUntilMs);
    const changes = messages.put(bot.uri, { ...value, serverErrors, description: outcome.description }, revision);
    // Where the record has moved meanwhile, only the wait is noted, unless the bot has taken the message back.
    const anew = async (): Promise<Changes | undefined> => {
      const now = await messages.get(bot.uri, value.user, value.messageId);
      return now?.value.revokeRequested ? messages.changes(bot.uri, now, { event: 'revoked' }) : undefined;
    };
    return { kind: 'again', dueAtMs, settlement: { changes, anew } };
  }

  private giveUp(bot: string, found: Versioned<MessageRecord>, progress: Progress): ItemOutcome {
    this.options.messages.tellGivenUp(bot, found.value, progress);
    return this.settle(bot, found, progress);
  }

  private settle(bot: string, found: Versioned<MessageRecord>, progress: Progress): ItemOutcome {
    const { messages } = this.options;
    const changes = messages.changes(bot, found, progress);
    if (!changes) return { kind: 'done' };
    const anew = async (): Promise<Changes | undefined> => {
      const now = await messages.get(bot, found.value.user, found.value.messageId);
      return now && messages.changes(bot, now, progress);
    };
    return { kind: 'done', settlement: { changes, anew } };
  }
}

/** Items are written by this folder alone. */
function readItem(value: Json): OutboundItem {
  return value as OutboundItem;
}
