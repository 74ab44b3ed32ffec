/** …a bot posts a receipt or its typing as a message: it goes out as what it is, octet for octet, without a status. */
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import {
  mapOutboundMessage,
  outboundContent,
  outboundKind,
  type OutboundKind,
} from '../../mapping/message-outbound.js';
import { ApiError } from '../../resources/api-error.js';
import type { ChatMessage } from '../../resources/chat-message.js';
import type { Network, SessionMessage } from '../../sip/network.js';
import type { ClaimedItem } from '../../store/store.js';
import { printCpim } from '../../wire/cpim.js';
import { DecodeError } from '../../wire/decode-error.js';
import { imdnContentType, parseImdn } from '../../wire/imdn.js';
import { isComposingContentType, parseIsComposing } from '../../wire/is-composing.js';
import type { ChatbotDirectory } from '../actions.js';
import { attemptByMsrp } from '../sending/attempt.js';
import type { LiveSession } from '../sessions/conversation.js';
import { type Announced, sendDocument } from '../sending/document-sending.js';
import type { ItemOutcome } from '../lane-worker.js';
import { type InboundRecord, messageKey, type ServiceItem, type Table } from '../records.js';

export interface BotSignalsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly network: Network;
  readonly directory: ChatbotDirectory;
  readonly inbound: Table<InboundRecord>;
  readonly live: (bot: string, user: string) => LiveSession | undefined;
  readonly sendInSession: (live: LiveSession, message: SessionMessage) => ReturnType<LiveSession['session']['send']>;
  readonly sendTyping: (live: LiveSession, message: SessionMessage) => void;
  readonly announced: Announced;
  readonly backoffMs: (attempts: number) => number;
  /** How long a receipt is tried. */
  readonly validityMs: number;
}

const cpimType = 'message/cpim';

/** What a bot's message is; a receipt or typing must be readable. Throws ApiError SVC0002. */
export function checkedKind(message: ChatMessage): OutboundKind {
  const kind = outboundKind(message);
  if (kind === 'message') return kind;
  const { bytes } = outboundContent(message);
  try {
    if (kind === 'receipt') parseImdn(bytes);
    else parseIsComposing(bytes);
  } catch (error) {
    if (error instanceof DecodeError) throw new ApiError('SVC0002', ['bodyText']);
    throw error;
  }
  return kind;
}

export class BotSignals {
  private readonly options: BotSignalsOptions;

  constructor(options: BotSignalsOptions) {
    this.options = options;
  }

  /** Where a session is up and the peer takes it, else it is dropped: never stored, never a reason for a session. */
  compose(bot: string, user: string, message: ChatMessage): 'sent' | 'dropped' {
    const { live: liveOf, sendTyping, clock } = this.options;
    const live = liveOf(bot, user);
    const way = live?.session.takes(isComposingContentType);
    if (!live || !way) return 'dropped';
    const { contentType, bytes } = outboundContent(message);
    const dateTime = new Date(clock.now()).toISOString();
    sendTyping(
      live,
      way === 'bare'
        ? { contentType, content: bytes }
        : { contentType: cpimType, content: printCpim(mapOutboundMessage(message, { dateTime })) },
    );
    return 'sent';
  }

  /** In the session if one is up and takes it, else by MESSAGE in the service of the message that it speaks of. */
  async performReceipt(
    claimed: ClaimedItem,
    { bot: uri, record }: ServiceItem & { kind: 'botReceipt' },
  ): Promise<ItemOutcome> {
    const { directory, log, validityMs } = this.options;
    const bot = directory.find(uri);
    if (!bot) return { kind: 'done' };
    const { user, userUri = user, messageId, dateTime, conversationId, contributionId } = record;
    const content = printCpim(mapOutboundMessage(record.message, { messageId, dateTime }));
    if (await this.sentInSession(uri, user, content)) return { kind: 'done' };
    const about = await this.about(uri, user, record.message);
    const ids = about ?? { conversationId, contributionId };
    const outcome = await sendDocument(
      this.options,
      { bot, user, userUri: about?.userUri ?? userUri, ids, contentType: cpimType, content, service: about?.service },
      { item: claimed, untilMs: claimed.enqueuedAtMs + validityMs },
    );
    if (outcome.kind === 'again') return outcome.outcome;
    if (outcome.kind === 'failed') log.warn('receipt not sent', { messageId, reason: outcome.description });
    else log.info('receipt sent', { messageId });
    return { kind: 'done' };
  }

  private async sentInSession(bot: string, user: string, content: Buffer): Promise<boolean> {
    const { live: liveOf, sendInSession } = this.options;
    const live = liveOf(bot, user);
    if (!live?.session.takesWrapped(imdnContentType)) return false;
    return attemptByMsrp(await sendInSession(live, { contentType: cpimType, content })).kind === 'sent';
  }

  private async about(bot: string, user: string, message: ChatMessage): Promise<InboundRecord | undefined> {
    const { messageId } = parseImdn(outboundContent(message).bytes);
    return (await this.options.inbound.get(messageKey(bot, user, messageId)))?.value;
  }
}
