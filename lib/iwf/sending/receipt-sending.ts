/** A receipt of the bot for a user's message, from its lane: in the session or by MESSAGE, for as long as it is worth it. */
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import { mapReceipt } from '../../mapping/disposition.js';
import type { Network } from '../../sip/network.js';
import type { ClaimedItem } from '../../store/store.js';
import { printCpim } from '../../wire/cpim.js';
import type { Chatbot, ChatbotDirectory } from '../actions.js';
import type { ItemOutcome } from '../lane-worker.js';
import { type InboundRecord, messageKey, type OutboundItem, type Table } from '../records.js';
import type { Conversations } from '../sessions/conversations.js';
import { type Attempt, attemptByMsrp, attemptBySip } from './attempt.js';
import type { Announced } from './document-sending.js';

export interface ReceiptSendingOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly network: Network;
  readonly directory: ChatbotDirectory;
  readonly conversations: Conversations;
  readonly inbound: Table<InboundRecord>;
  readonly announced: Announced;
  /** How long a receipt is tried. */
  readonly validityMs: number;
  /** Wait before attempt `attempts` + 1. */
  readonly backoffMs: (attempts: number) => number;
}

type Receipt = OutboundItem & { readonly kind: 'receipt' };

const cpimType = 'message/cpim';
const imdnType = 'message/imdn+xml';

export class ReceiptSending {
  private readonly options: ReceiptSendingOptions;

  constructor(options: ReceiptSendingOptions) {
    this.options = options;
  }

  /** Runs the head of a lane. */
  async perform(item: ClaimedItem, queued: Receipt): Promise<ItemOutcome> {
    const { clock, log, inbound, directory, validityMs, backoffMs } = this.options;
    const record = (await inbound.get(messageKey(queued.bot, queued.user, queued.messageId)))?.value;
    const bot = directory.find(queued.bot);
    if (!record || !bot) return { kind: 'done' };
    const outcome = await this.sendReceipt(bot, queued, record);
    const fields = { messageId: queued.messageId, status: queued.status, attempts: item.attempts + 1 };
    const deadlineMs = item.enqueuedAtMs + validityMs;
    if (outcome.kind === 'again' && clock.now() < deadlineMs) {
      log.info('receipt waits', { ...fields, reason: outcome.description });
      return {
        kind: 'again',
        dueAtMs: Math.min(clock.now() + (outcome.afterMs ?? backoffMs(item.attempts)), deadlineMs),
      };
    }
    if (outcome.kind === 'sent') log.info('receipt sent', fields);
    else log.warn('receipt not sent', { ...fields, reason: outcome.description });
    return { kind: 'done' };
  }

  /** In the session if one is up and takes it, else by MESSAGE with the same Conversation-ID. */
  private async sendReceipt(bot: Chatbot, queued: Receipt, record: InboundRecord): Promise<Attempt> {
    const { conversations, network } = this.options;
    const { receiptId, dateTime } = queued;
    const receipt = mapReceipt(record, queued.status, { messageId: receiptId, dateTime });
    if (!receipt) return { kind: 'definite', description: 'The message has no Message-ID' };
    const content = printCpim(receipt);
    const live = conversations.live(queued.bot, queued.user);
    if (live?.session.takesWrapped(imdnType)) {
      const sent = attemptByMsrp(await conversations.send(live, { contentType: cpimType, content }));
      if (sent.kind === 'sent') return sent;
    }
    return attemptBySip(
      await network.sendMessage({
        bot: await this.options.announced(bot, queued.user),
        userUri: record.userUri,
        ids: { conversationId: record.conversationId, contributionId: record.contributionId },
        service: record.service,
        contentType: cpimType,
        content,
      }),
    );
  }
}
