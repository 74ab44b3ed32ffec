/** The outside of the REST face, in memory: a gateway of two platforms, and the face over it on a real socket. */
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import type { Chatbot, Idempotency, Platform } from '../../lib/iwf/actions.js';
import { ApiError } from '../../lib/resources/api-error.js';
import type { ChatMessage } from '../../lib/resources/chat-message.js';
import type { IsComposing } from '../../lib/resources/is-composing.js';
import type { MessageStatus } from '../../lib/resources/message-status.js';
import type { Subscription } from '../../lib/resources/subscription.js';
import { messageUrl } from '../../lib/resources/urls.js';
import { authenticator, staticKeys } from '../../lib/rest/access/authenticate.js';
import { defaultRestLimits, type RestActions, type RestDeps } from '../../lib/rest/deps.js';
import { type RestServer, type RestTls, startRest } from '../../lib/rest/listen.js';
import type { TraceEvent } from '../../lib/trace/trace.js';
import { FakeClock } from '../support/fake-clock.js';

export const serverRoot = 'https://gw.example/base';
export const bot = 'sip:weather@botplatform.example.net';
export const user = 'tel:+15550100001';
export const botPath = encodeURIComponent(bot);
export const userPath = encodeURIComponent(user);
export const messages = `/chat/v1/${botPath}/oneToOne/${userPath}/adhoc/messages`;

const platformA: Platform = { id: 'a', serverRoot };
const platformB: Platform = { id: 'b', serverRoot };

function chatbot(uri: string, platformId: string): Chatbot {
  const roles = ['session', 'standalone'] as const;
  return { uri, name: 'bot', version: '#=1', roles, mode: 'auto', platformId, serverRoot };
}

const chatbots = [chatbot(bot, 'a'), chatbot('sip:one@b.example', 'b'), chatbot('sip:two@b.example', 'b')];

export interface Sent {
  readonly bot: string;
  readonly contact: string;
  readonly message: ChatMessage;
  readonly idempotency: Idempotency | undefined;
}

/** What the face asked for, and what it is answered. */
export class FakeGateway {
  readonly sent: Sent[] = [];
  readonly composed: IsComposing[] = [];
  readonly put: string[] = [];
  readonly asked: { readonly contact: string; readonly refresh: boolean }[] = [];
  readonly correlators: (string | undefined)[] = [];
  readonly subscriptions = new Map<string, Subscription>();
  readonly statuses = new Map<string, MessageStatus>();
  /** Thrown by the next action. */
  failure: unknown;
  readonly clock: FakeClock;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  actions(): RestActions {
    return {
      send: async (by, contact, message, idempotency) => {
        await this.turn();
        const messageId = `m ${this.sent.length + 1}`;
        this.sent.push({ bot: by.uri, contact, message, idempotency });
        this.statuses.set(messageId, 'Pending');
        return { messageId, resourceURL: messageUrl({ serverRoot, bot: by.uri }, { contact, messageId }) };
      },
      composing: async (_by, _contact, state) => {
        await this.turn();
        this.composed.push(state);
      },
      message: async (_by, contact, { messageId }) => {
        await this.turn();
        return messageId === 'm 1' ? this.sent.find((one) => one.contact === contact)?.message : undefined;
      },
      status: async (_by, _contact, { messageId }) => {
        await this.turn();
        const status = this.statuses.get(messageId);
        return status === undefined ? undefined : { status };
      },
      putStatus: async (_by, _contact, { messageId }, status) => {
        await this.turn();
        if (messageId !== 'in 1' && !this.statuses.has(messageId)) return 'unknown';
        this.put.push(`${messageId} ${status}`);
        return status === 'RevokeRequested' ? 'accepted' : 'done';
      },
      capabilities: async (_by, contactId, { refresh }) => {
        await this.turn();
        this.asked.push({ contact: contactId, refresh });
        if (contactId.endsWith('404')) throw new ApiError('SVC2008', ['contact', contactId]);
        if (contactId.endsWith('503')) throw new ApiError('SVC1000', [], { retryAfterS: 30 });
        return { contactId, serviceCapability: [{ capabilityId: 'Chat', status: 'Enabled' }] };
      },
      create: async (by, api, request, idempotency) => {
        await this.turn();
        this.correlators.push(idempotency?.correlator);
        const { duration } = request;
        const id = `s${this.subscriptions.size + 1}`;
        const expiry = duration === undefined ? {} : { expiresAtMs: this.clock.now() + duration * 1000 };
        const subscription = { ...request, id, api, platformId: by.platformId, bot: by.uri, ...expiry };
        this.subscriptions.set(`${api} ${by.uri} ${id}`, subscription);
        return { subscription, created: true };
      },
      list: async (by, api) => {
        await this.turn();
        return [...this.subscriptions.values()].filter((one) => one.bot === by.uri && one.api === api);
      },
      get: async (by, api, id) => {
        await this.turn();
        return this.subscriptions.get(`${api} ${by.uri} ${id}`);
      },
      prolong: async (by, api, id, duration) => {
        await this.turn();
        const kept = this.subscriptions.get(`${api} ${by.uri} ${id}`);
        return kept && { ...kept, duration, expiresAtMs: this.clock.now() + duration * 1000 };
      },
      remove: async (by, api, id) => {
        await this.turn();
        return this.subscriptions.delete(`${api} ${by.uri} ${id}`);
      },
    };
  }

