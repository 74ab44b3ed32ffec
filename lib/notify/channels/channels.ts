/** Notification channels: made, kept alive by their use, ended; what subscriptions send there, and who fetches it (OMA REST NetAPI Notification Channel). */
import type { Clock, Timer } from '../../clock.js';
import type { Chatbot, Idempotency } from '../../iwf/actions.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import type { Channel, ChannelRequest } from '../../resources/channel.js';
import type { ClaimedItem, Put, Store } from '../../store/store.js';
import { channelCreation, type CreateChannel } from './channel-creation.js';
import { ChannelInbox, type InboxPage } from './channel-inbox.js';
import { type ChannelSocket, Feed } from './channel-feed.js';
import { Poll } from './channel-listener.js';
import * as record from './channel-record.js';
import type { Letters } from '../delivery/letters.js';
import {
  acknowledgeAnswer,
  channelIdOf,
  leave,
  listen,
  type LiveChannel,
  type Polled,
  remainingMs,
  rememberAnswer,
} from './live-channel.js';
import { createLiveChannels, type Destination, type LiveChannels } from './live-channels.js';
import type { ChannelOptions, NotifyOptions, PlatformLimits } from '../options.js';
import type { PrintedItem } from '../delivery/printed.js';

export interface ChannelsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly letters: Letters;
  readonly options: Pick<NotifyOptions, 'validityMs' | 'correlatorTtlMs'> & { readonly channels: ChannelOptions };
  readonly limitsOf: (platformId: string) => Pick<PlatformLimits, 'channelsPerPlatform'>;
  /** Base of the resourceURLs that the bot's platform sees. */
  readonly serverRoot: (bot: string) => string;
  /** Ends the subscriptions that go to a channel which is no more. */
  readonly endSubscriptions: (isGone: (notifyURL: string) => boolean) => Promise<void>;
}

/** A channel as it stands. */
export interface ChannelState {
  readonly channel: Channel;
  /** Seconds until it ends unless it is used. */
  readonly remainingS: number;
}

/** What became of an item for a channel. */
export type Deposit =
  /** `put` goes into the commit that takes the item out of its queue; then `committed` is called. */
  | { readonly kind: 'held'; readonly put: Put; committed(isDurable: boolean): void }
  | { readonly kind: 'full' }
  | { readonly kind: 'gone' };

export interface Attachment {
  acknowledge(notificationIds: readonly string[]): Promise<void>;
  detach(): void;
}

export class Channels {
  private readonly deps: ChannelsDeps;
  private readonly live: LiveChannels;
  private readonly createLive: CreateChannel;
  private sweep: Timer | undefined;
  private isClosed = false;

  constructor(deps: ChannelsDeps) {
    this.deps = deps;
    this.live = createLiveChannels(deps);
    this.createLive = channelCreation({ ...deps, live: this.live, keep: (kept) => this.keep(kept) });
  }

  /** Reads what the store holds. Every life begins anew: while the gateway was down nobody could use a channel. */
  async load(): Promise<void> {
    const { store, options } = this.deps;
    for (const { value } of await record.keptChannels.list(store, { limit: options.channels.maxChannels })) {
      await this.keep(value);
    }
  }

  /** Those that are alive. */
  get size(): number {
    return this.live.size;
  }

  start(): void {
    this.sweep = this.deps.clock.after(this.deps.options.channels.sweepMs, () => void this.sweepAll());
  }

  // — the platform's side ——————————————————————————————————————————————————————————————————————————

  async create(bot: Chatbot, request: ChannelRequest, idempotency?: Idempotency): Promise<ChannelState> {
    return this.stateOf(await this.createLive(bot, request, idempotency));
  }

  /** Those that `get` shows: one whose life is over waits for the sweep, and is none any more. */
  list(bot: Chatbot): readonly ChannelState[] {
    return this.live.ofBot(bot.uri).flatMap(({ kept }) => this.get(bot, kept.channel.id) ?? []);
  }

  get(bot: Chatbot, id: string): ChannelState | undefined {
    const live = this.live.owned(bot, id);
    return live && this.stateOf(live);
  }

  /** Durable when it resolves; its life begins anew. */
  async setLifetime(bot: Chatbot, id: string, seconds: number): Promise<ChannelState | undefined> {
    const live = this.live.owned(bot, id);
    if (!live) return undefined;
    const channelLifetime = Math.min(seconds, this.deps.options.channels.maxLifetimeS);
    const kept = { ...live.kept, channel: { ...live.kept.channel, channelLifetime } };
    await this.deps.store.commit({ put: [record.putChannel(kept)] });
    live.kept = kept;
    live.usedAtMs = this.deps.clock.now();
    return this.stateOf(live);
  }

  async remove(bot: Chatbot, id: string): Promise<boolean> {
    const live = this.live.owned(bot, id);
    if (!live) return false;
    await this.end(live, 'removed');
    return true;
  }

