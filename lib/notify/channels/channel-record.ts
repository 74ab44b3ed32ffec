/** What the store keeps of a notification channel: the channel, the items it holds in order, and the first answer to its correlator. */
import { createHash } from 'node:crypto';
import type { Channel } from '../../resources/channel.js';
import type { ClaimedItem, Put, Remove, Store } from '../../store/store.js';
import { recordTable, type RecordTable } from '../records.js';

export interface KeptChannel {
  readonly channel: Channel;
  /** Id of the correlator record that answers with this channel. */
  readonly correlatorKey?: string;
}

/** A notification that a channel holds. */
export interface ChannelItem {
  /** Its place among the channel's items. */
  readonly order: string;
  /** As it stood in the notify queue; its id is the notificationId. */
  readonly claimed: ClaimedItem;
}

export interface FirstChannel {
  readonly fingerprint: string;
  readonly channelId: string;
}

/** By channel id. */
export const keptChannels = recordTable<KeptChannel>('channel', 'channel|');
/** By correlatorKey. */
export const firstChannels = recordTable<FirstChannel>('correlator', 'channel|');

/** By order: they are listed as they came. */
export function channelItems(channelId: string): RecordTable<ClaimedItem> {
  return recordTable('channel', `item|${channelId}|`);
}

export function orderOf(place: number): string {
  return String(place).padStart(16, '0');
}

export function putChannel(kept: KeptChannel): Put {
  return keptChannels.put(kept.channel.id, kept);
}

/** All that a channel leaves in the store beside its items; its correlator may stand for a later one by now. */
export async function removalOf(store: Store, { channel, correlatorKey }: KeptChannel): Promise<Remove[]> {
  const own = keptChannels.remove(channel.id);
  if (correlatorKey === undefined) return [own];
  const answer = await firstChannels.get(store, correlatorKey);
  return answer?.value.channelId === channel.id ? [own, firstChannels.remove(correlatorKey)] : [own];
}

/** Its scope is the bot's channels; hashed, for a bot chooses its length. */
export function channelCorrelatorKey(bot: string, correlator: string): string {
  return createHash('sha256')
    .update(JSON.stringify([bot, correlator]))
    .digest('hex');
}
