/** What is remembered of a bot and a user beyond their sessions: the Conversation-ID, and the form of the user's address. */
import type { Put, Store } from '../store/store.js';
import { BoundedMap } from './bounded-map.js';
import { type ConversationRecord, pairKey, Table } from './records.js';

export class ConversationMemory {
  private readonly table: Table<ConversationRecord>;
  private readonly cache: BoundedMap<ConversationRecord>;
  private readonly retentionMs: number;

  constructor(store: Store, options: { cacheEntries: number; retentionMs: number }) {
    this.table = new Table<ConversationRecord>(store, 'conversation');
    this.cache = new BoundedMap<ConversationRecord>(options.cacheEntries);
    this.retentionMs = options.retentionMs;
  }

  async get(bot: string, user: string): Promise<ConversationRecord | undefined> {
    const key = pairKey(bot, user);
    const cached = this.cache.get(key);
    if (cached) return cached;
    const record = (await this.table.get(key))?.value;
    if (record) this.cache.set(key, record);
    return record;
  }

  /** The change to commit; undefined: nothing new is known. */
  note(bot: string, user: string, record: ConversationRecord): Put | undefined {
    const key = pairKey(bot, user);
    const known = this.cache.get(key);
    if (known?.conversationId === record.conversationId && known.userUri === record.userUri) return undefined;
    this.cache.set(key, record);
    return this.table.put(key, record, { ttlMs: this.retentionMs });
  }
}
