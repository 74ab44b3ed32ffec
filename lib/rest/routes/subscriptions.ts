/** Notification subscriptions: the same resource under each API. */
import type { Clock } from '../../clock.js';
import type { SubscriptionActions } from '../../iwf/actions.js';
import { ApiError } from '../../resources/api-error.js';
import {
  parseSubscription,
  parseSubscriptionUpdate,
  printSubscription,
  printSubscriptionList,
  type Subscription,
  type SubscriptionApi,
  subscriptionRoots,
  subscriptionUpdateSchema,
} from '../../resources/subscription.js';
import { subscriptionUrl } from '../../resources/urls.js';
import type { Answer } from '../http/answer.js';
import { idempotencyOf } from './idempotency.js';
import { type Exchange, requestBody, type Route, variable } from '../route.js';

export interface SubscriptionDeps {
  readonly actions: SubscriptionActions;
  readonly clock: Clock;
}

const tags: Readonly<Record<SubscriptionApi, string>> = {
  chat: 'Chat',
  capabilitydiscovery: 'Capability discovery',
  spamreport: 'Spam reports (ours)',
  aliasmgmt: 'Privacy and aliases (ours)',
};

const apis = Object.keys(subscriptionRoots) as SubscriptionApi[];

export function subscriptionRoutes(deps: SubscriptionDeps): readonly Route[] {
  return apis.flatMap((api) => routesOf(deps, api));
}

function routesOf(deps: SubscriptionDeps, api: SubscriptionApi): readonly Route[] {
  const all = `/${api}/v1/{userId}/subscriptions`;
  const one = `${all}/{subscriptionId}`;
  const roots = subscriptionRoots[api];
  const tag = tags[api];
  const shown = { description: 'The whole subscription.', root: roots.one };
  return [
    {
      method: 'GET',
      path: all,
      doc: { tag, summary: 'The bot’s subscriptions', answers: { 200: { description: '', root: roots.list } } },
      handle: (exchange) => list(deps, exchange, api),
    },
    {
      method: 'POST',
      path: all,
      doc: {
        tag,
        summary: 'Subscribe to notifications',
        description:
          'Where the operator wants proof (ours), the notifyURL is POSTed `{"verification":{"challenge":"…"}}`, signed ' +
          'as callbacks are, and must answer 200 with the challenge, as text or as `{"challenge":"…"}`; else 403 POL0001.',
        request: [roots.one],
        answers: { 201: shown },
      },
      handle: (exchange) => create(deps, exchange, api),
    },
    {
      method: 'GET',
      path: one,
      doc: { tag, summary: 'A subscription, with what remains of its duration', answers: { 200: shown } },
      handle: async (exchange) => {
        const id = variable(exchange, 'subscriptionId');
        return show(deps, exchange, found(await deps.actions.get(exchange.bot, api, id), id));
      },
    },
    {
      method: 'PUT',
      path: one,
      doc: {
        tag,
        summary: 'Give a subscription a new duration',
        request: requestBody(roots.one, subscriptionUpdateSchema),
        answers: { 200: shown },
      },
      handle: async (exchange) => {
        const id = variable(exchange, 'subscriptionId');
        const duration = parseSubscriptionUpdate(api, (await exchange.body()).value);
        return show(deps, exchange, found(await deps.actions.prolong(exchange.bot, api, id, duration), id));
      },
    },
    {
      method: 'DELETE',
      path: one,
      doc: { tag, summary: 'End a subscription', answers: { 204: { description: 'Ended.' } } },
      handle: async (exchange) => {
        const id = variable(exchange, 'subscriptionId');
        if (!(await deps.actions.remove(exchange.bot, api, id))) throw unknownSubscription(id);
        return { status: 204 };
      },
    },
  ];
}

async function list(deps: SubscriptionDeps, exchange: Exchange, api: SubscriptionApi): Promise<Answer> {
  const { bot } = exchange;
  const subscriptions = await deps.actions.list(bot, api);
  return { status: 200, body: printSubscriptionList({ api, bot: bot.uri }, subscriptions, view(deps, exchange)) };
}

async function create(deps: SubscriptionDeps, exchange: Exchange, api: SubscriptionApi): Promise<Answer> {
  const { bot } = exchange;
  const body = await exchange.body();
  const request = parseSubscription(api, body.value, body.format);
  const idempotency = idempotencyOf(exchange.request, request, [api, 'subscriptions']);
  const { subscription } = await deps.actions.create(bot, api, request, idempotency);
  const Location = subscriptionUrl({ serverRoot: bot.serverRoot, bot: subscription.bot }, api, subscription.id);
  return { ...show(deps, exchange, subscription), status: 201, headers: { Location } };
}

function show(deps: SubscriptionDeps, exchange: Exchange, subscription: Subscription): Answer {
  return { status: 200, body: printSubscription(subscription, view(deps, exchange)) };
}

function view(deps: SubscriptionDeps, exchange: Exchange) {
  return { serverRoot: exchange.bot.serverRoot, nowMs: deps.clock.now() };
}

function found(subscription: Subscription | undefined, id: string): Subscription {
  if (subscription === undefined) throw unknownSubscription(id);
  return subscription;
}

function unknownSubscription(id: string): ApiError {
  return new ApiError('SVC2008', ['subscription', id]);
}