  private async turn(): Promise<void> {
    await Promise.resolve();
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure as Error;
  }
}

export interface Face {
  readonly gateway: FakeGateway;
  readonly clock: FakeClock;
  readonly server: RestServer;
  readonly url: string;
  readonly traced: TraceEvent[];
  readonly logged: string[];
  readonly counted: string[];
  /** fetch with the key of platform a; a body that is no text is sent as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  /** Bytes on a bare connection; resolves with all that came once the other side has closed. */
  raw(text: string): Promise<string>;
  close(): Promise<void>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; undefined where it is none. */
  readonly body: unknown;
  /** `SVC0002 chatMessage.text`; empty for what is no requestError. */
  readonly refusal: string;
}

const sha256 = (key: string) => createHash('sha256').update(key).digest('hex');

export async function openFace(overrides: Partial<RestDeps> = {}, tls?: RestTls): Promise<Face> {
  const clock = new FakeClock();
  const gateway = new FakeGateway(clock);
  const traced: TraceEvent[] = [];
  const logged: string[] = [];
  const counted: string[] = [];
  const log = (event: string, fields?: object) => void logged.push(`${event} ${JSON.stringify(fields ?? {})}`);
  const holders = [
    { platform: platformA, keys: [sha256('key-a'), sha256('key-a2')] },
    { platform: platformB, keys: [sha256('key-b')] },
  ];
  const server = await startRest(
    {
      actions: gateway.actions(),
      directory: {
        find: (uri) => chatbots.find((one) => one.uri === uri),
        ofPlatform: (id) => chatbots.filter((one) => one.platformId === id),
      },
      authenticate: authenticator([staticKeys(holders)]),
      limits: defaultRestLimits,
      log: { debug: log, info: log, warn: log, error: log },
      metrics: {
        count: (name, labels) => void counted.push(`${name} ${JSON.stringify(labels)}`),
        observe: () => undefined,
      },
      clock,
      trace: (event) => void traced.push(event),
      basePaths: ['/base'],
      ...overrides,
    },
    { host: '127.0.0.1', port: 0, tls },
  );
  const url = `http://127.0.0.1:${server.port}`;
  return {
    ...{ gateway, clock, server, url, traced, logged, counted },
    call: (method, path, body, headers) => callJson(url + path, method, body, headers),
    raw: (text) => sendRaw(server.port, text),
    close: () => server.close(0),
  };
}

async function callJson(url: string, method: string, body: unknown, headers: Record<string, string> = {}) {
  const content = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, {
    ...{ method, redirect: 'manual' },
    headers: {
      Authorization: 'Bearer key-a',
      ...(content === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(content === undefined ? {} : { body: content }),
  });
  const text = await response.text();
  const json = text !== '' && response.headers.get('content-type')?.startsWith('application/json') === true;
  const parsed: unknown = json ? JSON.parse(text) : undefined;
  return { status: response.status, headers: response.headers, text, body: parsed, refusal: refusalOf(parsed) };
}

interface ErrorBody {
  readonly requestError?: Record<string, { messageId: string; variables: string[] }>;
}

function refusalOf(body: unknown): string {
  const exception = Object.values((body as ErrorBody | undefined)?.requestError ?? {})[0];
  return exception === undefined ? '' : `${exception.messageId} ${exception.variables[0] ?? ''}`.trim();
}

function sendRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => void socket.write(text));
    let received = '';
    socket.on('data', (bytes) => (received += bytes.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
  });
}
