/** …a platform has taken a user's message, or never will: what he is told of it, decided in the lane of his receipts. */
import { randomUUID } from 'node:crypto';
import { isReceiptAsked, type ReceiptStatus } from '../../mapping/disposition.js';
import type { About } from '../../notify/delivery/item.js';
import type { Changes, ClaimedItem } from '../../store/store.js';
import type { ChatbotDirectory } from '../actions.js';
import type { Dispositions } from './dispositions.js';
import type { ItemOutcome } from '../lane-worker.js';
import {
  type HandoverItem,
  type InboundRecord,
  messageKey,
  type OutboundItem,
  receiptLane,
  type Table,
} from '../records.js';

export interface HandoversOptions {
  readonly inbound: Table<InboundRecord>;
  readonly directory: ChatbotDirectory;
  readonly dispositions: Dispositions;
  /** How long a Message-ID is known, ms. */
  readonly dedupeMs: number;
}

export class Handovers {
  private readonly options: HandoversOptions;

  constructor(options: HandoversOptions) {
    this.options = options;
  }

  /** Where the gateway tells it for the bot; the changes go with an ack that must not fail for them. */
  async taken(about: About): Promise<Changes | undefined> {
    if (this.options.directory.find(about.bot)?.sendDelivered !== true) return undefined;
    return this.queued('taken', about, 'delivered');
  }

  /** One subscription will never have it; the changes go with an ack that must not fail for them. */
  lost(about: About): Promise<Changes | undefined> {
    return this.queued('lost', about, 'failed');
  }

  /** Runs the head of a lane where it is such an item. */
  perform({ value }: ClaimedItem): Promise<ItemOutcome> | undefined {
    const item = value as OutboundItem;
    switch (item.kind) {
      case 'taken':
        return this.performTaken(item);
      case 'lost':
        return this.performLost(item);
      case 'message':
      case 'receipt':
        return undefined;
    }
  }

  /** Decided in its turn: the bot's own receipt, or the end of it at another subscription, may come at the same time. */
  private async queued(
    kind: HandoverItem['kind'],
    { bot, contact: user, messageId = '', copies = 1 }: About,
    status: ReceiptStatus,
  ): Promise<Changes | undefined> {
    const found = await this.options.inbound.get(messageKey(bot, user, messageId));
    if (!found || !isReceiptAsked(found.value, status)) return undefined;
    const value: HandoverItem = { kind, bot, user, messageId, copies };
    return { enqueue: [{ queue: 'outbound', lane: receiptLane(bot, user), id: randomUUID(), value }] };
  }

  private async performTaken({ bot, user, messageId }: HandoverItem): Promise<ItemOutcome> {
    await this.options.dispositions.report(bot, user, { messageId }, 'delivered');
    return { kind: 'done' };
  }

  private async performLost(item: HandoverItem): Promise<ItemOutcome> {
    const anew = (): Promise<Changes | undefined> => this.loss(item);
    const changes = await anew();
    return changes ? { kind: 'done', settlement: { changes, anew } } : { kind: 'done' };
  }

  /** Told once nobody is left who may still take it; whoever was told of another end of it is told nothing more. */
  private async loss({ bot, user, messageId, copies }: HandoverItem): Promise<Changes | undefined> {
    const { inbound, dispositions, dedupeMs } = this.options;
    const key = messageKey(bot, user, messageId);
    const found = await inbound.get(key);
    if (!found || found.value.told.length > 0) return undefined;
    const lost = (found.value.lost ?? 0) + 1;
    if (lost >= copies) return dispositions.failure(bot, user, found);
    return { put: [inbound.put(key, { ...found.value, lost }, { ttlMs: dedupeMs, ifRevision: found.revision })] };
  }
}
