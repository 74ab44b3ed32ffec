/** A platform's callback server that keeps what came as it came: octets and headers. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './ask-again.js';

export interface RawCallback {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface CallbackServer {
  readonly url: string;
  readonly calls: readonly RawCallback[];
  /** Default 204. */
  answer: (call: RawCallback) => RawAnswer;
  /** Resolves with the first call that fits, also one that came before. */
  waitFor(fits: (call: RawCallback) => boolean): Promise<RawCallback>;
  close(): Promise<void>;
}

export async function startCallbackServer(): Promise<CallbackServer> {
  const calls: RawCallback[] = [];
  const server = createServer((request, response) => {
    void read(request).then((call) => {
      calls.push(call);
      const { status, headers = {}, body } = callbacks.answer(call);
      response.writeHead(status, headers).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const callbacks: CallbackServer = {
    url: `http://127.0.0.1:${port}/notify`,
    calls,
    answer: () => ({ status: 204 }),
    async waitFor(fits) {
      await until(() => calls.some(fits));
      const [found] = calls.filter(fits);
      if (!found) throw new Error('it was there a moment ago');
      return found;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return callbacks;
}

async function read(request: IncomingMessage): Promise<RawCallback> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = '', url: path = '', headers } = request;
  return { method, path, headers, body: Buffer.concat(chunks) };
}
