/** A channel that is alive: what it holds, who listens, and when it was last used. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { Chatbot } from '../../iwf/actions.js';
import type { Channel, ChannelRequest } from '../../resources/channel.js';
import type { ChannelItem, KeptChannel } from './channel-record.js';
import type { ChannelInbox } from './channel-inbox.js';
import type { Listener, PollAnswer } from './channel-listener.js';
import type { ChannelOptions } from '../options.js';

export interface LiveChannel {
  kept: KeptChannel;
  readonly inbox: ChannelInbox;
  listener: Listener | undefined;
  /** What the last poll was answered with: the next one acknowledges it. */
  answered: readonly ChannelItem[];
  /** Its life begins anew with each use, and stands still while somebody listens. */
  usedAtMs: number;
  state: 'alive' | 'ending';
}

export function remainingMs(live: LiveChannel, clock: Clock): number {
  const lifetimeMs = live.kept.channel.channelLifetime * 1000;
  return live.listener ? lifetimeMs : live.usedAtMs + lifetimeMs - clock.now();
}

/** The newer listener takes the place of the one before. */
export function listen(live: LiveChannel, listener: Listener): void {
  const before = live.listener;
  live.listener = listener;
  before?.end('superseded');
}

export function leave(live: LiveChannel, listener: Listener, clock: Clock): void {
  live.usedAtMs = clock.now();
  if (live.listener === listener) live.listener = undefined;
}

const callbackPath = /\/notificationchannel\/v1\/[^/?#]+\/channels\/([0-9a-f-]{36})\/callback$/;

/** The channel that a notifyURL would be the callbackURL of. */
export function channelIdOf(notifyURL: string): string | undefined {
  return notifyURL.endsWith('/callback') ? callbackPath.exec(notifyURL)?.[1] : undefined;
}

/** What the client asks for, within the limits. */
export function freshChannel({ uri, platformId }: Chatbot, request: ChannelRequest, limits: ChannelOptions): Channel {
  const maxWaitS = Math.floor(limits.maxWaitMs / 1000);
  return {
    ...request,
    id: randomUUID(),
    platformId,
    bot: uri,
    maxNotifications: Math.min(request.maxNotifications ?? Infinity, limits.maxNotifications),
    maxWaitTime: Math.min(request.maxWaitTime ?? Infinity, maxWaitS),
    channelLifetime: Math.min(request.channelLifetime ?? limits.lifetimeS, limits.maxLifetimeS),
  };
}

/** The answer to a poll. */
export interface Polled {
  /** Complete JSON texts. */
  readonly bodies: readonly string[];
  /** It did not arrive: the next poll acknowledges nothing of it. */
  lost(): void;
}

export function rememberAnswer(live: LiveChannel, { items, bodies }: PollAnswer): Polled {
  if (items.length > 0) live.answered = items;
  const lost = (): void => {
    if (live.answered === items) live.answered = [];
  };
  return { bodies, lost };
}

/** Of the last answer all, or exactly those named in `ack`. Rejects where the store does; then nothing is acknowledged. */
export async function acknowledgeAnswer(live: LiveChannel, ack: readonly string[] | undefined): Promise<void> {
  const { answered } = live;
  live.answered = [];
  try {
    await live.inbox.acknowledge(ack ? answered.filter(({ claimed }) => ack.includes(claimed.id)) : answered);
  } catch (error) {
    live.answered = answered;
    throw error;
  }
}
