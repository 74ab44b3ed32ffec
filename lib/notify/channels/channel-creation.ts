/** A channel is made: once for one correlator, within the limits, durable before it is answered. */
import type { Chatbot, Idempotency } from '../../iwf/actions.js';
import type { Metrics } from '../../metrics.js';
import { ApiError } from '../../resources/api-error.js';
import type { ChannelRequest } from '../../resources/channel.js';
import type { Store } from '../../store/store.js';
import * as record from './channel-record.js';
import { freshChannel, type LiveChannel } from './live-channel.js';
import type { LiveChannels } from './live-channels.js';
import type { ChannelOptions, NotifyOptions, PlatformLimits } from '../options.js';
import { limitReached } from '../limit-reached.js';
import { createTurn } from '../turn.js';

export interface ChannelCreationDeps {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly options: Pick<NotifyOptions, 'correlatorTtlMs'> & { readonly channels: ChannelOptions };
  readonly limitsOf: (platformId: string) => Pick<PlatformLimits, 'channelsPerPlatform'>;
  readonly live: LiveChannels;
  /** Begins its life in memory. */
  readonly keep: (kept: record.KeptChannel) => Promise<LiveChannel>;
}

export type CreateChannel = (bot: Chatbot, request: ChannelRequest, idempotency?: Idempotency) => Promise<LiveChannel>;

export function channelCreation(deps: ChannelCreationDeps): CreateChannel {
  // One after the other, so that the limits hold for a burst as well.
  const turn = createTurn();
  return (bot, request, idempotency) => turn(() => create(deps, { bot, request, idempotency }));
}

interface Asked {
  readonly bot: Chatbot;
  readonly request: ChannelRequest;
  readonly idempotency: Idempotency | undefined;
}

async function create(deps: ChannelCreationDeps, { bot, request, idempotency }: Asked): Promise<LiveChannel> {
  const { store, options } = deps;
  const key = idempotency && record.channelCorrelatorKey(bot.uri, idempotency.correlator);
  const first = idempotency && key !== undefined ? await firstAnswer(deps, bot, { key, ...idempotency }) : undefined;
  if (first) return first;
  checkLimits(deps, bot);
  const kept = {
    channel: freshChannel(bot, request, options.channels),
    ...(key === undefined ? {} : { correlatorKey: key }),
  };
  const put = [record.keptChannels.put(kept.channel.id, kept, { ifRevision: 0 })];
  if (idempotency && key !== undefined) {
    const answer = { fingerprint: idempotency.fingerprint, channelId: kept.channel.id };
    put.push(record.firstChannels.put(key, answer, { ttlMs: options.correlatorTtlMs, ifRevision: 0 }));
  }
  // Another gateway was faster with the same correlator: the client's next try finds its answer.
  if (!(await store.commit({ put }))) throw new ApiError('SVC1000', [], { retryAfterS: 1 });
  return deps.keep(kept);
}

/** undefined: the correlator is new, or the life of its channel is over. */
async function firstAnswer(
  { store, live }: ChannelCreationDeps,
  bot: Chatbot,
  { key, correlator, fingerprint }: Idempotency & { readonly key: string },
): Promise<LiveChannel | undefined> {
  const answer = (await record.firstChannels.get(store, key))?.value;
  if (!answer) return undefined;
  const found = live.owned(bot, answer.channelId);
  if (found && answer.fingerprint !== fingerprint) throw new ApiError('SVC0005', [correlator, 'clientCorrelator']);
  if (found) return found;
  await store.commit({ remove: [record.firstChannels.remove(key)] });
  return undefined;
}

function checkLimits({ options, limitsOf, live, metrics }: ChannelCreationDeps, { uri, platformId }: Chatbot): void {
  const { maxPerBot, maxChannels } = options.channels;
  const reached = limitReached([
    ['notify.channels.maxPerBot', live.ofBot(uri).length, maxPerBot],
    ['limits.channelsPerPlatform', live.countOfPlatform(platformId), limitsOf(platformId).channelsPerPlatform],
    ['notify.channels.maxChannels', live.size, maxChannels],
  ]);
  if (reached === undefined) return;
  metrics.count('limit_reached_total', { limit: reached }, 1, uri);
  throw new ApiError('POL0001', ['too many notification channels']);
}
