/** The bots' platform: it posts each message until it has its 201, with the same clientCorrelator, and takes the callbacks. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Conversation } from './plan.js';
import { post, type Posted } from './post.js';

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
}

const pauseMs = 60;

export class Platform {
  /** In the order of arrival, repetitions included. */
  readonly told: Told[] = [];
  onTold: (() => void) | undefined;
  private readonly options: PlatformOptions;
  private readonly server: Server;

  constructor(options: PlatformOptions) {
    this.options = options;
    this.server = createServer((request, response) => {
      void this.take(request).then(
        () => response.writeHead(204).end(),
        () => response.destroy(),
      );
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  async subscribe(bot: string): Promise<void> {
    const notifyURL = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/notify`;
    const path = `/chat/v1/${encodeURIComponent(bot)}/subscriptions`;
    const answer = await this.post(path, { chatNotificationSubscription: { callbackReference: { notifyURL } } });
    if (answer.status !== 201) throw new Error(`subscription: ${answer.status}`);
  }

  /** Resolves with the messageIds once every message of the conversation has its 201. */
  async sendAll({ bot, user, toUser }: Conversation, onAcknowledged: () => void): Promise<readonly string[]> {
    const path = `/chat/v1/${encodeURIComponent(bot)}/oneToOne/${encodeURIComponent(`tel:${user}`)}/adhoc/messages`;
    const ids: string[] = [];
    for (const [index, text] of toUser.entries()) {
      const chatMessage = { text, reportRequest: ['Sent', 'Failed'], clientCorrelator: `${user}-${index}` };
      ids.push(await this.insist(path, { chatMessage }));
      onAcknowledged();
    }
    return ids;
  }

  private async insist(path: string, body: unknown): Promise<string> {
    for (;;) {
      const answer = await this.post(path, body).catch(() => undefined);
      if (answer?.status === 201)
        return decodeURIComponent(answer.location.slice(answer.location.lastIndexOf('/') + 1));
      if (answer && answer.status < 500) throw new Error(`POST was answered ${answer.status}`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  private post(path: string, body: unknown): Promise<Posted> {
    const { restPort: port, key } = this.options;
    return post({ port, path, key, body });
  }

  private async take(request: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const root = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, Notification>;
    const [kind = '', body = {}] = Object.entries(root)[0] ?? [];
    this.told.push({
      webhookId: String(request.headers['webhook-id']),
      user: (body.senderAddress ?? '').replace('tel:', ''),
      messageId: body.messageId ?? '',
      text: kind === 'chatMessageNotification' ? (body.chatMessage?.text ?? '') : undefined,
      status: body.status,
    });
    this.onTold?.();
  }
}

interface Notification {
  readonly senderAddress?: string;
  readonly messageId?: string;
  readonly chatMessage?: { readonly text?: string };
  readonly status?: string;
}
