/** notificationChannel: where a platform that cannot be called back fetches its notifications (OMA REST NetAPI Notification Channel). */
import { ApiError } from './api-error.js';
import { isRecord } from './forms/dialects.js';
import { clientCorrelator, oneLine, resourceURL, type Schema } from './forms/schema.js';
import { channelCallbackUrl, channelsUrl, channelUrl, channelWaitUrl } from './urls.js';
import { invalid, rootParser, rootPrinter } from './forms/validator.js';

export type ChannelType = 'LongPolling' | 'WebSockets';

/** What a platform sends. */
export interface ChannelRequest {
  readonly clientCorrelator?: string;
  readonly applicationTag?: string;
  readonly channelType: ChannelType;
  /** Of one answer, or unacknowledged on a WebSocket; absent: the server decides. */
  readonly maxNotifications?: number;
  /** Seconds that a poll may hang; absent: the server decides. */
  readonly maxWaitTime?: number;
  /** Seconds; absent: the server decides. */
  readonly channelLifetime?: number;
}

/** What is kept. */
export interface Channel extends ChannelRequest {
  readonly id: string;
  readonly platformId: string;
  readonly bot: string;
  readonly maxNotifications: number;
  readonly maxWaitTime: number;
  /** Seconds from one poll to the next, at most. */
  readonly channelLifetime: number;
}

export const channelTypes: readonly ChannelType[] = ['LongPolling', 'WebSockets'];

const lifetime: Schema = {
  type: 'integer',
  minimum: 1,
  maximum: 2_147_483_647,
  description: 'Seconds until the channel ends unless it is used; GET shows what remains.',
};

export const channelSchema: Schema = {
  type: 'object',
  description: 'A channel that notifications are fetched from, instead of being called back.',
  properties: {
    clientCorrelator,
    applicationTag: { type: 'string', maxLength: 256, pattern: oneLine },
    channelType: { type: 'string', maxLength: 64, pattern: oneLine, description: 'LongPolling or WebSockets.' },
    channelData: {
      type: 'object',
      properties: {
        channelURL: {
          type: 'string',
          readOnly: true,
          description: 'POST here and wait (LongPolling), or connect here (WebSockets).',
        },
        maxNotifications: { type: 'integer', minimum: 1, maximum: 10_000, description: 'In one answer, at most.' },
        maxWaitTime: { type: 'integer', minimum: 0, maximum: 86_400, description: 'Seconds that a poll may hang.' },
      },
    },
    channelLifetime: lifetime,
    callbackURL: { type: 'string', readOnly: true, description: 'The notifyURL to put into subscriptions.' },
    resourceURL,
  },
  required: ['channelType'],
};

export const channelListSchema: Schema = {
  type: 'object',
  properties: { notificationChannel: { type: 'array', items: channelSchema }, resourceURL },
};

export const channelLifetimeSchema: Schema = {
  type: 'object',
  properties: { channelLifetime: lifetime, resourceURL },
  required: ['channelLifetime'],
};

interface ChannelForm extends Omit<ChannelRequest, 'channelType' | 'maxNotifications' | 'maxWaitTime'> {
  readonly channelType: string;
  readonly channelData?: { readonly maxNotifications?: number; readonly maxWaitTime?: number };
}

const read = rootParser<ChannelForm>('notificationChannel', channelSchema);
const readLifetime = rootParser<{ readonly channelLifetime: number }>(
  'notificationChannelLifetime',
  channelLifetimeSchema,
);
const printOne = rootPrinter('notificationChannel', channelSchema);
const printAll = rootPrinter('notificationChannelList', channelListSchema);
const printRest = rootPrinter('notificationChannelLifetime', channelLifetimeSchema);

/** `{"notificationChannel":{…}}`; throws ApiError, POL1023 for a type of channel that we do not have. */
export function parseChannel(body: unknown): ChannelRequest {
  const { channelData = {}, channelType: asked, ...others } = read(body);
  const channelType = channelTypes.find((one) => one.toLowerCase() === asked.toLowerCase());
  if (channelType === undefined) throw new ApiError('POL1023', [asked, channelTypes.join(', ')]);
  return { ...others, ...channelData, channelType };
}

/** `{"notificationChannelLifetime":{"channelLifetime":600}}` → seconds. */
export function parseChannelLifetime(body: unknown): number {
  return readLifetime(body).channelLifetime;
}

export interface ChannelView {
  readonly serverRoot: string;
  /** Seconds until it ends. */
  readonly remainingS: number;
}

export function printChannel(channel: Channel, view: ChannelView): Record<string, unknown> {
  return printOne(formOf(channel, view));
}

export function printChannelList(
  owner: { readonly serverRoot: string; readonly bot: string },
  channels: readonly { readonly channel: Channel; readonly remainingS: number }[],
): Record<string, unknown> {
  const { serverRoot } = owner;
  const notificationChannel = channels.map(({ channel, remainingS }) => formOf(channel, { serverRoot, remainingS }));
  return printAll({ notificationChannel, resourceURL: channelsUrl(owner) });
}

export function printChannelLifetime(channel: Channel, { serverRoot, remainingS }: ChannelView): object {
  const owner = { serverRoot, bot: channel.bot };
  return printRest({ channelLifetime: remainingS, resourceURL: `${channelUrl(owner, channel.id)}/channelLifetime` });
}

function formOf(channel: Channel, { serverRoot, remainingS }: ChannelView): object {
  const { id, channelType, maxNotifications, maxWaitTime } = channel;
  const owner = { serverRoot, bot: channel.bot };
  const wait = channelWaitUrl(owner, id);
  const data =
    channelType === 'LongPolling'
      ? { channelURL: wait, maxNotifications, maxWaitTime }
      : { channelURL: wait.replace(/^http/, 'ws'), maxNotifications };
  return {
    clientCorrelator: channel.clientCorrelator,
    applicationTag: channel.applicationTag,
    channelType,
    channelData: data,
    channelLifetime: remainingS,
    callbackURL: channelCallbackUrl(owner, id),
    resourceURL: channelUrl(owner, id),
  };
}

/** The JSON form of what a poll is answered; an array or null is more than our own schemas can say. */
export const notificationListSchema = {
  type: 'object',
  properties: {
    notificationList: {
      type: ['array', 'null'],
      items: { type: 'object', description: 'A notification under its root element, as a callback would carry it.' },
      description: 'null: the wait ended with nothing to tell.',
    },
  },
  required: ['notificationList'],
} as const;

/** What a poll is answered, and what a WebSocket carries; null: the wait ended with nothing to tell. */
export function printNotificationList(bodies: readonly string[]): { readonly notificationList: unknown } {
  return { notificationList: bodies.length === 0 ? null : bodies.map((body): unknown => JSON.parse(body)) };
}

const maxAcks = 10_000;

export const acknowledgementSchema: Schema = {
  type: 'object',
  properties: {
    ack: {
      type: 'array',
      maxItems: maxAcks,
      items: { type: 'string' },
      description: 'Ours: notificationIds that are acknowledged.',
    },
  },
  required: ['ack'],
};

/** Ours: `{"ack":["notificationId",…]}`; throws SVC0002 for anything else. */
export function parseAcknowledgement(body: unknown): readonly string[] {
  const ack = isRecord(body) ? body['ack'] : undefined;
  if (!Array.isArray(ack) || ack.length > maxAcks) throw invalid('ack', 'must be a list of notificationIds');
  return ack.map((id: unknown) => {
    if (typeof id !== 'string') throw invalid('ack', 'must be a list of notificationIds');
    return id;
  });
}
