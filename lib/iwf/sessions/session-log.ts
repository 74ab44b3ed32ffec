/** The records of confirmed sessions: each change is told in the commit that makes it. */
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import type { Notifications } from '../../notify/notifications.js';
import { ApiError } from '../../resources/api-error.js';
import type { ParticipantStatus } from '../../resources/chat-session.js';
import type { ChatEventNotification } from '../../resources/further-notification.js';
import type { Changes, Put, Store } from '../../store/store.js';
import type { Chatbot, Idempotency } from '../actions.js';
import { type CorrelatorRecord, pairKey, sessionKey, sessionPrefix, type SessionRecord, Table } from '../records.js';

export interface SessionLogOptions {
  readonly store: Store;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly notifications: Notifications;
  /** How long the end of a session can be read, and a correlator is known, ms. */
  readonly correlatorMs: number;
}

export type SessionEvent = ChatEventNotification['eventType'];

/** Read at once at the start. */
const pageSize = 500;

export class SessionLog {
  private readonly options: SessionLogOptions;
  private readonly records: Table<SessionRecord>;
  private readonly correlators: Table<CorrelatorRecord>;

  constructor(options: SessionLogOptions) {
    this.options = options;
    this.records = new Table<SessionRecord>(options.store, 'conversation');
    this.correlators = new Table<CorrelatorRecord>(options.store, 'correlator');
  }

  async find(bot: string, user: string, sessionId: string): Promise<SessionRecord | undefined> {
    if (!isSessionId(sessionId)) return undefined;
    return (await this.records.get(sessionKey(bot, user, sessionId)))?.value;
  }

  put(bot: string, record: SessionRecord): Put {
    const isOver = record.status === 'Declined' || record.status === 'Disconnected';
    const key = sessionKey(bot, record.contact, record.sessionId);
    return this.records.put(key, record, isOver ? { ttlMs: this.options.correlatorMs } : {});
  }

  /** False: the same correlator came twice at once, and the other one was first. */
  create(bot: Chatbot, record: SessionRecord, idempotency?: Idempotency): Promise<boolean> {
    const put = [this.put(bot.uri, record)];
    if (idempotency) {
      const answer = { fingerprint: idempotency.fingerprint, messageId: record.sessionId };
      const kept = { ttlMs: this.options.correlatorMs, ifRevision: 0 };
      put.push(this.correlators.put(correlatorKey(bot, record.contact, idempotency), answer, kept));
    }
    return this.options.store.commit({ put });
  }

  /** The session that was made for this correlator; undefined: none, or the bot has ended it. Throws SVC0005. */
  async firstAnswer(bot: Chatbot, user: string, idempotency: Idempotency): Promise<SessionRecord | undefined> {
    const key = correlatorKey(bot, user, idempotency);
    const first = (await this.correlators.get(key))?.value;
    if (!first) return undefined;
    const found = await this.find(bot.uri, user, first.messageId);
    if (!found) await this.options.store.commit({ remove: [this.correlators.remove(key)] });
    else if (first.fingerprint !== idempotency.fingerprint)
      throw new ApiError('SVC0005', [idempotency.correlator, 'clientCorrelator']);
    return found;
  }

  async remove(bot: string, user: string, sessionId: string): Promise<void> {
    await this.options.store.commit({ remove: [this.records.remove(sessionKey(bot, user, sessionId))] });
  }

  /** Durable when it resolves. Where the store fails, the next start of the gateway tells the end of the session. */
  async write(bot: string, record: SessionRecord, event?: SessionEvent): Promise<void> {
    const { store, log, metrics } = this.options;
    const { sessionId, conversationId, status } = record;
    if (event) metrics.count('confirmed_sessions_total', { event });
    log.info('confirmed session', { conversationId, sessionId, status });
    try {
      await store.commit({ put: [this.put(bot, record)], ...this.told(bot, record, event) });
    } catch (error) {
      log.error('event of a session not told', { sessionId, error });
    }
  }

  /** Sessions do not outlive their process: what the store still shows as alive has ended with the last one. */
  async settleOld(): Promise<void> {
    // In a shared store they may be another gateway's.
    if (this.options.store.kind === 'redis') return;
    for (let after: string | undefined; ;) {
      // Those that have ended stand among them, and may be many.
      const page = await this.records.entries(sessionPrefix, pageSize, after);
      for (const { key, value } of page) await this.settle(key, value);
      after = page.at(-1)?.key;
      if (page.length < pageSize) return;
    }
  }

  private async settle(key: string, record: SessionRecord): Promise<void> {
    const event = ends[record.status];
    const bot = key.slice(sessionPrefix.length).split('|', 1)[0] ?? '';
    if (event) await this.write(bot, { ...record, status: 'Disconnected' }, event);
  }

  private told(bot: string, { contact, sessionId }: SessionRecord, eventType?: SessionEvent): Changes {
    if (!eventType) return {};
    const { notifications } = this.options;
    return { enqueue: notifications.items({ kind: 'chatEvent', bot, contact, sessionId, eventType }) };
  }
}

/** As randomUUID makes them: what a path says is of any length and alphabet, and no part of a key before that is known. */
export function isSessionId(text: string): boolean {
  return /^[0-9a-f-]{36}$/.test(text);
}

const ends: Readonly<Partial<Record<ParticipantStatus, SessionEvent>>> = {
  Invited: 'SessionFailed',
  Connected: 'SessionEnded',
};

function correlatorKey(bot: Chatbot, user: string, { correlator }: Idempotency): string {
  return `${pairKey(bot.uri, user)}|session|${correlator}`;
}
