/** An operator's network as raw SIP over TCP: it answers as it is told, keeps what came, and sends what it likes. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { headerOf, message, respondTo } from '../sip/raw-peer.js';

export interface OperatorAnswer {
  /** To tag; default `peer`. */
  readonly tag?: string;
  readonly statusLine: string;
  readonly lines?: readonly string[];
  readonly body?: string;
}

/** PEM: its certificate, and who may sign ours. */
export interface OperatorTls {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** undefined: no answer at all. */
export type Answering = (request: string) => OperatorAnswer | undefined;

export class Operator {
  /** All messages as they came, requests and responses. */
  readonly seen: string[] = [];
  answer: Answering = () => ({ statusLine: '200 OK' });
  private readonly watchers = new Set<() => void>();
  private readonly sockets = new Set<Socket>();
  /** Of requests that `answer` left unanswered. */
  private readonly ways = new Map<string, Socket>();
  private readonly tls: OperatorTls | undefined;
  private server: Server | undefined;
  private gateway: Socket | undefined;

  private constructor(tls: OperatorTls | undefined) {
    this.tls = tls;
  }

  static async listen(port = 0, tls?: OperatorTls): Promise<Operator> {
    const operator = new Operator(tls);
    const follow = (socket: Socket): void => operator.follow(socket);
    const server = tls
      ? createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: true }, follow)
      : createServer(follow);
    operator.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return operator;
  }

  get port(): number {
    return (this.server?.address() as AddressInfo).port;
  }

  /** `sip:127.0.0.1:port;transport=tcp` */
  get hop(): string {
    return `sip:${this.place}`;
  }

  /** `127.0.0.1:port;transport=tcp`: of a Contact. */
  get place(): string {
    return `127.0.0.1:${this.port};transport=${this.tls ? 'tls' : 'tcp'}`;
  }

  /** The next message, or one that has come, whose start line begins so and that fits. */
  async waitFor(start: string, fits: (text: string) => boolean = () => true, timeoutMs = 8000): Promise<string> {
    const find = (): string | undefined => this.seen.find((text) => text.startsWith(start) && fits(text));
    const found = find();
    if (found !== undefined) return found;
    return new Promise((resolve, reject) => {
      const watcher = (): void => {
        const text = find();
        if (text === undefined) return;
        done();
        resolve(text);
      };
      const done = (): void => {
        clearTimeout(timer);
        this.watchers.delete(watcher);
      };
      const timer = setTimeout(() => {
        done();
        const starts = this.seen.map((text) => text.split('\r\n', 1)[0]);
        reject(new Error(`no ${start}; there were: ${starts.join(', ')}`));
      }, timeoutMs);
      this.watchers.add(watcher);
    });
  }

  /** A request of the operator's to the gateway, on one connection. */
  async send(port: number, text: string): Promise<void> {
    if (!this.gateway || this.gateway.destroyed) {
      const { tls } = this;
      const where = { port, host: '127.0.0.1' };
      const socket = tls ? connectTls({ ...tls, ...where }) : connect(where);
      await new Promise<void>((resolve, reject) => {
        socket.once(tls ? 'secureConnect' : 'connect', resolve);
        socket.once('error', reject);
      });
      this.gateway = socket;
      this.follow(socket);
    }
    this.gateway.write(text);
  }

  /** Resolves when the gateway has closed the connection that `send` takes. */
  async cut(): Promise<void> {
    const { gateway } = this;
    if (gateway && !gateway.closed) await new Promise<void>((resolve) => gateway.once('close', () => resolve()));
  }

  /** The late answer to a request that `answer` left open. */
  respond(request: string, answer: OperatorAnswer): void {
    this.ways.get(request)?.write(respondTo(request, answer.statusLine, answer));
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    const { server } = this;
    if (server?.listening) await new Promise((resolve) => server.close(resolve));
  }

  private follow(socket: Socket): void {
    let buffered: Buffer = Buffer.alloc(0);
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      buffered = Buffer.concat([buffered, chunk]);
      for (let end = endOf(buffered); end > 0; end = endOf(buffered)) {
        const text = buffered.toString('utf8', 0, end);
        buffered = buffered.subarray(end);
        if (text.trim() !== '') this.received(text, socket);
      }
    });
  }

  private received(text: string, socket: Socket): void {
    const wanted = !text.startsWith('SIP/2.0') && !text.startsWith('ACK ');
    const answer = wanted ? this.answer(text) : undefined;
    this.seen.push(text);
    if (answer) socket.write(respondTo(text, answer.statusLine, answer));
    else if (wanted) this.ways.set(text, socket);
    for (const watcher of this.watchers) watcher();
  }
}

let count = 0;

/** A request out of dialog from `user` to the bot. */
export function requestOf(
  method: string,
  { bot, from, lines, body = '' }: { bot: string; from: string; lines: readonly string[]; body?: string },
): string {
  count++;
  return message(
    `${method} ${bot} SIP/2.0`,
    [
      `Via: SIP/2.0/TCP 127.0.0.1:5999;branch=z9hG4bKop${count}`,
      'Max-Forwards: 70',
      `From: <${from}>;tag=op${count}`,
      `To: <${bot}>`,
      `Call-ID: op${count}-${Date.now()}@operator`,
      `CSeq: 1 ${method}`,
      ...lines,
    ],
    body,
  );
}

function endOf(bytes: Buffer): number {
  if (bytes.length >= 2 && bytes[0] === 0x0d) return 2;
  const blank = bytes.indexOf('\r\n\r\n');
  if (blank < 0) return 0;
  const length = Number(headerOf(bytes.toString('latin1', 0, blank), 'Content-Length') ?? 0);
  return bytes.length >= blank + 4 + length ? blank + 4 + length : 0;
}
