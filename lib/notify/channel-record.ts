/** What the store keeps of a notification channel: the channel, the items it holds in order, and the first answer to its correlator. */
import { createHash } from 'node:crypto';
import type { Channel } from '../resources/channel.js';
import type { ClaimedItem, Json, Put, Remove, StoredRecord } from '../store/store.js';

export interface KeptChannel {
  readonly channel: Channel;
  /** Key of the correlator record that answers with this channel. */
  readonly correlatorKey?: string;
}

/** A notification that a channel holds. */
export interface ChannelItem {
  /** Of its record. */
  readonly key: string;
  /** As it stood in the notify queue; its id is the notificationId. */
  readonly claimed: ClaimedItem;
}

export const channelPrefix = 'channel|';

export function putChannel(kept: KeptChannel, ifRevision?: number): Put {
  const put: Put = { kind: 'channel', key: channelPrefix + kept.channel.id, value: toJson(kept) };
  return ifRevision === undefined ? put : { ...put, ifRevision };
}

/** All that a channel leaves in the store beside its items. */
export function removeChannel({ channel, correlatorKey }: KeptChannel): Remove[] {
  const own: Remove = { kind: 'channel', key: channelPrefix + channel.id };
  return correlatorKey === undefined ? [own] : [own, { kind: 'correlator', key: correlatorKey }];
}

/** Undefined for a record of another shape. */
export function readChannel(value: Json): KeptChannel | undefined {
  const kept = value as unknown as Partial<KeptChannel> | null;
  const channel: Partial<Channel> | undefined = kept?.channel;
  return typeof channel?.id === 'string' && typeof channel.bot === 'string' ? (kept as KeptChannel) : undefined;
}

export function itemPrefix(channelId: string): string {
  return `item|${channelId}|`;
}

/** `order` is the place among the channel's items: they are listed by key. */
export function putItem(channelId: string, order: number, claimed: ClaimedItem): Put {
  const key = itemPrefix(channelId) + String(order).padStart(16, '0');
  return { kind: 'channel', key, value: toJson(claimed), ifRevision: 0 };
}

export function readItemRecord({ key, value }: StoredRecord): ChannelItem {
  return { key, claimed: value as unknown as ClaimedItem };
}

export function removeItem({ key }: ChannelItem): Remove {
  return { kind: 'channel', key };
}

export interface FirstChannel {
  readonly fingerprint: string;
  readonly channelId: string;
}

/** Its scope is the bot's channels; hashed, for a bot chooses its length. */
export function channelCorrelatorKey(bot: string, correlator: string): string {
  return `channel|${createHash('sha256')
    .update(JSON.stringify([bot, correlator]))
    .digest('hex')}`;
}

export function putFirstChannel(key: string, first: FirstChannel, ttlMs: number): Put {
  return { kind: 'correlator', key, value: toJson(first), ttlMs, ifRevision: 0 };
}

export function readFirstChannel(value: Json | undefined): FirstChannel | undefined {
  const first = value as unknown as Partial<FirstChannel> | null | undefined;
  return typeof first?.fingerprint === 'string' ? (first as FirstChannel) : undefined;
}

/** Our records are plain data: what JSON keeps of them is all there is. */
function toJson(value: KeptChannel | ClaimedItem | FirstChannel): Json {
  return value as unknown as Json;
}
