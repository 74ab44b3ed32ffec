/** What one channel holds: durable in the order of its coming, until the client has acknowledged it or its time is over. */
import type { Clock } from '../../clock.js';
import type { Changes, ClaimedItem, Put, Store } from '../../store/store.js';
import { type ChannelItem, channelItems, orderOf } from './channel-record.js';
import { endOf, readItem } from '../delivery/item.js';
import { merge, type DeadReason, type Letters } from '../delivery/letters.js';
import type { PrintedItem } from '../delivery/printed.js';
import type { RecordTable } from '../records.js';
import { createTurn } from '../turn.js';

export interface InboxDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly letters: Letters;
  readonly options: { readonly validityMs: number; readonly maxItemsPerChannel: number };
}

export interface InboxPage {
  readonly maxItems: number;
  readonly maxBytes: number;
}

/** Of one commit, far below what a store takes at once. */
const pageSize = 100;

export class ChannelInbox {
  private readonly deps: InboxDeps;
  private readonly records: RecordTable<ClaimedItem>;
  private count = 0;
  /** Lanes that found it full; bounded, those beyond come by their own backoff. */
  private readonly refused = new Set<string>();
  private lastOrder = 0;
  /** What reads, settles; two at once would settle an item twice. */
  private readonly turn = createTurn();

  constructor(channelId: string, deps: InboxDeps) {
    this.records = channelItems(channelId);
    this.deps = deps;
  }

  get depth(): number {
    return this.count;
  }

  /** Counts what the store holds; before the first use. */
  async load(): Promise<void> {
    const held = await this.list(this.deps.options.maxItemsPerChannel * 2);
    this.count = held.length;
    this.lastOrder = Number(held.at(-1)?.order ?? 0);
  }

  /** The record that holds an item, for the commit that takes it out of the queue; undefined: no room, the lane waits. */
  admit(lane: string, claimed: ClaimedItem): Put | undefined {
    if (this.count >= this.deps.options.maxItemsPerChannel) {
      if (this.refused.size < pageSize) this.refused.add(lane);
      return undefined;
    }
    this.count++;
    // The clock orders across restarts and gateways, the counter within a microsecond.
    this.lastOrder = Math.max(this.lastOrder + 1, this.deps.clock.now() * 1000);
    return this.records.put(orderOf(this.lastOrder), claimed, { ifRevision: 0 });
  }

  /** The commit did not come about. */
  withdraw(): void {
    this.count--;
  }

  /** The oldest items that are still worth telling; at least one if there is one, whatever its size. */
  read(page: InboxPage): Promise<readonly ChannelItem[]> {
    return this.turn(() => this.readNow(page));
  }

  /** The client has these. */
  acknowledge(items: readonly ChannelItem[]): Promise<void> {
    return this.turn(async () => {
      for (let at = 0; at < items.length; at += pageSize) {
        const held = await this.held(items.slice(at, at + pageSize));
        if (held.length > 0) await this.settle(held, (claimed) => this.deps.letters.delivered(claimed));
      }
    });
  }

  /** The channel is no more: all that it holds is given up. */
  bury(reason: DeadReason): Promise<void> {
    return this.turn(async () => {
      for (let held = await this.list(pageSize); held.length > 0; held = await this.list(pageSize)) {
        await this.settle(held, (claimed) => this.giveUp(claimed, reason));
      }
    });
  }

  private async readNow({ maxItems, maxBytes }: InboxPage): Promise<readonly ChannelItem[]> {
    const held = await this.list(maxItems);
    const expired = held.filter((item) => this.isExpired(item));
    if (expired.length > 0) {
      await this.settle(expired.slice(0, pageSize), (claimed) => this.giveUp(claimed, 'expired'));
      return this.readNow({ maxItems, maxBytes });
    }
    let bytes = 0;
    return held.filter((item, index) => {
      bytes += bodyOf(item).length;
      return index === 0 || bytes <= maxBytes;
    });
  }

  private async settle(items: readonly ChannelItem[], end: (claimed: ClaimedItem) => Promise<Changes>): Promise<void> {
    const { store } = this.deps;
    const changes = await Promise.all(items.map(({ claimed }) => end(claimed)));
    await store.commit(merge([...changes, { remove: items.map(({ order }) => this.records.remove(order)) }]));
    this.count = Math.max(0, this.count - items.length);
    const lanes = [...this.refused];
    this.refused.clear();
    for (const lane of lanes) await store.hasten('notify', lane);
  }

  private giveUp(claimed: ClaimedItem, reason: DeadReason): Promise<Changes> {
    return this.deps.letters.dead(claimed, { reason });
  }

  /** Who comes by a new connection may say the same over the old one, too: it counts once. */
  private async held(items: readonly ChannelItem[]): Promise<readonly ChannelItem[]> {
    const found = await Promise.all(items.map(({ order }) => this.records.get(this.deps.store, order)));
    return items.filter((_, at) => found[at] !== undefined);
  }

  private async list(limit: number): Promise<readonly ChannelItem[]> {
    const kept = await this.records.list(this.deps.store, { limit });
    return kept.map(({ id, value }) => ({ order: id, claimed: value }));
  }

  private isExpired({ claimed }: ChannelItem): boolean {
    const { clock, options } = this.deps;
    return clock.now() >= endOf(claimed, options.validityMs);
  }
}

/** What is sent of it. */
export function printedOf({ claimed }: ChannelItem): PrintedItem {
  return readItem(claimed) ?? { body: 'null' };
}

/** The notification's complete JSON text. */
export function bodyOf(item: ChannelItem): string {
  return printedOf(item).body;
}
