/** What is remembered of a bot and a user beyond their sessions: the Conversation-ID, and the form of the user's address. */
import type { Clock } from '../../clock.js';
import type { Put, Store } from '../../store/store.js';
import { BoundedMap } from '../bounded-map.js';
import { type ConversationRecord, pairKey, Table } from '../records.js';

export interface ConversationMemoryOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly cacheEntries: number;
  /** Since the last message. */
  readonly retentionMs: number;
}

/** What says nothing new is written again after so much of its retention: not with every message. */
const renewalShare = 1 / 30;

export class ConversationMemory {
  private readonly options: ConversationMemoryOptions;
  private readonly table: Table<ConversationRecord>;
  private readonly cache: BoundedMap<ConversationRecord>;

  constructor(options: ConversationMemoryOptions) {
    this.options = options;
    this.table = new Table<ConversationRecord>(options.store, 'conversation');
    this.cache = new BoundedMap<ConversationRecord>(options.cacheEntries);
  }

  async get(bot: string, user: string): Promise<ConversationRecord | undefined> {
    const key = pairKey(bot, user);
    const cached = this.cache.get(key);
    if (cached && this.ageMs(cached) < this.options.retentionMs) return cached;
    this.cache.delete(key);
    const record = (await this.table.get(key))?.value;
    if (record) this.cache.set(key, record);
    return record;
  }

  /** The change to commit; undefined: nothing new is known. */
  note(bot: string, user: string, record: ConversationRecord): Put | undefined {
    const { clock, retentionMs } = this.options;
    const key = pairKey(bot, user);
    const known = this.cache.get(key);
    const isSame = known?.conversationId === record.conversationId && known.userUri === record.userUri;
    if (isSame && this.ageMs(known) < retentionMs * renewalShare) return undefined;
    const noted = { ...record, atMs: clock.now() };
    this.cache.set(key, noted);
    return this.table.put(key, noted, { ttlMs: retentionMs });
  }

  /** Commits what may hold a note of the two: one that is not durable is not known either. */
  async committed(bot: string, user: string, commit: () => Promise<boolean>): Promise<boolean> {
    let isDurable = false;
    try {
      isDurable = await commit();
    } finally {
      if (!isDurable) this.cache.delete(pairKey(bot, user));
    }
    return isDurable;
  }

  private ageMs({ atMs = 0 }: ConversationRecord): number {
    return this.options.clock.now() - atMs;
  }
}
