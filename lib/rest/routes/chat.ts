/** Chat: adhoc messages, their status, is-composing (OMA RESTful Network API for Chat). */
import type { ChatActions, Chatbot, NamedMessage } from '../../iwf/actions.js';
import type { Metrics } from '../../metrics.js';
import { ApiError } from '../../resources/api-error.js';
import { contentBytes, parseChatMessage, printChatMessage } from '../../resources/chat-message.js';
import { parseIsComposing } from '../../resources/is-composing.js';
import { parseStatusRequest, printMessageStatusReport, statusRequestSchema } from '../../resources/message-status.js';
import { printResourceReference } from '../../resources/resource-reference.js';
import { messageStatusUrl, messageUrl } from '../../resources/urls.js';
import { rootElement } from '../../resources/forms/validator.js';
import type { Answer } from '../http/answer.js';
import { contactAddress } from './contact.js';
import { idempotencyOf } from './idempotency.js';
import { type Exchange, ownerOf, requestBody, type Route, variable } from '../route.js';

const adhocMessages = '/chat/v1/{userId}/oneToOne/{otherUserId}/adhoc/messages';
const tag = 'Chat';

export interface ChatDeps {
  readonly actions: ChatActions;
  readonly limits: { readonly maxMessageBytes: number };
  readonly metrics: Pick<Metrics, 'count'>;
}

/** Messages of one kind of chat. */
export interface MessagesDeps extends ChatDeps {
  /** Of the collection. */
  readonly path: string;
  /** Who sends them; absent: the gateway chooses the way. */
  readonly sender?: (exchange: Exchange) => Pick<ChatActions, 'send' | 'composing'>;
}

/** The route that carries the traffic; it is also reached ahead of the router. */
export function postMessageRoute(deps: ChatDeps): Route {
  return postRoute({ ...deps, path: adhocMessages });
}

export function chatRoutes(deps: ChatDeps): readonly Route[] {
  return messageRoutes({ ...deps, path: adhocMessages });
}

export function messageRoutes(deps: MessagesDeps): readonly Route[] {
  const { path } = deps;
  return [
    postRoute(deps),
    {
      method: 'GET',
      path: `${path}/{messageId}`,
      doc: {
        tag,
        summary: 'A message of the bot',
        description: 'With its content until it is Sent (ours): from then on it is not kept.',
        answers: { 200: { description: '', root: 'chatMessage' } },
      },
      handle: (exchange) => getMessage(deps, exchange),
    },
    {
      method: 'GET',
      path: `${path}/{messageId}/status`,
      doc: {
        tag,
        summary: 'Where a message stands',
        answers: { 200: { description: '', root: 'messageStatusReport' } },
      },
      handle: (exchange) => getStatus(deps, exchange),
    },
    {
      method: 'PUT',
      path: `${path}/{messageId}/status`,
      doc: {
        tag,
        summary: 'Send a receipt for a user’s message, or take back the bot’s own',
        request: requestBody('messageStatusReport', statusRequestSchema),
        answers: {
          202: { description: 'Ours: RevokeRequested was accepted; its result comes as a notification.' },
          204: { description: 'The receipt goes out if the user asked for it.' },
        },
      },
      handle: (exchange) => putStatus(deps, exchange),
    },
  ];
}

function postRoute(deps: MessagesDeps): Route {
  return {
    method: 'POST',
    begins: true,
    path: deps.path,
    doc: {
      tag,
      summary: 'Send a message to a user, or say that the bot is writing',
      request: ['chatMessage', 'isComposing'],
      answers: {
        201: { description: 'Accepted and durable; `Location` is the message.', root: 'resourceReference' },
        204: { description: 'isComposing was passed on, or dropped where no session is up.' },
      },
    },
    handle: async (exchange) => {
      const { value } = await exchange.body();
      return rootElement(value, ['chatMessage', 'isComposing']) === 'chatMessage'
        ? send(deps, exchange, value)
        : composing(deps, exchange, value);
    },
  };
}

async function send(deps: MessagesDeps, exchange: Exchange, body: unknown): Promise<Answer> {
  const contact = otherUser(exchange);
  const message = parseChatMessage(body);
  if (contentBytes(message) > deps.limits.maxMessageBytes) {
    deps.metrics.count('limit_reached_total', { limit: 'msrp.maxMessageBytes' }, 1, exchange.bot.uri);
    throw new ApiError('SVC0280', [String(deps.limits.maxMessageBytes)]);
  }
  const idempotency = idempotencyOf(exchange.request, message, [deps.path, contact]);
  const { messageId, resourceURL } = await senderOf(deps, exchange).send(exchange.bot, contact, message, idempotency);
  const body201 = printResourceReference(resourceURL);
  return { status: 201, body: body201, headers: { Location: resourceURL }, traceKey: messageId };
}

async function composing(deps: MessagesDeps, exchange: Exchange, body: unknown): Promise<Answer> {
  await senderOf(deps, exchange).composing(exchange.bot, otherUser(exchange), parseIsComposing(body));
  return { status: 204 };
}

function senderOf({ actions, sender }: MessagesDeps, exchange: Exchange): Pick<ChatActions, 'send' | 'composing'> {
  return sender?.(exchange) ?? actions;
}

async function getMessage(deps: ChatDeps, exchange: Exchange): Promise<Answer> {
  const { bot, contact, named } = place(exchange);
  const message = await deps.actions.message(bot, contact, named);
  if (message === undefined) throw unknownMessage(named);
  const resourceURL = messageUrl(ownerOf(bot), { contact, ...named });
  return { status: 200, body: printChatMessage({ ...message, resourceURL }) };
}

async function getStatus(deps: ChatDeps, exchange: Exchange): Promise<Answer> {
  const { bot, contact, named } = place(exchange);
  const report = await deps.actions.status(bot, contact, named);
  if (report === undefined) throw unknownMessage(named);
  const resourceURL = messageStatusUrl(ownerOf(bot), { contact, ...named });
  return { status: 200, body: printMessageStatusReport({ ...report, resourceURL }) };
}

async function putStatus(deps: ChatDeps, exchange: Exchange): Promise<Answer> {
  const { bot, contact, named } = place(exchange);
  const { value } = await exchange.body();
  const outcome = await deps.actions.putStatus(bot, contact, named, parseStatusRequest(value));
  switch (outcome) {
    case 'done':
      return { status: 204 };
    case 'accepted':
      return { status: 202 };
    case 'unknown':
      throw unknownMessage(named);
  }
}

interface Place {
  readonly bot: Chatbot;
  readonly contact: string;
  readonly named: NamedMessage;
}

function place(exchange: Exchange): Place {
  const { bot, variables } = exchange;
  const [contact, messageId] = [otherUser(exchange), variable(exchange, 'messageId')];
  const { sessionId } = variables;
  return { bot, contact, named: { messageId, ...(sessionId === undefined ? {} : { sessionId }) } };
}

export function otherUser(exchange: Exchange): string {
  return contactAddress(variable(exchange, 'otherUserId'), 'otherUserId');
}

function unknownMessage({ messageId }: NamedMessage): ApiError {
  return new ApiError('SVC2008', ['message', messageId]);
}
