/** A platform's callback server that notes when each message came, and a bot's subscription with it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CallbackSink {
  /** By messageId: when its callback came first. */
  readonly arrivedAtMs: ReadonlyMap<string, number>;
  /** Bots whose callbacks are never answered. */
  readonly hangs: Set<string>;
  subscribe(bot: string, rest: { readonly port: number; readonly key: string }): Promise<void>;
  close(): void;
}

export async function startCallbackSink(): Promise<CallbackSink> {
  const arrivedAtMs = new Map<string, number>();
  const hangs = new Set<string>();
  const server = await listening(arrivedAtMs, hangs);
  const { port } = server.address() as AddressInfo;
  return {
    arrivedAtMs,
    hangs,
    async subscribe(bot, rest) {
      const answer = await fetch(`http://127.0.0.1:${rest.port}/chat/v1/${encodeURIComponent(bot)}/subscriptions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${rest.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          chatNotificationSubscription: {
            callbackReference: { notifyURL: `http://127.0.0.1:${port}/${encodeURIComponent(bot)}` },
          },
        }),
      });
      if (answer.status !== 201) throw new Error(`subscription: ${answer.status}`);
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function listening(arrivedAtMs: Map<string, number>, hangs: ReadonlySet<string>): Promise<Server> {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (more: string) => (text += more));
    request.on('end', () => {
      if (hangs.has(decodeURIComponent(request.url?.slice(1) ?? ''))) return;
      const id = /"messageId":"([^"]+)"/.exec(text)?.[1] ?? '';
      if (!arrivedAtMs.has(id)) arrivedAtMs.set(id, performance.now());
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
