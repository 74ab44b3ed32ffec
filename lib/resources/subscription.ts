/** A notification subscription, of whatever API: they have the same members under different roots. */
import { absoluteUri, callbackData, clientCorrelator, resourceURL, type Schema } from './forms/schema.js';
import { subscriptionsUrl, subscriptionUrl } from './urls.js';
import { invalid, rootParser, rootPrinter } from './forms/validator.js';
import { xmlCanCarry } from './forms/xml-text.js';

export type SubscriptionApi = 'chat' | 'capabilitydiscovery' | 'spamreport' | 'aliasmgmt';

/** What a platform sends. */
export interface SubscriptionRequest {
  readonly notifyURL: string;
  readonly callbackData?: string;
  readonly notificationFormat: 'JSON' | 'XML';
  readonly clientCorrelator?: string;
  /** Seconds; absent: for ever. */
  readonly duration?: number;
  readonly confirmedChatSupported: boolean;
  readonly adhocChatSupported: boolean;
}

/** What is kept. */
export interface Subscription extends SubscriptionRequest {
  readonly id: string;
  readonly api: SubscriptionApi;
  readonly platformId: string;
  readonly bot: string;
  /** Wall clock, ms; absent: never. */
  readonly expiresAtMs?: number;
}

/** Root element of one subscription and of the list, by API. */
export const subscriptionRoots = {
  chat: { one: 'chatNotificationSubscription', list: 'chatSubscriptionList' },
  capabilitydiscovery: { one: 'capabilityNotificationSubscription', list: 'capabilitySubscriptionList' },
  spamreport: { one: 'spamReportNotificationSubscription', list: 'spamReportSubscriptionList' },
  aliasmgmt: { one: 'aliasNotificationSubscription', list: 'aliasSubscriptionList' },
} as const satisfies Record<SubscriptionApi, { one: string; list: string }>;

const duration: Schema = {
  type: 'integer',
  minimum: 0,
  // All of xsd:unsignedInt.
  maximum: 4_294_967_295,
  description: 'Seconds until it ends; 0 or absent: the server decides. GET shows what remains.',
};

export const subscriptionSchema: Schema = {
  type: 'object',
  properties: {
    callbackReference: {
      type: 'object',
      properties: {
        notifyURL: {
          type: 'string',
          maxLength: 2048,
          pattern: absoluteUri,
          description: 'Where notifications are POSTed, or the callbackURL of a notification channel.',
        },
        callbackData,
        notificationFormat: {
          type: 'string',
          enum: ['JSON', 'XML'],
          description: 'Where absent, the format of this request (ours).',
        },
      },
      required: ['notifyURL'],
    },
    clientCorrelator,
    duration,
    confirmedChatSupported: {
      type: 'boolean',
      description: 'Whether invitations and events of confirmed sessions are told; false where absent.',
    },
    adhocChatSupported: { type: 'boolean', description: 'Whether messages are told; true where absent.' },
    resourceURL,
  },
  required: ['callbackReference'],
};

export function subscriptionListSchema(api: SubscriptionApi): Schema {
  const properties = {
    [subscriptionRoots[api].one]: { type: 'array', items: subscriptionSchema },
    resourceURL,
  } as const;
  return { type: 'object', properties };
}

export const subscriptionUpdateSchema: Schema = {
  type: 'object',
  description: 'The new duration; other members are ignored.',
  properties: { duration },
};

interface SubscriptionForm {
  readonly callbackReference: {
    readonly notifyURL: string;
    readonly callbackData?: string;
    readonly notificationFormat?: 'JSON' | 'XML';
  };
  readonly clientCorrelator?: string;
  readonly duration?: number;
  readonly confirmedChatSupported?: boolean;
  readonly adhocChatSupported?: boolean;
  readonly resourceURL?: string;
}

function forms(api: SubscriptionApi) {
  const root = subscriptionRoots[api].one;
  return {
    read: rootParser<SubscriptionForm>(root, subscriptionSchema),
    readUpdate: rootParser<{ readonly duration?: number }>(root, subscriptionUpdateSchema),
    print: rootPrinter(root, subscriptionSchema),
  };
}

const byApi = {
  chat: forms('chat'),
  capabilitydiscovery: forms('capabilitydiscovery'),
  spamreport: forms('spamreport'),
  aliasmgmt: forms('aliasmgmt'),
} satisfies Record<SubscriptionApi, unknown>;

/** `{"chatNotificationSubscription":{…}}` and its kin; `format` is the body's own. Throws ApiError naming the part. */
export function parseSubscription(
  api: SubscriptionApi,
  body: unknown,
  format: 'JSON' | 'XML' = 'JSON',
): SubscriptionRequest {
  const form = byApi[api].read(body);
  const { notifyURL, callbackData: data, notificationFormat = format } = form.callbackReference;
  if (notificationFormat === 'XML' && data !== undefined && !xmlCanCarry(data)) {
    throw invalid(
      `${subscriptionRoots[api].one}.callbackReference.callbackData`,
      'has characters that XML cannot carry',
    );
  }
  return {
    notifyURL,
    ...(data === undefined ? {} : { callbackData: data }),
    notificationFormat,
    ...(form.clientCorrelator === undefined ? {} : { clientCorrelator: form.clientCorrelator }),
    ...(form.duration === undefined || form.duration === 0 ? {} : { duration: form.duration }),
    confirmedChatSupported: form.confirmedChatSupported ?? false,
    adhocChatSupported: form.adhocChatSupported ?? true,
  };
}

/** The duration of a PUT, seconds; 0 where absent. */
export function parseSubscriptionUpdate(api: SubscriptionApi, body: unknown): number {
  return byApi[api].readUpdate(body).duration ?? 0;
}

export interface SubscriptionView {
  readonly serverRoot: string;
  readonly nowMs: number;
}

/** As GET shows it; `duration` is what remains, and absent where it never ends. */
export function printSubscription(subscription: Subscription, view: SubscriptionView): Record<string, unknown> {
  return byApi[subscription.api].print(formOf(subscription, view));
}

/** All of one bot and API under the list's root. */
export function printSubscriptionList(
  of: { readonly api: SubscriptionApi; readonly bot: string },
  subscriptions: readonly Subscription[],
  view: SubscriptionView,
): Record<string, unknown> {
  const { one, list } = subscriptionRoots[of.api];
  const printed = subscriptions.map((subscription) => printSubscription(subscription, view)[one]);
  return { [list]: { [one]: printed, resourceURL: subscriptionsUrl({ ...view, bot: of.bot }, of.api) } };
}

function formOf(subscription: Subscription, view: SubscriptionView): object {
  const { notifyURL, callbackData: data, notificationFormat, expiresAtMs, bot, api } = subscription;
  return {
    callbackReference: { notifyURL, callbackData: data, notificationFormat },
    clientCorrelator: subscription.clientCorrelator,
    duration: expiresAtMs === undefined ? undefined : Math.max(0, Math.ceil((expiresAtMs - view.nowMs) / 1000)),
    confirmedChatSupported: subscription.confirmedChatSupported,
    adhocChatSupported: subscription.adhocChatSupported,
    resourceURL: subscriptionUrl({ ...view, bot }, api, subscription.id),
  };
}
