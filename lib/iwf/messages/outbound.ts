/** …the bot sends: choose session, pager or large message, send, and say what became of it. */
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import { mapOutboundMessage } from '../../mapping/message-outbound.js';
import { mapReceipt } from '../../mapping/disposition.js';
import { failureDescription } from '../../mapping/status.js';
import type { LateFailure, Network, NetworkBot, OutgoingMessage } from '../../sip/network.js';
import type { Changes, ClaimedItem, Json } from '../../store/store.js';
import { printCpim } from '../../wire/cpim.js';
import type { Chatbot, ChatbotDirectory } from '../actions.js';
import { type Attempt, attemptByMsrp, attemptBySip, onHold } from './attempt.js';
import type { Capabilities } from '../services/capabilities.js';
import type { LiveSession } from '../sessions/conversation.js';
import type { Conversations } from '../sessions/conversations.js';
import type { ItemOutcome } from '../lane-worker.js';
import { lapsed, type MessageLog, type Progress } from './message-log.js';
import {
  type InboundRecord,
  messageKey,
  type MessageRecord,
  type OutboundItem,
  type Table,
  type Versioned,
} from '../records.js';

export interface OutboundOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly network: Network;
  readonly directory: ChatbotDirectory;
  readonly conversations: Conversations;
  readonly capabilities: Capabilities;
  readonly messages: MessageLog;
  readonly inbound: Table<InboundRecord>;
  /** A bot as this user is to see it. */
  readonly announced: (bot: Chatbot, user: string) => Promise<NetworkBot>;
  /** How long a receipt is tried. */
  readonly validityMs: number;
  /** Wait before attempt `attempts` + 1. */
  readonly backoffMs: (attempts: number) => number;
}

const cpimType = 'message/cpim';
const imdnType = 'message/imdn+xml';

export class Outbound {
  private readonly options: OutboundOptions;

  constructor(options: OutboundOptions) {
    this.options = options;
  }

