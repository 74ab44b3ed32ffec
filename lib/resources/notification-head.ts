/** What every notification root begins and ends with: callbackData, links, its stable id. */
import { callbackData, link, type Schema } from './schema.js';
import { type SubscriptionApi, subscriptionRoots } from './subscription.js';
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

/** The members of every notification; `links` stand before the link to the subscription. */
export function notificationHead(
  of: { readonly bot: string; readonly api: SubscriptionApi; readonly links?: readonly Link[] },
  delivery: NotificationDelivery,
): object {
  const root = subscriptionRoots[of.api].one;
  const rel = root.charAt(0).toUpperCase() + root.slice(1);
  const href = subscriptionUrl(ownerOf(of, delivery), of.api, delivery.subscriptionId);
  return {
    callbackData: delivery.callbackData,
    link: [...(of.links ?? []), { rel, href }],
    notificationId: delivery.notificationId,
  };
}

export function ownerOf(of: { readonly bot: string }, delivery: NotificationDelivery): Owner {
  return { serverRoot: delivery.serverRoot, bot: of.bot };
}
