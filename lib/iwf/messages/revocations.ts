/**
 * …a bot takes a message back.
 *
 *   Pending ── not in a worker's hands → Revoked at once; in its hands → marked, and what follows is done when it moves,
 *              or as soon as the one before it is to be tried again
 *   Sent ────→ MESSAGE with the request ──→ MESSAGE with the answer → Revoked or RevokeFailed
 *                 └ refused, no answer by the deadline, or a network that revokes nothing → RevokeFailed
 *   Delivered, Displayed, Interworked, Failed, Expired, RevokeFailed → RevokeFailed is told at once
 *
 * A receipt that comes meanwhile is the truth: the message keeps its status, and RevokeFailed is told all the same.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import type { Network, SessionMessage } from '../../sip/network.js';
import type { Changes, ClaimedItem, Store } from '../../store/store.js';
import { parseRevoke, printRevoke, revokeContentType, type RevokeVocabulary } from '../../wire/rcs/revoke.js';
import type { Chatbot, ChatbotDirectory, NamedMessage } from '../actions.js';
import { together } from '../changes.js';
import type { LiveSession, SessionContext } from '../sessions/conversation.js';
import { type Announced, sendDocument } from '../sending/document-sending.js';
import type { Verdict } from './inbound.js';
import type { ItemOutcome } from '../lane-worker.js';
import type { MessageLog } from './message-log.js';
import {
  deadlineLane,
  isOfSession,
  messageLane,
  type MessageRecord,
  outboundItem,
  pairKey,
  receiptLane,
  type ServiceItem,
  Table,
  type Versioned,
} from '../records.js';

export interface RevocationsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly network: Network;
  readonly directory: ChatbotDirectory;
  readonly messages: MessageLog;
  /** The session that is up between a bot and a user. */
  readonly live: (bot: string, user: string) => LiveSession | undefined;
  readonly announced: Announced;
  readonly backoffMs: (attempts: number) => number;
  readonly vocabulary: RevokeVocabulary;
  /** Until then the network must have answered. */
  readonly deadlineMs: number;
  /** How long an answer that comes late is still known. */
  readonly retentionMs: number;
}

type RevokeRecord = {
  readonly user: string;
  readonly deadlineId: string;
  /** Wall clock. */
  readonly deadlineMs: number;
  /** It was told RevokeFailed; a late success may still correct that. */
  readonly ended?: true;
};

interface Ending {
  readonly result: 'success' | 'failed';
  /** Words for the bot. */
  readonly description?: string;
  /** No answer has come: a late one is still to be known. */
  readonly unanswered?: true;
}

export class Revocations {
  private readonly options: RevocationsOptions;
  private readonly revokes: Table<RevokeRecord>;

  constructor(options: RevocationsOptions) {
    this.options = options;
    this.revokes = new Table<RevokeRecord>(options.store, 'revoke');
  }

  /** Durable when it resolves; `unknown`: no such message of this bot and user. */
  async request(bot: Chatbot, user: string, named: NamedMessage): Promise<'accepted' | 'unknown'> {
    const { messages } = this.options;
    for (;;) {
      const found = await messages.get(bot.uri, user, named.messageId);
      if (!found || !isOfSession(found.value, named)) return 'unknown';
      if (await this.begun(bot.uri, found)) {
        this.tally('requested');
        return 'accepted';
      }
    }
  }

  /** What a message that was in a worker's hands needs as it moves on. */
  moved(bot: string, record: MessageRecord): Changes {
    return record.status === 'Sent' ? this.sending(bot, record) : this.tooLate(bot, record);
  }