  /**
   * Acknowledges the answer before (or exactly `ack`), then waits for notifications. Undefined: there is no such channel
   * for polling. Rejects where the store does; then nothing is acknowledged.
   */
  async poll(
    bot: Chatbot,
    id: string,
    { signal, ack }: { readonly signal: AbortSignal; readonly ack?: readonly string[] | undefined },
  ): Promise<Polled | undefined> {
    const live = this.live.owned(bot, id, 'LongPolling');
    if (!live) return undefined;
    const poll = new Poll();
    listen(live, poll);
    if (this.isClosed) poll.end();
    try {
      await acknowledgeAnswer(live, ack);
      const { clock } = this.deps;
      const maxWaitMs = live.kept.channel.maxWaitTime * 1000;
      const answer = await poll.answer(live.inbox, { clock, page: this.pageOf(live), maxWaitMs, signal });
      return rememberAnswer(live, answer);
    } finally {
      leave(live, poll, this.deps.clock);
    }
  }

  /** Undefined: there is no such channel for WebSockets. */
  attach(bot: Chatbot, id: string, socket: ChannelSocket): Attachment | undefined {
    const live = this.live.owned(bot, id, 'WebSockets');
    if (!live || this.isClosed) return undefined;
    const { log, clock } = this.deps;
    const onError = (error: unknown): void => log.warn('channel not read', { channelId: id, error: String(error) });
    const feed = new Feed(socket, { inbox: live.inbox, page: this.pageOf(live), onError });
    listen(live, feed);
    feed.wake();
    return {
      acknowledge: (ids) => feed.acknowledge(ids),
      detach: () => {
        feed.detach();
        leave(live, feed, clock);
      },
    };
  }

  // — the subscriptions' side ——————————————————————————————————————————————————————————————————————

  /** Whose channel the URL is: notifications of its own platform may go there; undefined: of none. */
  judge(bot: Chatbot, notifyURL: string): 'allowed' | 'unknown' | undefined {
    if (!this.live.isOurs({ ...bot, bot: bot.uri, notifyURL })) return undefined;
    return this.live.target({ ...bot, notifyURL }) ? 'allowed' : 'unknown';
  }

  /** Undefined: the URL is of no channel. */
  deposit(to: Destination, lane: string, claimed: ClaimedItem): Deposit | undefined {
    if (!this.live.isOurs(to)) return undefined;
    const live = this.live.target(to);
    if (!live) return { kind: 'gone' };
    const put = live.inbox.admit(lane, claimed);
    if (put) return { kind: 'held', put, committed: (isDurable) => this.committed(live, isDurable) };
    this.deps.metrics.count('limit_reached_total', { limit: 'notify.channels.maxItemsPerChannel' }, 1, to.bot);
    return { kind: 'full' };
  }

  /** What is not stored goes to who is listening now; false: dropped; undefined: the URL is of no channel. */
  tell(to: Destination, item: PrintedItem): boolean | undefined {
    if (!this.live.isOurs(to)) return undefined;
    return this.live.target(to)?.listener?.tell(item) ?? false;
  }

  /** Lets all listeners go; idempotent. */
  close(): void {
    this.isClosed = true;
    this.sweep?.close();
    for (const { listener } of this.live.all()) listener?.end('closing');
  }

  private async keep(kept: record.KeptChannel): Promise<LiveChannel> {
    const { store, clock, letters, options } = this.deps;
    const { maxItemsPerChannel } = options.channels;
    const inboxOptions = { validityMs: options.validityMs, maxItemsPerChannel };
    const inbox = new ChannelInbox(kept.channel.id, { store, clock, letters, options: inboxOptions });
    await inbox.load();
    const usedAtMs = clock.now();
    const live: LiveChannel = { kept, inbox, listener: undefined, answered: [], usedAtMs, state: 'alive' };
    this.live.set(live);
    return live;
  }

  private pageOf({ kept }: LiveChannel): InboxPage {
    return { maxItems: kept.channel.maxNotifications, maxBytes: this.deps.options.channels.maxBytes };
  }

  private committed(live: LiveChannel, isDurable: boolean): void {
    if (!isDurable) live.inbox.withdraw();
    // It came in while the channel ended.
    else if (live.state === 'ending') live.inbox.bury('gone').catch((error: unknown) => this.failed(error));
    else live.listener?.wake();
  }

  private async sweepAll(): Promise<void> {
    for (const live of this.live.all()) {
      try {
        if (remainingMs(live, this.deps.clock) <= 0) await this.end(live, 'ended');
        // Reading settles what has expired.
        else if (live.inbox.depth > 0) await live.inbox.read({ maxItems: 1, maxBytes: 0 });
      } catch (error) {
        this.failed(error);
      }
    }
    if (!this.isClosed) this.start();
  }

  /** With all that it holds, and the subscriptions that go there. */
  private async end(live: LiveChannel, reason: 'removed' | 'ended'): Promise<void> {
    if (live.state === 'ending') return;
    live.state = 'ending';
    live.listener?.end('ended');
    const { id } = live.kept.channel;
    try {
      await this.deps.endSubscriptions((notifyURL) => channelIdOf(notifyURL) === id);
      await live.inbox.bury(reason);
      const remove = await record.removalOf(this.deps.store, live.kept);
      await this.deps.store.commit({ remove });
    } catch (error) {
      live.state = 'alive';
      throw error;
    }
    this.live.delete(id);
    this.deps.log.info('notification channel ended', { channelId: id, platform: live.kept.channel.platformId, reason });
  }

  private failed(error: unknown): void {
    this.deps.log.warn('notification channel not settled', { error: String(error) });
  }

  private stateOf(live: LiveChannel): ChannelState {
    const remainingS = Math.max(0, Math.ceil(remainingMs(live, this.deps.clock) / 1000));
    return { channel: live.kept.channel, remainingS };
  }
}
