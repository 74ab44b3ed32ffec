/** What every notification root begins and ends with: callbackData, links, its stable id. */
import { isRecord } from './forms/dialects.js';
import { callbackData, link, type Schema } from './forms/schema.js';
import { type Subscription, type SubscriptionApi, subscriptionRoots } from './subscription.js';
import { type Owner, subscriptionUrl } from './urls.js';

/** What differs from one subscription to the next. */
export interface NotificationDelivery {
  readonly notificationId: string;
  readonly callbackData?: string | undefined;
  readonly serverRoot: string;
  readonly subscriptionId: string;
}

export interface Link {
  readonly rel: string;
  readonly href: string;
}

const notificationId: Schema = {
  type: 'string',
  description: 'Ours: the same on every retry, and equal to the header `webhook-id`.',
};

/** A notification's schema around its own members. */
export function notificationSchema(
  description: string,
  members: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema {
  return {
    type: 'object',
    description,
    properties: { callbackData, link, ...members, notificationId },
    required: [...required, 'notificationId'],
  };
}

/** The members of every notification. */
export interface NotificationHead {
  readonly callbackData: string | undefined;
  readonly link: readonly Link[];
  readonly notificationId: string;
}

/** `links` stand before the link to the subscription. */
export function notificationHead(
  of: { readonly bot: string; readonly api: SubscriptionApi; readonly links?: readonly Link[] },
  delivery: NotificationDelivery,
): NotificationHead {
  const href = subscriptionUrl(ownerOf(of, delivery), of.api, delivery.subscriptionId);
  return {
    callbackData: delivery.callbackData,
    link: [...(of.links ?? []), { rel: subscriptionRel(of.api), href }],
    notificationId: delivery.notificationId,
  };
}

/** A printed notification, `{root: {…}}`, for another subscription of the same bot and API; all else stays as it is. */
export function readdressed(
  printed: Readonly<Record<string, unknown>>,
  { api, bot, id, callbackData: data }: Subscription,
  serverRoot: string,
): Record<string, unknown> {
  const rel = subscriptionRel(api);
  const href = subscriptionUrl({ serverRoot, bot }, api, id);
  const readdress = (members: object): object => {
    const { link: links = [] } = members as { readonly link?: readonly Link[] };
    const link = links.map((one) => (one.rel === rel ? { rel, href } : one));
    return { ...members, callbackData: data, link };
  };
  return Object.fromEntries(
    Object.entries(printed).map(([root, members]) => [root, isRecord(members) ? readdress(members) : members]),
  );
}

function subscriptionRel(api: SubscriptionApi): string {
  const root = subscriptionRoots[api].one;
  return root.charAt(0).toUpperCase() + root.slice(1);
}

export function ownerOf(of: { readonly bot: string }, delivery: NotificationDelivery): Owner {
  return { serverRoot: delivery.serverRoot, bot: of.bot };
}