  /** The network's answer. For a revoke that nobody asked for it is taken and dropped. Throws DecodeError. */
  async receive({ bot, user }: SessionContext, { content }: SessionMessage): Promise<Verdict> {
    const { vocabulary, store, log } = this.options;
    const document = parseRevoke(content, vocabulary);
    const { messageId } = document;
    if (document.kind === 'request') return this.dropped('stray', messageId);
    for (;;) {
      const revoke = (await this.revokes.get(pairKey(bot.uri, messageId)))?.value;
      if (!revoke) return this.dropped('unknown', messageId);
      if (isAnother(user.key, revoke.user)) return this.dropped('forged', messageId);
      const changes = (await this.ending(bot.uri, messageId, { result: document.result })) ?? {};
      // The deadline may be in a worker's hands: then it finds the revoke ended.
      if ((await store.withdraw('outbound', revoke.deadlineId, changes)) || (await store.commit(changes))) {
        this.tally(document.result);
        log.info('revoke answered', { messageId, result: document.result });
        return { kind: 'taken' };
      }
    }
  }

  /** Sends the request. */
  async perform(claimed: ClaimedItem, item: ServiceItem & { kind: 'revoke' }): Promise<ItemOutcome> {
    const { directory, messages, vocabulary } = this.options;
    const bot = directory.find(item.bot);
    const revoke = (await this.revokes.get(pairKey(item.bot, item.messageId)))?.value;
    const record = (await messages.get(item.bot, item.user, item.messageId))?.value;
    if (!bot || !record || !revoke || revoke.ended) return { kind: 'done' };
    if (record.status !== 'Sent') return this.endedBy(item, { result: 'failed' });
    if (this.isHopeless(item.bot, item.user)) return this.endedBy(item, hopeless);
    const { userUri = record.user, conversationId, contributionId, messageId } = record;
    const content = printRevoke({ kind: 'request', messageId, from: bot.uri, to: userUri }, vocabulary);
    const outcome = await sendDocument(
      this.options,
      {
        bot,
        user: record.user,
        userUri,
        ids: { conversationId, contributionId },
        contentType: revokeContentType,
        content,
      },
      { item: claimed, untilMs: revoke.deadlineMs },
    );
    switch (outcome.kind) {
      case 'sent':
        this.options.log.info('revoke sent', { messageId, attempts: claimed.attempts + 1 });
        return { kind: 'done' };
      case 'failed':
        return this.endedBy(item, { result: 'failed', description: outcome.description, unanswered: true });
      case 'again':
        return outcome.outcome;
    }
  }

  /** The time is over: RevokeFailed, unless an answer was faster. */
  async performDeadline(item: ServiceItem & { kind: 'revokeDeadline' }): Promise<ItemOutcome> {
    if (this.options.clock.now() < item.atMs) return { kind: 'again', dueAtMs: item.atMs };
    const description = 'The network has not answered the revoke in time';
    return this.endedBy(item, { result: 'failed', description, unanswered: true });
  }

  /** False: the record has moved meanwhile. */
  private async begun(bot: string, found: Versioned<MessageRecord>): Promise<boolean> {
    const { store, messages } = this.options;
    const { value } = found;
    switch (value.status) {
      case 'Pending':
        return value.revokeRequested === true || this.withdrawn(bot, found);
      case 'Sent': {
        if (await this.revokes.get(pairKey(bot, value.messageId))) return true;
        if (!this.isHopeless(bot, value.user)) return store.commit(this.sending(bot, value));
        return store.commit(messages.changes(bot, found, failing(hopeless)) ?? {});
      }
      case 'Revoked':
        return store.commit({ enqueue: messages.told(bot, value, { status: 'Revoked' }) });
      case 'Delivered':
      case 'Displayed':
      case 'Interworked':
      case 'Failed':
      case 'Expired':
      case 'RevokeFailed':
        return store.commit(this.tooLate(bot, value));
    }
  }

  /** Before it was sent; or marked, where it is being sent just now. */
  private async withdrawn(bot: string, found: Versioned<MessageRecord>): Promise<boolean> {
    const { store, messages } = this.options;
    const { value, revision } = found;
    const changes = messages.changes(bot, found, { event: 'revoked' });
    if (await store.withdraw('outbound', value.messageId, changes)) return true;
    if (!(await store.commit(messages.put(bot, { ...value, revokeRequested: true }, revision)))) return false;
    await store.hasten('outbound', messageLane(bot, value.user));
    return true;
  }

