/** Notification channels: made, prolonged, ended, and polled (OMA RESTful Network API for Notification Channel). */
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../../resources/api-error.js';
import {
  acknowledgementSchema,
  notificationListSchema,
  parseAcknowledgement,
  parseChannel,
  parseChannelLifetime,
  printChannel,
  printChannelLifetime,
  printChannelList,
  printNotificationList,
} from '../../resources/channel.js';
import { channelUrl } from '../../resources/urls.js';
import type { Answer } from '../http/answer.js';
import type { ChannelActions, ChannelState, Polled } from '../further-actions.js';
import { idempotencyOf } from './idempotency.js';
import { type Exchange, ownerOf, type Route, variable } from '../route.js';

const all = '/notificationchannel/v1/{userId}/channels';
const one = `${all}/{channelId}`;
const lifetime = `${one}/channelLifetime`;
export const channelWaitPath = `${one}/notifications`;
const tag = 'Notification channel';
const root = 'notificationChannel';
const lifetimeRoot = 'notificationChannelLifetime';

export function channelRoutes(actions: ChannelActions): readonly Route[] {
  return [...collectionRoutes(actions), ...resourceRoutes(actions), ...lifetimeRoutes(actions), pollRoute(actions)];
}

function collectionRoutes(actions: ChannelActions): readonly Route[] {
  return [
    {
      method: 'GET',
      path: all,
      doc: { tag, summary: 'The bot’s channels', answers: { 200: { description: '', root: `${root}List` } } },
      handle: ({ bot }) => ({ status: 200, body: printChannelList(ownerOf(bot), actions.list(bot)) }),
    },
    {
      method: 'POST',
      path: all,
      doc: {
        tag,
        summary: 'Make a channel, for who cannot be called back',
        description: 'Put its `callbackURL` as `notifyURL` into subscriptions; fetch what comes at its `channelURL`.',
        request: [root],
        answers: { 201: { description: 'The whole channel.', root } },
      },
      handle: (exchange) => create(actions, exchange),
    },
  ];
}

function resourceRoutes(actions: ChannelActions): readonly Route[] {
  return [
    {
      method: 'GET',
      path: one,
      doc: {
        tag,
        summary: 'A channel, with what remains of its life',
        answers: { 200: { description: '', root } },
      },
      handle: (exchange) => show(exchange, found(actions, exchange)),
    },
    {
      method: 'DELETE',
      path: one,
      doc: {
        tag,
        summary: 'End a channel',
        description: 'What it holds is dropped, and the subscriptions that go there end.',
        answers: { 204: { description: 'Ended.' } },
      },
      handle: async (exchange) => {
        const id = variable(exchange, 'channelId');
        if (!(await actions.remove(exchange.bot, id))) throw unknownChannel(id);
        return { status: 204 };
      },
    },
  ];
}

function lifetimeRoutes(actions: ChannelActions): readonly Route[] {
  const shown = { 200: { description: '', root: lifetimeRoot } };
  return [
    {
      method: 'GET',
      path: lifetime,
      doc: { tag, summary: 'What remains of a channel’s life', answers: shown },
      handle: (exchange) => showLifetime(exchange, found(actions, exchange)),
    },
    {
      method: 'PUT',
      path: lifetime,
      doc: { tag, summary: 'Give a channel a new life', request: [lifetimeRoot], answers: shown },
      handle: async (exchange) => {
        const id = variable(exchange, 'channelId');
        const seconds = parseChannelLifetime((await exchange.body()).value);
        const state = await actions.setLifetime(exchange.bot, id, seconds);
        if (state === undefined) throw unknownChannel(id);
        return showLifetime(exchange, state);
      },
    },
  ];
}

function pollRoute(actions: ChannelActions): Route {
  return {
    method: 'POST',
    path: channelWaitPath,
    waits: true,
    doc: {
      tag,
      summary: 'Wait for notifications (LongPolling)',
      description:
        'Answered `{"notificationList":[…]}` as soon as there is something, `{"notificationList":null}` at the end of the wait. ' +
        'The next poll acknowledges the answer before it; without one the same notifications come again. ' +
        'Ours: with a body `{"ack":["notificationId",…]}` exactly those are acknowledged.',
      request: { schema: acknowledgementSchema, types: ['application/json'], optional: true },
      answers: {
        200: {
          description: 'A notificationList, perhaps empty (null).',
          body: { schema: notificationListSchema, types: ['application/json', 'application/xml'] },
        },
      },
    },
    handle: (exchange) => poll(actions, exchange),
  };
}

async function create(actions: ChannelActions, exchange: Exchange): Promise<Answer> {
  const { bot } = exchange;
  const request = parseChannel((await exchange.body()).value);
  const idempotency = idempotencyOf(exchange.request, request, [all]);
  const state = await actions.create(bot, request, idempotency);
  const Location = channelUrl(ownerOf(bot), state.channel.id);
  return { ...show(exchange, state), status: 201, headers: { Location } };
}

/** A poll hangs, so its client may leave: then it takes nothing. */
async function poll(actions: ChannelActions, exchange: Exchange): Promise<Answer> {
  const id = variable(exchange, 'channelId');
  const ack = hasBody(exchange.request) ? parseAcknowledgement((await exchange.body()).value) : undefined;
  const { socket } = exchange.request;
  const gone = new AbortController();
  const abort = (): void => gone.abort();
  socket.once('close', abort);
  if (socket.destroyed) abort();
  try {
    const polled = await actions.poll(exchange.bot, id, { signal: gone.signal, ack });
    if (polled === undefined) throw unknownChannel(id);
    watchArrival(exchange.request, polled);
    return { status: 200, body: printNotificationList(polled.bodies) };
  } finally {
    socket.off('close', abort);
  }
}

/** An answer on a connection that breaks (RFC 9293 §3.5.2: reset by a client that has gone) did not arrive. */
function watchArrival({ socket }: IncomingMessage, polled: Polled): void {
  if (polled.bodies.length === 0) return;
  if (socket.destroyed) {
    polled.lost();
    return;
  }
  const closed = (hadError: boolean): void => {
    if (hadError || socket.writableLength > 0) polled.lost();
  };
  const before = watched.get(socket);
  if (before) socket.off('close', before);
  watched.set(socket, closed);
  socket.once('close', closed);
}

/** The answer before on the same connection has arrived when the next one is asked for. */
const watched = new WeakMap<IncomingMessage['socket'], (hadError: boolean) => void>();

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function show(exchange: Exchange, { channel, remainingS }: ChannelState): Answer {
  return { status: 200, body: printChannel(channel, { serverRoot: exchange.bot.serverRoot, remainingS }) };
}

function showLifetime(exchange: Exchange, { channel, remainingS }: ChannelState): Answer {
  return { status: 200, body: printChannelLifetime(channel, { serverRoot: exchange.bot.serverRoot, remainingS }) };
}

function found(actions: ChannelActions, exchange: Exchange): ChannelState {
  const id = variable(exchange, 'channelId');
  const state = actions.get(exchange.bot, id);
  if (state === undefined) throw unknownChannel(id);
  return state;
}

function unknownChannel(id: string): ApiError {
  return new ApiError('SVC2008', ['notificationChannel', id]);
}
