/** The channels in memory: found by who asks, by where a notification goes, counted by whose they are. */
import type { Clock } from '../../clock.js';
import type { Chatbot } from '../../iwf/actions.js';
import type { ChannelType } from '../../resources/channel.js';
import type { Subscription } from '../../resources/subscription.js';
import { channelIdOf, type LiveChannel, remainingMs } from './live-channel.js';

/** Where a subscription's notifications go. */
export type Destination = Pick<Subscription, 'platformId' | 'bot' | 'notifyURL'>;

export interface LiveChannels {
  readonly size: number;
  all(): readonly LiveChannel[];
  get(id: string): LiveChannel | undefined;
  set(live: LiveChannel): void;
  delete(id: string): void;
  ofBot(bot: string): readonly LiveChannel[];
  countOfPlatform(platformId: string): number;
  /** One that is alive, of this bot and type. */
  owned(bot: Chatbot, id: string, type?: ChannelType): LiveChannel | undefined;
  /** The URL is of a channel here, by its id or by its place: one that is no more is gone, and nobody else's. */
  isOurs(to: Destination): boolean;
  /** The channel that is alive there, if it is the platform's. */
  target(to: Pick<Destination, 'platformId' | 'notifyURL'>): LiveChannel | undefined;
}

export interface LiveChannelsDeps {
  readonly clock: Clock;
  /** Base of the resourceURLs that the bot's platform sees. */
  readonly serverRoot: (bot: string) => string;
}

export function createLiveChannels({ clock, serverRoot }: LiveChannelsDeps): LiveChannels {
  const live = new Map<string, LiveChannel>();
  const alive = (id: string | undefined): LiveChannel | undefined => {
    const found = id === undefined ? undefined : live.get(id);
    return found?.state === 'alive' && remainingMs(found, clock) > 0 ? found : undefined;
  };
  const those = (fits: (channel: LiveChannel['kept']['channel']) => boolean): readonly LiveChannel[] =>
    [...live.values()].filter(({ kept }) => fits(kept.channel));
  return {
    get size() {
      return live.size;
    },
    all: () => [...live.values()],
    get: (id) => live.get(id),
    set: (one) => void live.set(one.kept.channel.id, one),
    delete: (id) => void live.delete(id),
    ofBot: (bot) => those((channel) => channel.bot === bot),
    countOfPlatform: (platformId) => those((channel) => channel.platformId === platformId).length,
    owned(bot, id, type) {
      const found = alive(id);
      if (found?.kept.channel.bot !== bot.uri) return undefined;
      return type === undefined || found.kept.channel.channelType === type ? found : undefined;
    },
    isOurs({ bot, notifyURL }) {
      const id = channelIdOf(notifyURL);
      if (id === undefined) return false;
      return live.has(id) || notifyURL.startsWith(`${serverRoot(bot)}/notificationchannel/`);
    },
    target({ platformId, notifyURL }) {
      const found = alive(channelIdOf(notifyURL));
      return found?.kept.channel.platformId === platformId ? found : undefined;
    },
  };
}