  /** Runs the head of a lane. */
  perform(item: ClaimedItem): Promise<ItemOutcome> {
    const queued = readItem(item.value);
    switch (queued.kind) {
      case 'message':
        return this.performMessage(item, queued);
      case 'receipt':
        return this.performReceipt(item, queued);
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
    return this.conclude(item, { bot, found, outcome: await this.attempt(bot, found.value) });
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

  private async attempt(bot: Chatbot, record: MessageRecord): Promise<Attempt> {
    const { conversations, clock } = this.options;
    const outgoing: OutgoingMessage = {
      bot: await this.options.announced(bot, record.user),
      userUri: record.userUri ?? record.user,
      ids: {
        conversationId: record.conversationId,
        contributionId: record.contributionId,
        ...(record.message.inReplyToContributionID === undefined
          ? {}
          : { inReplyToContributionId: record.message.inReplyToContributionID }),
      },
      service: 'standalone',
      contentType: cpimType,
      content: printCpim(mapOutboundMessage(record.message, record)),
      ...(record.message.expiry !== undefined && { expiry: remaining(record, clock.now()) }),
    };
    const live = conversations.live(bot.uri, record.user);
    if (record.sessionId !== undefined) {
      const confirmed = conversations.confirmed(bot.uri, record.user, record.sessionId);
      if (!confirmed) return { kind: 'definite', description: 'The session has ended' };
      return this.sendInSession(confirmed, record, outgoing.content);
    }
    if (live && live.context.ids.conversationId === record.conversationId) {
      return this.sendInSession(live, record, outgoing.content);
    }
    if (live && record.message.conversationID !== undefined) conversations.close(live);
    else if (live) return this.sendInSession(live, record, outgoing.content);

    const mode = this.mode(bot, record);
    const first = await this.attemptMode(mode, bot, record, outgoing);
    const other = mode === 'session' ? 'standalone' : 'session';
    if (first.kind !== 'mismatch' || bot.mode !== 'auto' || !bot.roles.includes(other)) return first;
    return this.attemptMode(other, bot, record, outgoing);
  }

  /**
   * Design §5: a session wherever the bot has that role, unless the message names standalone messages as its only
   * service, or the contact is known to take those alone.
   */
  private mode(bot: Chatbot, { user, message }: MessageRecord): 'session' | 'standalone' {
    if (bot.mode !== 'auto') return bot.mode;
    if (!bot.roles.includes('session')) return 'standalone';
    if (!bot.roles.includes('standalone')) return 'session';
    return namedMode(message) ?? (this.options.capabilities.standaloneOnly(user) ? 'standalone' : 'session');
  }

  private async attemptMode(
    mode: 'session' | 'standalone',
    bot: Chatbot,
    record: MessageRecord,
    outgoing: OutgoingMessage,
  ): Promise<Attempt> {
    const { network, conversations } = this.options;
    if (mode === 'standalone') {
      if (network.fitsPager(outgoing)) return attemptBySip(await network.sendMessage(outgoing));
      const large = await conversations.calling((cancel) =>
        network.sendLarge({ ...outgoing, service: 'largeMessage' }, cancel),
      );
      return 'kind' in large ? attemptByMsrp(large) : attemptBySip(large);
    }
    const user = { key: record.user, uri: outgoing.userUri };
    const opened = await conversations.open(bot, user, outgoing);
    if (opened.kind === 'refused') return attemptBySip(opened.outcome);
    return this.sendInSession(opened.live, record, outgoing.content);
  }

  private async sendInSession(live: LiveSession, record: MessageRecord, content: Buffer): Promise<Attempt> {
    if (live.session.held) return onHold;
    const { conversations } = this.options;
    const onLateFailure = this.lateFailure(live.context.bot.uri, record.user, record.messageId);
    const outcome = attemptByMsrp(await conversations.send(live, { contentType: cpimType, content, onLateFailure }));
    if (outcome.kind === 'again') conversations.close(live);
    return outcome;
  }

  /** Kept for as long as the session: by names alone, not with what the message says. */
  private lateFailure(bot: string, user: string, messageId: string): (failure: LateFailure) => void {
    return ({ status, comment }) => {
      void this.failedLater(bot, { user, messageId }, failureDescription('MSRP', status, comment));
    };
  }

  /** What a hop has taken, and another behind it has not: the user's own receipt still wins, should one come. */
  private async failedLater(bot: string, { user, messageId }: Named, description: string): Promise<void> {
    const { messages, log } = this.options;
    try {
      const result = await messages.advance(bot, user, messageId, { event: 'failed', description });
      log.info('message reported as failed', { messageId, reason: description, result });
    } catch (error) {
      // RFC 4975 §7.1.2: a REPORT is not answered, so nobody can be told to repeat it.
      log.error('report of a failure not kept', { messageId, error });
    }
  }

  private async performReceipt(item: ClaimedItem, queued: OutboundItem & { kind: 'receipt' }): Promise<ItemOutcome> {
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
  private async sendReceipt(
    bot: Chatbot,
    queued: OutboundItem & { kind: 'receipt' },
    record: InboundRecord,
  ): Promise<Attempt> {
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

type Named = Pick<MessageRecord, 'user' | 'messageId'>;

/** Items are written by this folder alone. */
function readItem(value: Json): OutboundItem {
  return value as OutboundItem;
}

function remaining({ validUntilMs }: MessageRecord, nowMs: number): NonNullable<OutgoingMessage['expiry']> {
  return { seconds: Math.max(1, Math.ceil((validUntilMs - nowMs) / 1000)), fromMs: nowMs };
}

/** What the bot says of this one message, in whatever case, where it names one of the two services and not both. */
function namedMode({ serviceCapability = [] }: MessageRecord['message']): 'session' | 'standalone' | undefined {
  const named = new Set(serviceCapability.map(({ capabilityId }) => capabilityId.toLowerCase()));
  if (named.has('chatbotsession') === named.has('chatbotsa')) return undefined;
  return named.has('chatbotsa') ? 'standalone' : 'session';
}
