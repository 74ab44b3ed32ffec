/** What the specs of notify share: a platform's callback server on a real socket, a store, and a notify over both. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../lib/clock.js';
import { systemClock } from '../../lib/clock.js';
import type { Chatbot } from '../../lib/iwf/actions.js';
import type { Logger } from '../../lib/log.js';
import { parseAllowList } from '../../lib/notify/callback/allow-list.js';
import type { PrintContext } from '../../lib/notify/delivery/item.js';
import { openNotify, type Notify, type NotifyDeps } from '../../lib/notify/notify.js';
import { signatureKey } from '../../lib/notify/callback/signature.js';
import type { ChatMessageNotification, Notification } from '../../lib/resources/notification.js';
import type { SubscriptionRequest } from '../../lib/resources/subscription.js';
import { defaultLimits } from '../../lib/store/limits.js';
import type { Store } from '../../lib/store/store.js';
import { openVolatileStore } from '../../lib/store/volatile.js';

export { until } from '../support/ask-again.js';

export interface Call {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The text of the chat message, where it is one. */
  readonly text: string | undefined;
}

type Answer = (call: Call, response: ServerResponse) => void;

export interface Platform {
  readonly url: string;
  readonly port: number;
  readonly calls: Call[];
  /** How the next calls are answered; default 204. */
  answer: Answer;
  /** Resolves once `count` calls have come (in all). */
  received(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startPlatform(): Promise<Platform> {
  const waiters: { count: number; resolve: () => void }[] = [];
  const platform: Platform = {
    url: '',
    port: 0,
    calls: [],
    answer: status(204),
    received: (count) =>
      new Promise((resolve) => {
        if (platform.calls.length >= count) resolve();
        else waiters.push({ count, resolve });
      }),
    close: () => closeServer(server),
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const call = { path: request.url ?? '', headers: request.headers, body, text: textOf(body) };
      platform.calls.push(call);
      platform.answer(call, response);
      for (const { count, resolve } of waiters) if (platform.calls.length >= count) resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(platform, { port, url: `http://127.0.0.1:${port}/cb` });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (_call, response) => void response.writeHead(code, headers).end();
}

export const hang: Answer = () => undefined;

function textOf(body: string): string | undefined {
  if (!body.startsWith('{')) return undefined;
  const root = JSON.parse(body) as { chatMessage?: { text?: string } };
  return root.chatMessage?.text;
}

export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Counts by name and labels. */
export function countingMetrics(): {
  count: NotifyDeps['metrics']['count'];
  observe: () => void;
  counts: Map<string, number>;
} {
  const counts = new Map<string, number>();
  return {
    counts,
    observe: () => undefined,
    count(name, labels = {}, by = 1) {
      const key = [name, ...Object.values(labels)].join(' ');
      counts.set(key, (counts.get(key) ?? 0) + by);
    },
  };
}

export function volatileStore(clock: Clock = systemClock): Store {
  return openVolatileStore({ clock, log: silent, metrics: undefined, limits: defaultLimits });
}

export function bot(name = 'a', platformId = 'p'): Chatbot {
  return {
    uri: `sip:${name}@bots.example`,
    name,
    version: '#=1',
    roles: ['session', 'standalone'],
    mode: 'auto',
    platformId,
    serverRoot: 'https://gw.example',
  };
}

export function subscriptionRequest(notifyURL: string, more: Partial<SubscriptionRequest> = {}): SubscriptionRequest {
  return { notifyURL, notificationFormat: 'JSON', confirmedChatSupported: false, adhocChatSupported: true, ...more };
}

export function chatMessage(text: string, more: Partial<ChatMessageNotification> = {}): ChatMessageNotification {
  return {
    kind: 'chatMessage',
    bot: bot().uri,
    senderAddress: 'tel:+15550100001',
    sessionId: 'adhoc',
    messageId: `m-${text}`,
    dateTime: '2026-11-22T10:00:00Z',
    message: { text },
    receiptAsked: false,
    ...more,
  };
}

/** Enough of a printer: what it is given comes out as one JSON text. */
function print(notification: Notification, context: PrintContext): string {
  const content =
    notification.kind === 'chatMessage' ? { chatMessage: notification.message } : { kind: notification.kind };
  return JSON.stringify({ ...context, ...content });
}

/** The platform of all bots, as it is configured. */
export const platformOfAll = { allow: parseAllowList(['127.0.0.1', 'bot.test']), keys: [signatureKey('secret')] };

export function notifyOver(store: Store, more: Partial<NotifyDeps> = {}): Promise<Notify> {
  return openNotify({
    store,
    clock: systemClock,
    log: silent,
    metrics: countingMetrics(),
    platform: () => platformOfAll,
    print,
    serverRoot: () => 'https://gw.example',
    ...more,
    options: { backoff: { baseMs: 5, factor: 2, maxMs: 50, jitter: 0 }, drainMs: 500, ...more.options },
  });
}

/** Commits the items of one event, as the interpreter does. */
export async function tellOf(notify: Notify, store: Store, notification: Notification): Promise<void> {
  await store.commit({ enqueue: notify.notifications.items(notification) });
}
