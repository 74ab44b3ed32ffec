/** A WebSocket on a notification channel (RFC 6455): `{"notificationList":[…]}` goes out, `{"ack":[notificationId,…]}` comes in. */
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../clock.js';
import type { Chatbot } from '../../iwf/actions.js';
import { ApiError } from '../../resources/api-error.js';
import { parseAcknowledgement } from '../../resources/channel.js';
import { parseJson } from '../../resources/forms/json-text.js';
import { RequestRate } from '../access/request-rate.js';
import { type Answer, errorAnswer } from '../http/answer.js';
import { chatbotOf } from '../access/chatbot-of.js';
import type { RestDeps } from '../deps.js';
import type { ChannelActions, ChannelAttachment, ChannelSocket } from '../further-actions.js';
import { channelWaitPath } from './notification-channel.js';
import { admit } from '../run-route.js';
import { stripBasePath } from '../server-roots.js';
import { endWith } from '../http/bare-answer.js';
import { requireHost } from '../http/host.js';

/** Of OMA RESTful Network API for Notification Channel. */
export const channelSubprotocol = 'notificationchannel-netapi-rest.openmobilealliance.org';

const path = /^\/notificationchannel\/v1\/([^/?#]+)\/channels\/([^/?#]+)\/notifications(?:\?|$)/;
/** An acknowledgement of 5,000 notifications. */
const maxMessageBytes = 256 * 1024;
/** A client that does not read is cut; what it has not acknowledged comes again. */
const maxUnreadBytes = 4 * 1024 * 1024;
const pingMs = 30_000;
/** The client's side of the closing handshake may take so long (RFC 6455 §7.1.1). */
const closeMs = 2_000;

export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Answers a request to open a WebSocket; never rejects. */
export function channelUpgrades(deps: RestDeps, actions: ChannelActions): (upgrade: Upgrade) => Promise<void> {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    handleProtocols: () => channelSubprotocol,
  });
  const rate = new RequestRate(deps, (platformId) => deps.policy?.(platformId)?.requestsPerS);
  // Else the library answers itself, in a form of its own.
  server.on('wsClientError', (error, socket) => refuse(deps, { socket }, badHandshake(error, deps)));
  return async (upgrade) => {
    const { socket } = upgrade;
    socket.on('error', () => socket.destroy());
    try {
      const place = await placeOf({ deps, actions, rate }, upgrade.request);
      if ('answer' in place) {
        refuse(deps, upgrade, place.answer);
        return;
      }
      server.handleUpgrade(upgrade.request, socket, upgrade.head, (client) => {
        count(deps, 101);
        serve(client, { deps, actions, ...place });
      });
    } catch (error) {
      refuse(deps, upgrade, errorAnswer(error, deps.log));
    }
  };
}

interface Place {
  readonly bot: Chatbot;
  readonly channelId: string;
}

/** Whose channel it is; throws ApiError as a route does. */
async function placeOf(
  { deps, actions, rate }: { readonly deps: RestDeps; readonly actions: ChannelActions; readonly rate: RequestRate },
  request: IncomingMessage,
): Promise<Place | { readonly answer: Answer }> {
  requireHost(request);
  stripBasePath(request, deps.basePaths ?? []);
  const [, userId = '', channelId = ''] = (path.exec(request.url ?? '') ?? []).map(decodeURIComponent);
  if (channelId === '') throw new ApiError('SVC2008', ['resource', (request.url ?? '').split('?', 1)[0] ?? '']);
  const admission = await admit(deps, { rate, path: channelWaitPath, request });
  if (admission.kind === 'refused') return admission;
  const bot = chatbotOf(deps, admission.platform, userId);
  if (actions.get(bot, channelId)?.channel.channelType !== 'WebSockets')
    throw new ApiError('SVC2008', ['notificationChannel', channelId]);
  const offered = request.headers['sec-websocket-protocol'];
  if (offered !== undefined && !offered.split(',').some((one) => one.trim() === channelSubprotocol))
    throw new ApiError('SVC0003', ['Sec-WebSocket-Protocol', channelSubprotocol]);
  return { bot, channelId };
}

/** What RFC 6455 §4.2.1 demands of a handshake and the library misses: it names the header; §4.4: which versions there are. */
function badHandshake({ message }: Error, { log }: RestDeps): Answer {
  const part = /Sec-WebSocket-\w+/.exec(message)?.[0] ?? 'Upgrade';
  const headers = { 'Sec-WebSocket-Version': '13, 8' };
  return { ...errorAnswer(new ApiError('SVC0002', [part, 'missing or invalid']), log), headers };
}

interface Serving extends Place {
  readonly deps: RestDeps;
  readonly actions: ChannelActions;
}

function serve(client: WebSocket, { deps, actions, bot, channelId }: Serving): void {
  client.on('error', () => client.terminate());
  const socket = socketOf(client, deps.clock);
  const attachment = actions.attach(bot, channelId, socket);
  if (!attachment) {
    // While the handshake was under way the channel has ended, or the gateway has begun to.
    socket.close(actions.get(bot, channelId) ? 'closing' : 'ended');
    return;
  }
  const alive = keepAlive(client, deps.clock);
  client.on('message', (data, isBinary) => receive(client, attachment, { data, isBinary }));
  client.on('close', () => {
    alive.close();
    attachment.detach();
  });
}

const closings: Readonly<Record<Parameters<ChannelSocket['close']>[0], readonly [code: number, reason: string]>> = {
  superseded: [4001, 'superseded by a newer connection'],
  ended: [1000, 'the channel has ended'],
  closing: [1001, 'the gateway is going down'],
  failed: [1011, 'try again'],
};

function socketOf(client: WebSocket, clock: Clock): ChannelSocket {
  return {
    send(text) {
      if (client.bufferedAmount > maxUnreadBytes) client.terminate();
      else if (client.readyState === WebSocket.OPEN) client.send(text);
    },
    close(reason) {
      client.close(...closings[reason]);
      const late = clock.after(closeMs, () => client.terminate());
      client.once('close', () => late.close());
    },
  };
}

/** What is no acknowledgement ends the connection (RFC 6455 §7.4.1: 1003, 1007). */
function receive(
  client: WebSocket,
  attachment: ChannelAttachment,
  { data, isBinary }: { readonly data: RawData; readonly isBinary: boolean },
): void {
  if (isBinary) {
    client.close(1003, 'text alone');
    return;
  }
  try {
    void attachment.acknowledge(parseAcknowledgement(parseJson(textOf(data))));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    client.close(1007, 'not an acknowledgement');
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.from(data as Buffer).toString('utf8');
}

/** A peer that answers no ping is gone. */
function keepAlive(client: WebSocket, clock: Clock): Timer {
  let isAlive = true;
  let timer: Timer;
  const beat = (): void => {
    if (!isAlive) {
      client.terminate();
      return;
    }
    isAlive = false;
    client.ping();
    timer = clock.after(pingMs, beat);
  };
  client.on('pong', () => (isAlive = true));
  timer = clock.after(pingMs, beat);
  return { close: () => timer.close() };
}

function refuse(deps: RestDeps, { socket }: Pick<Upgrade, 'socket'>, answer: Answer): void {
  count(deps, answer.status);
  endWith(socket, answer, deps.clock.now());
}

function count(deps: RestDeps, status: number): void {
  deps.metrics.count('rest_requests_total', { route: channelWaitPath, method: 'GET', status: String(status) });
}
