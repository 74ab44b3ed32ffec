/** The bots' platform of a soak run: posts until it has its 201, takes callbacks in whatever mood each bot's server is, and subscribes again when it has said 410. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { post, type Posted } from '../crash/post.js';
import type { Mood, Talk } from './plan.js';

/** One callback that was answered 2xx, as far as the platform knows. */
export interface Told {
  readonly webhookId: string;
  readonly user: string;
  readonly messageId: string;
  /** Of a message; undefined of a status. */
  readonly text: string | undefined;
  readonly status: string | undefined;
}

export interface PlatformOptions {
  readonly restPort: number;
  readonly key: string;
  /** Waits on the network end here. */
  readonly signal: AbortSignal;
}

interface Callback {
  server: Server;
  port: number;
  mood: Mood;
  calls: number;
}

const pauseMs = 50;
const answerMs = 5000;

export class Platform {
  /** In the order of arrival, repetitions included. */
  readonly told: Told[] = [];
  readonly counts = { refused: 0, subscribed: 0 };
  private readonly options: PlatformOptions;
  private readonly callbacks = new Map<string, Callback>();

  constructor(options: PlatformOptions) {
    this.options = options;
  }

  async add(bot: string): Promise<void> {
    const callback: Callback = { server: this.listener(bot), port: 0, mood: 'well', calls: 0 };
    this.callbacks.set(bot, callback);
    await listen(callback);
    await this.subscribe(bot);
  }

  /** Down: the port is closed, and open again with the next mood. */
  async feel(bot: string, mood: Mood): Promise<void> {
    const callback = this.callbacks.get(bot);
    if (!callback || callback.mood === mood) return;
    const before = callback.mood;
    callback.mood = mood;
    if (mood === 'down') shut(callback.server);
    else if (before === 'down') {
      callback.server = this.listener(bot);
      await listen(callback);
    }
  }

  stop(): void {
    for (const { server } of this.callbacks.values()) shut(server);
  }

  /** The messageId of the 201; undefined where the run was ended before. */
  async send(
    { bot, user }: Pick<Talk, 'bot' | 'user'>,
    message: object,
    correlator: string,
  ): Promise<string | undefined> {
    const path = `/chat/v1/${encodeURIComponent(bot)}/oneToOne/${encodeURIComponent(`tel:${user}`)}/adhoc/messages`;
    const location = await this.insist(path, { chatMessage: { ...message, clientCorrelator: correlator } });
    return location === undefined ? undefined : decodeURIComponent(location.slice(location.lastIndexOf('/') + 1));
  }

  /** As the platform may ask where the report was lost with its subscription. */
  async status({ bot, user }: Pick<Talk, 'bot' | 'user'>, messageId: string): Promise<string> {
    const path = `/chat/v1/${encodeURIComponent(bot)}/oneToOne/${encodeURIComponent(`tel:${user}`)}/adhoc/messages/${messageId}/status`;
    const response = await fetch(`http://127.0.0.1:${this.options.restPort}${path}`, {
      headers: { authorization: `Bearer ${this.options.key}` },
    });
    return /"status":"(\w+)"/.exec(await response.text())?.[1] ?? `HTTP ${response.status}`;
  }

  private async subscribe(bot: string): Promise<void> {
    const notifyURL = `http://127.0.0.1:${this.callbacks.get(bot)?.port ?? 0}/notify`;
    const path = `/chat/v1/${encodeURIComponent(bot)}/subscriptions`;
    // Without it a subscription whose 201 was lost would be made twice, and everything told twice.
    const clientCorrelator = randomUUID();
    await this.insist(path, { chatNotificationSubscription: { callbackReference: { notifyURL }, clientCorrelator } });
    this.counts.subscribed++;
  }

  /** Location of the 201. Everything else that is not our own fault is tried again. */
  private async insist(path: string, body: unknown): Promise<string | undefined> {
    while (!this.options.signal.aborted) {
      const answer = await this.post(path, body).catch(() => undefined);
      if (answer?.status === 201) return answer.location;
      if (answer) this.counts.refused++;
      if (answer && answer.status < 500 && answer.status !== 429) throw new Error(`POST was answered ${answer.status}`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    return undefined;
  }

  private post(path: string, body: unknown): Promise<Posted> {
    const { restPort: port, key } = this.options;
    return post({ port, path, key, body, timeoutMs: answerMs });
  }

  private listener(bot: string): Server {
    return createServer((request, response) => {
      this.take(bot, request, response).catch(() => response.destroy());
    });
  }

  private async take(bot: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const callback = this.callbacks.get(bot);
    if (!callback) return;
    const told = toldOf(request, await read(request));
    callback.calls++;
    switch (callback.mood) {
      case 'hangs':
        return;
      case 'flaps':
        if (callback.calls % 2 === 0) this.accept(told, response);
        else response.destroy();
        return;
      case 'slow':
        await new Promise((resolve) => setTimeout(resolve, 300 + (callback.calls % 5) * 200));
        this.accept(told, response);
        return;
      case '500':
        response.writeHead(500).end();
        return;
      case '429':
        response.writeHead(429, { 'retry-after': '1' }).end();
        return;
      case '410':
        callback.mood = 'well';
        response.writeHead(410).end();
        void this.subscribe(bot);
        return;
      case 'down':
      case 'well':
        this.accept(told, response);
        return;
    }
  }

  private accept(told: Told, response: ServerResponse): void {
    this.told.push(told);
    response.writeHead(204).end();
  }
}

async function listen(callback: Callback): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    callback.server.once('error', reject).listen(callback.port, '127.0.0.1', resolve);
  });
  callback.port = (callback.server.address() as AddressInfo).port;
}

function shut(server: Server): void {
  server.closeAllConnections();
  server.close();
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function toldOf(request: IncomingMessage, text: string): Told {
  const root = JSON.parse(text) as Record<string, Notification>;
  const [kind = '', body = {}] = Object.entries(root)[0] ?? [];
  return {
    webhookId: String(request.headers['webhook-id']),
    user: (body.senderAddress ?? '').replace('tel:', ''),
    messageId: body.messageId ?? '',
    text: kind === 'chatMessageNotification' ? (body.chatMessage?.text ?? '') : undefined,
    status: body.status,
  };
}

interface Notification {
  readonly senderAddress?: string;
  readonly messageId?: string;
  readonly chatMessage?: { readonly text?: string };
  readonly status?: string;
}
