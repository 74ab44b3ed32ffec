/** A platform's callback server that answers when it is told to. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Arrived {
  readonly id: string;
  readonly messageId: unknown;
  readonly text: unknown;
}

interface Notification {
  readonly chatMessageNotification?: {
    readonly messageId?: string;
    readonly chatMessage?: { readonly text?: string };
  };
}

export class HeldCallbacks {
  /** In order, answered or not. */
  readonly arrived: Arrived[] = [];
  /** New ones are not answered. */
  holding = false;
  private readonly server: Server;
  private held: ServerResponse[] = [];
  private watchers: (() => void)[] = [];

  constructor() {
    this.server = createServer((request, response) => void this.take(request, response));
  }

  get notifyURL(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/notify`;
  }

  start(): Promise<void> {
    return new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** What is held is answered, and what comes from now on at once. */
  release(): void {
    this.holding = false;
    for (const response of this.held.splice(0)) response.writeHead(204).end();
  }

  idsOf(messageId: string): readonly string[] {
    return this.arrived.filter((one) => one.messageId === messageId).map(({ id }) => id);
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.watchers.push(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { chatMessageNotification } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Notification;
    const { messageId, chatMessage } = chatMessageNotification ?? {};
    this.arrived.push({ id: String(request.headers['webhook-id']), messageId, text: chatMessage?.text });
    if (this.holding) this.held.push(response);
    else response.writeHead(204).end();
    for (const wake of this.watchers.splice(0)) wake();
  }
}
