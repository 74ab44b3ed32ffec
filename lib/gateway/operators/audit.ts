/** What platforms do to their subscriptions and channels, noted with its result: done, or the code of the refusal. */
import type { Chatbot, SubscriptionActions } from '../../iwf/actions.js';
import type { Audit } from '../../log/audit.js';
import { ApiError } from '../../resources/api-error.js';
import type { Subscription } from '../../resources/subscription.js';
import type { ChannelActions } from '../../rest/further-actions.js';

export function auditedSubscriptions(actions: SubscriptionActions, audit: Audit): SubscriptionActions {
  const noted = notedBy(audit);
  return {
    list: (...args) => actions.list(...args),
    get: (...args) => actions.get(...args),
    create: (bot, api, request, idempotency) =>
      noted(
        { bot, action: 'create subscription' },
        actions.create(bot, api, request, idempotency),
        ({ subscription }) => ({ object: subscription.id, details: subscriptionDetails(subscription) }),
      ),
    prolong: (bot, api, id, duration) =>
      noted({ bot, action: 'prolong subscription', object: id }, actions.prolong(bot, api, id, duration)),
    remove: (bot, api, id) => noted({ bot, action: 'remove subscription', object: id }, actions.remove(bot, api, id)),
  };
}

export function auditedChannels(actions: ChannelActions, audit: Audit): ChannelActions {
  const noted = notedBy(audit);
  return {
    list: (...args) => actions.list(...args),
    get: (...args) => actions.get(...args),
    poll: (...args) => actions.poll(...args),
    attach: (...args) => actions.attach(...args),
    setLifetime: (...args) => actions.setLifetime(...args),
    create: (bot, request, idempotency) =>
      noted({ bot, action: 'create channel' }, actions.create(bot, request, idempotency), ({ channel }) => ({
        object: channel.id,
        details: { type: channel.channelType },
      })),
    remove: (bot, id) => noted({ bot, action: 'remove channel', object: id }, actions.remove(bot, id)),
  };
}

/** A subscription that the gateway has ended by itself. */
export function noteEnd(audit: Audit, subscription: Subscription, reason: string): void {
  const details = { platform: subscription.platformId, ...subscriptionDetails(subscription) };
  audit({ actor: 'gateway', action: 'end subscription', object: subscription.id, result: reason, details });
}

interface Deed {
  readonly bot: Chatbot;
  readonly action: string;
  readonly object?: string;
}

type Described = { readonly object: string; readonly details: Readonly<Record<string, unknown>> };

type Noted = <T>(deed: Deed, work: Promise<T>, describe?: (result: T) => Described) => Promise<T>;

function notedBy(audit: Audit): Noted {
  return async ({ bot, action, object }, work, describe) => {
    const entry = { actor: `platform ${bot.platformId}`, action, object };
    try {
      const result = await work;
      const { object: made = object, details } = describe?.(result) ?? {};
      const isDone = result !== undefined && result !== false;
      audit({
        ...entry,
        object: made,
        result: isDone ? 'done' : 'unknown',
        details: { bot: bot.uri, ...details },
      });
      return result;
    } catch (error) {
      const result = error instanceof ApiError ? `refused ${error.id}` : 'failed';
      audit({ ...entry, result, details: { bot: bot.uri } });
      throw error;
    }
  };
}

/** The path of a notifyURL may hold a secret. */
function subscriptionDetails({ api, bot, notifyURL }: Subscription): Readonly<Record<string, unknown>> {
  return { api, bot, origin: URL.canParse(notifyURL) ? new URL(notifyURL).origin : '' };
}
