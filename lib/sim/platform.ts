/** A chatbot platform as its developer would write it: an HTTP client of the REST face, and a server for its callbacks. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ChatMessage } from '../resources/chat-message.js';
import { type SubscriptionApi, subscriptionRoots } from '../resources/subscription.js';
import { messageStatusUrl, messageUrl, subscriptionsUrl } from '../resources/urls.js';

export interface PlatformOptions {
  /** The gateway's serverRoot, as the platform reaches it. */
  readonly serverRoot: string;
  readonly key: string;
  /** The chatbot's SIP URI. */
  readonly bot: string;
  readonly host?: string;
  /** Of the callback server; 0: any free one. */
  readonly port?: number;
}

/** One callback as it came. */
export interface Callback {
  readonly webhookId: string | undefined;
  /** Root element. */
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ListedSubscription {
  readonly callbackReference: { readonly notifyURL: string; readonly callbackData?: string };
  readonly resourceURL: string;
}

/** By their root element. */
type SubscriptionList = Readonly<Record<string, readonly ListedSubscription[] | undefined>>;

export interface RestAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: unknown;
}

/** Kept; then the oldest are forgotten. */
const maxCallbacks = 10_000;
const requestTimeoutMs = 10_000;

export class SimulatedPlatform {
  readonly callbacks: Callback[] = [];
  /** What a callback is answered; a spec may make it fail. */
  answer: (callback: Callback) => number = () => 204;
  private readonly options: PlatformOptions;
  private readonly listeners = new Set<(callback: Callback) => void>();
  private server: Server | undefined;

  constructor(options: PlatformOptions) {
    this.options = options;
  }

  get notifyURL(): string {
    const { address, port } = this.server?.address() as AddressInfo;
    return `http://${address}:${port}/notify`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      this.onCallback(request, response).catch(() => response.destroy());
    });
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.options.port ?? 0, this.options.host ?? '127.0.0.1', resolve);
    });
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (!server?.listening) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  onNotification(listener: (callback: Callback) => void): void {
    this.listeners.add(listener);
  }

  subscribe(callbackData?: string, api: SubscriptionApi = 'chat'): Promise<RestAnswer> {
    const { serverRoot, bot } = this.options;
    return this.request('POST', subscriptionsUrl({ serverRoot, bot }, api), {
      [subscriptionRoots[api].one]: { callbackReference: { notifyURL: this.notifyURL, callbackData } },
    });
  }

  /** As they are listed. */
  async subscriptions(api: SubscriptionApi = 'chat'): Promise<readonly ListedSubscription[]> {
    const { serverRoot, bot } = this.options;
    const { body } = await this.request('GET', subscriptionsUrl({ serverRoot, bot }, api));
    const { one, list } = subscriptionRoots[api];
    return (body as Readonly<Record<string, SubscriptionList | undefined>>)[list]?.[one] ?? [];
  }

  send(contact: string, message: ChatMessage): Promise<RestAnswer> {
    return this.request('POST', this.messagesUrl(contact), { chatMessage: message });
  }

  composing(contact: string, state: 'active' | 'idle'): Promise<RestAnswer> {
    return this.request('POST', this.messagesUrl(contact), { isComposing: { state } });
  }

  /** A receipt, or the wish to revoke. */
  putStatus(contact: string, messageId: string, status: string): Promise<RestAnswer> {
    const { serverRoot, bot } = this.options;
    const url = messageStatusUrl({ serverRoot, bot }, { contact, messageId });
    return this.request('PUT', url, { messageStatusReport: { status } });
  }

  /** What became of a message of the bot. */
  status(contact: string, messageId: string): Promise<RestAnswer> {
    const { serverRoot, bot } = this.options;
    return this.request('GET', messageStatusUrl({ serverRoot, bot }, { contact, messageId }));
  }

  /** Any request with the platform's credential; `path` may be a whole URL. */
  async request(method: string, path: string, body?: unknown): Promise<RestAnswer> {
    const url = path.startsWith('http') ? path : `${this.options.serverRoot}${path}`;
    const response = await fetch(url, {
      method,
      signal: AbortSignal.timeout(requestTimeoutMs),
      headers: { authorization: `Bearer ${this.options.key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const location = response.headers.get('location') ?? undefined;
    return { status: response.status, location, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  }

  /** The next callback that fits, or one that has come already. */
  async waitFor(fits: (callback: Callback) => boolean, timeoutMs = 5000): Promise<Callback> {
    const found = this.callbacks.find(fits);
    if (found) return found;
    return new Promise((resolve, reject) => {
      const listener = (callback: Callback): void => {
        if (!fits(callback)) return;
        done();
        resolve(callback);
      };
      const timer = setTimeout(() => {
        done();
        const kinds = this.callbacks.map(({ kind, body }) => `${kind} ${JSON.stringify(body['status'])}`);
        reject(new Error(`no such callback; there were: ${kinds.join(', ')}`));
      }, timeoutMs);
      const done = (): void => {
        clearTimeout(timer);
        this.listeners.delete(listener);
      };
      this.listeners.add(listener);
    });
  }

  private messagesUrl(contact: string): string {
    const { serverRoot, bot } = this.options;
    return messageUrl({ serverRoot, bot }, { contact, messageId: '' }).replace(/\/$/, '');
  }

  private async onCallback(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const root = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, Record<string, unknown>>;
    const [kind = '', body = {}] = Object.entries(root)[0] ?? [];
    const webhookId = request.headers['webhook-id'];
    const callback = { webhookId: typeof webhookId === 'string' ? webhookId : undefined, kind, body };
    const status = this.answer(callback);
    response.writeHead(status).end();
    if (status >= 300) return;
    this.callbacks.push(callback);
    if (this.callbacks.length > maxCallbacks) this.callbacks.shift();
    for (const listener of this.listeners) listener(callback);
  }
}