  private sending(bot: string, { user, messageId }: MessageRecord): Changes {
    const { clock, deadlineMs, retentionMs } = this.options;
    const atMs = clock.now() + deadlineMs;
    const deadlineId = randomUUID();
    const revoke: ServiceItem = { kind: 'revoke', bot, user, messageId };
    const deadline: ServiceItem = { kind: 'revokeDeadline', bot, user, messageId, atMs };
    return {
      put: [
        this.revokes.put(
          pairKey(bot, messageId),
          { user, deadlineId, deadlineMs: atMs },
          { ttlMs: retentionMs, ifRevision: 0 },
        ),
      ],
      enqueue: [
        outboundItem(receiptLane(bot, user), randomUUID(), revoke),
        outboundItem(deadlineLane(deadlineId), deadlineId, deadline),
      ],
    };
  }

  /** Absence of msgrevoke is knowledge only for a session whose 2xx we saw (network-side facts §7). */
  private isHopeless(bot: string, user: string): boolean {
    const session = this.options.live(bot, user)?.session;
    return session?.direction === 'outbound' && !session.peerTags.msgrevoke;
  }

  private async endedBy({ bot, messageId }: ServiceItem & { messageId: string }, how: Ending): Promise<ItemOutcome> {
    const anew = (): Promise<Changes | undefined> => this.ending(bot, messageId, how);
    const changes = await anew();
    if (!changes) return { kind: 'done' };
    this.tally('failed');
    this.options.log.info('revoke failed', { messageId, reason: how.description });
    return { kind: 'done', settlement: { changes, anew } };
  }

  /** What the end of a revoke changes; undefined: it has ended before. */
  private async ending(bot: string, messageId: string, how: Ending): Promise<Changes | undefined> {
    const key = pairKey(bot, messageId);
    const revoke = await this.revokes.get(key);
    if (!revoke) return undefined;
    if (revoke.value.ended && how.result === 'failed') {
      return how.unanswered ? undefined : { remove: [this.revokes.remove(key)] };
    }
    const own: Changes = how.unanswered
      ? { put: [this.revokes.put(key, { ...revoke.value, ended: true }, this.keeping(revoke.revision))] }
      : { remove: [this.revokes.remove(key)] };
    const found = await this.options.messages.get(bot, revoke.value.user, messageId);
    if (!found) return own;
    const event = how.result === 'success' ? ({ event: 'revoked' } as const) : failing(how);
    return together(own, this.options.messages.changes(bot, found, event) ?? this.tooLate(bot, found.value));
  }

  private keeping(ifRevision: number): { ttlMs: number; ifRevision: number } {
    return { ttlMs: this.options.retentionMs, ifRevision };
  }

  private tooLate(bot: string, record: MessageRecord): Changes {
    const description = `The message is ${record.status} already`;
    return { enqueue: this.options.messages.told(bot, record, { status: 'RevokeFailed', description }) };
  }

  private dropped(result: string, messageId: string): Verdict {
    this.tally(result);
    this.options.log.info('revoke document dropped', { messageId, result });
    return { kind: 'taken' };
  }

  private tally(result: string): void {
    this.options.metrics.count('revokes_total', { result });
  }
}

const hopeless: Ending = { result: 'failed', description: 'The network does not revoke messages', unanswered: true };

function failing({ description }: Ending): Parameters<MessageLog['changes']>[2] {
  return { event: 'revokeFailed', ...(description === undefined ? {} : { description }) };
}

/** The network answers in its own name or in the user's; another number is not believed. */
function isAnother(sender: string, user: string): boolean {
  return sender.startsWith('tel:') && user.startsWith('tel:') && sender !== user;
}
