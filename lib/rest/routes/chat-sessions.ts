/** Confirmed sessions: invited, accepted, ended, and the messages inside (OMA RESTful Network API for Chat, one-to-one chat). */
import type { ChatActions } from '../../iwf/actions.js';
import { ApiError } from '../../resources/api-error.js';
import {
  parseChatSession,
  parseParticipantStatus,
  printChatSession,
  urlOfSession,
} from '../../resources/chat-session.js';
import type { Answer } from '../http/answer.js';
import { type ChatDeps, messageRoutes, otherUser } from './chat.js';
import type { SessionActions, SessionPlace } from '../further-actions.js';
import { idempotencyOf } from './idempotency.js';
import { type Exchange, ownerOf, type Route, variable } from '../route.js';

const all = '/chat/v1/{userId}/oneToOne/{otherUserId}';
const one = `${all}/{sessionId}`;
const root = 'chatSessionInformation';
const tag = 'Chat sessions';

export interface ChatSessionsDeps extends ChatDeps {
  readonly sessions: SessionActions;
}

export function chatSessionRoutes(deps: ChatSessionsDeps): readonly Route[] {
  return [...sessionRoutes(deps.sessions), ...messagesInside(deps)];
}

function sessionRoutes(sessions: SessionActions): readonly Route[] {
  return [
    {
      method: 'POST',
      begins: true,
      path: all,
      doc: {
        tag,
        summary: 'Invite a user to a session',
        description: 'What becomes of it is told as a chatEventNotification, and shown by GET.',
        request: [root],
        answers: { 201: { description: 'The whole session, Invited.', root } },
      },
      handle: (exchange) => create(sessions, exchange),
    },
    {
      method: 'GET',
      path: one,
      doc: { tag, summary: 'A session and where it stands', answers: { 200: { description: '', root } } },
      handle: (exchange) => show(sessions, exchange),
    },
    {
      method: 'DELETE',
      path: one,
      doc: {
        tag,
        summary: 'Hang up, take back an invitation, or decline one',
        answers: { 204: { description: 'Ended.' } },
      },
      handle: async (exchange) => {
        const place = placeOf(exchange);
        if (!(await sessions.end(exchange.bot, place))) throw unknownSession(place);
        return { status: 204 };
      },
    },
    {
      method: 'PUT',
      path: `${one}/status`,
      doc: {
        tag,
        summary: 'Accept a user’s invitation',
        request: ['participantSessionStatus'],
        answers: { 204: { description: 'The session is connected.' } },
      },
      handle: (exchange) => accept(sessions, exchange),
    },
  ];
}

/** As adhoc, but that they go out in this session alone. */
function messagesInside({ sessions, actions, limits, metrics }: ChatSessionsDeps): readonly Route[] {
  const sender = (exchange: Exchange): Pick<ChatActions, 'send' | 'composing'> => {
    const place = placeOf(exchange);
    return {
      send: (bot, _contact, message, idempotency) => sessions.send(bot, place, message, idempotency),
      composing: (bot, _contact, state) => sessions.composing(bot, place, state),
    };
  };
  return messageRoutes({ path: `${one}/messages`, actions, limits, metrics, sender });
}

async function create(sessions: SessionActions, exchange: Exchange): Promise<Answer> {
  const { bot, request } = exchange;
  const contact = otherUser(exchange);
  const asked = parseChatSession((await exchange.body()).value);
  const idempotency = idempotencyOf(request, asked, [all, contact]);
  const session = await sessions.create(bot, contact, asked, idempotency);
  const Location = urlOfSession(session, ownerOf(bot));
  return { status: 201, headers: { Location }, body: printChatSession(session, ownerOf(bot)) };
}

async function show(sessions: SessionActions, exchange: Exchange): Promise<Answer> {
  const place = placeOf(exchange);
  const session = await sessions.get(exchange.bot, place);
  if (session === undefined) throw unknownSession(place);
  return { status: 200, body: printChatSession(session, ownerOf(exchange.bot)) };
}

async function accept(sessions: SessionActions, exchange: Exchange): Promise<Answer> {
  const place = placeOf(exchange);
  parseParticipantStatus((await exchange.body()).value);
  if (!(await sessions.accept(exchange.bot, place))) throw unknownSession(place);
  return { status: 204 };
}

function placeOf(exchange: Exchange): SessionPlace {
  return { contact: otherUser(exchange), sessionId: variable(exchange, 'sessionId') };
}

function unknownSession({ sessionId }: SessionPlace): ApiError {
  return new ApiError('SVC2008', ['session', sessionId]);
}
