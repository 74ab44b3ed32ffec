/** One attempt to bring a message of the bot to its user: the choice of session, pager or large message, and what came of it. */
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import { mapOutboundMessage } from '../../mapping/message-outbound.js';
import { failureDescription } from '../../mapping/status.js';
import type { LateFailure, Network, OutgoingMessage } from '../../sip/network.js';
import { printCpim } from '../../wire/cpim.js';
import type { Chatbot } from '../actions.js';
import type { MessageLog } from '../messages/message-log.js';
import type { MessageRecord } from '../records.js';
import type { Capabilities } from '../services/capabilities.js';
import type { LiveSession } from '../sessions/conversation.js';
import type { Conversations } from '../sessions/conversations.js';
import { type Attempt, attemptByMsrp, attemptBySip, onHold } from './attempt.js';
import type { Announced } from './document-sending.js';

export interface MessageSendingOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly network: Network;
  readonly conversations: Conversations;
  readonly capabilities: Capabilities;
  readonly messages: MessageLog;
  readonly announced: Announced;
}

const cpimType = 'message/cpim';

export class MessageSending {
  private readonly options: MessageSendingOptions;

  constructor(options: MessageSendingOptions) {
    this.options = options;
  }

  /** One attempt: in the session that is up, or by the way that bot, message and contact ask for. */
  async attempt(bot: Chatbot, record: MessageRecord): Promise<Attempt> {
    const outgoing = await this.outgoing(bot, record);
    if (record.sessionId !== undefined) return this.sendConfirmed(bot, record, outgoing);
    const live = this.liveFor(bot, record);
    if (live) return this.sendInSession(live, record, outgoing.content);
    const mode = this.mode(bot, record);
    const first = await this.attemptMode(mode, bot, record, outgoing);
    const other = mode === 'session' ? 'standalone' : 'session';
    if (first.kind !== 'mismatch' || bot.mode !== 'auto' || !bot.roles.includes(other)) return first;
    return this.attemptMode(other, bot, record, outgoing);
  }

  private async outgoing(bot: Chatbot, record: MessageRecord): Promise<OutgoingMessage> {
    const { message, conversationId, contributionId } = record;
    const { inReplyToContributionID, expiry } = message;
    return {
      bot: await this.options.announced(bot, record.user),
      userUri: record.userUri ?? record.user,
      ids: {
        conversationId,
        contributionId,
        ...(inReplyToContributionID !== undefined && { inReplyToContributionId: inReplyToContributionID }),
      },
      service: 'standalone',
      contentType: cpimType,
      content: printCpim(mapOutboundMessage(message, record)),
      ...(expiry !== undefined && { expiry: remaining(record, this.options.clock.now()) }),
    };
  }

  private sendConfirmed(bot: Chatbot, record: MessageRecord, { content }: OutgoingMessage): Promise<Attempt> {
    const { sessionId = '', user } = record;
    const confirmed = this.options.conversations.confirmed(bot.uri, user, sessionId);
    if (!confirmed) return Promise.resolve({ kind: 'definite', description: 'The session has ended' });
    return this.sendInSession(confirmed, record, content);
  }

  /** The session that is up, unless the bot has named another conversation: that one ends it. */
  private liveFor(bot: Chatbot, { user, conversationId, message }: MessageRecord): LiveSession | undefined {
    const { conversations } = this.options;
    const live = conversations.live(bot.uri, user);
    if (!live || live.context.ids.conversationId === conversationId || message.conversationID === undefined)
      return live;
    conversations.close(live);
    return undefined;
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
      const large = await conversations.calling(outgoing, (cancel) =>
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
}

type Named = Pick<MessageRecord, 'user' | 'messageId'>;

function remaining({ validUntilMs }: MessageRecord, nowMs: number): NonNullable<OutgoingMessage['expiry']> {
  return { seconds: Math.max(1, Math.ceil((validUntilMs - nowMs) / 1000)), fromMs: nowMs };
}

/** What the bot says of this one message, in whatever case, where it names one of the two services and not both. */
function namedMode({ serviceCapability = [] }: MessageRecord['message']): 'session' | 'standalone' | undefined {
  const named = new Set(serviceCapability.map(({ capabilityId }) => capabilityId.toLowerCase()));
  if (named.has('chatbotsession') === named.has('chatbotsa')) return undefined;
  return named.has('chatbotsa') ? 'standalone' : 'session';
}
