/** A SIP peer that says exactly the bytes it is told to: one UDP socket or one TCP connection on 127.0.0.1. */
import { createSocket } from 'node:dgram';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface RawPeer {
  readonly port: number;
  send(text: string | Buffer): void;
  /** The next message, in order; waits for it. */
  next(): Promise<string>;
  /** The next message of that start; others before it are dropped (retransmissions, 100). */
  nextOf(start: string): Promise<string>;
  close(): void;
}

/** Sends to `target` until it has heard from someone, then to who spoke last. */
export async function udpPeer(target: number): Promise<RawPeer> {
  const socket = createSocket('udp4');
  const inbox = new Inbox();
  let to = target;
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  socket.on('message', (bytes, from) => {
    to = from.port;
    inbox.put(bytes.toString());
  });
  const send = (text: string | Buffer) => socket.send(text, to, '127.0.0.1');
  return peer(inbox, { port: socket.address().port, send, close: () => socket.close() });
}

export async function tcpPeer(target: number): Promise<RawPeer> {
  const socket = connect(target, '127.0.0.1');
  const inbox = new Inbox();
  readMessages(socket, inbox);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  const { port } = socket.address() as AddressInfo;
  return peer(inbox, { port, send: (text) => void socket.write(text), close: () => void socket.destroy() });
}

/** Waits for the connection that the engine opens. */
export async function tcpListener(): Promise<RawPeer> {
  const inbox = new Inbox();
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.unshift(socket);
    readMessages(socket, inbox);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return peer(inbox, {
    port: (server.address() as AddressInfo).port,
    send: (text) => void sockets[0]?.write(text),
    close,
  });
}

/** A response to a request as text: Via, From, To, Call-ID and CSeq are the request's. */
export function respondTo(
  request: string,
  statusLine: string,
  options: { tag?: string; lines?: readonly string[]; body?: string } = {},
): string {
  const { tag = 'peer', lines = [], body = '' } = options;
  const copied = request
    .slice(0, request.indexOf('\r\n\r\n'))
    .split('\r\n')
    .filter((line) => /^(via|from|to|call-id|cseq):/i.test(line))
    .map((line) => (/^to:/i.test(line) && !line.includes(';tag=') ? `${line};tag=${tag}` : line));
  return message(`SIP/2.0 ${statusLine}`, [...copied, ...lines], body);
}

export function message(start: string, lines: readonly string[], body = ''): string {
  return [start, ...lines, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
}

export function headerOf(text: string, name: string): string | undefined {
  return new RegExp(`^${name}:[ \t]*(.*)$`, 'im').exec(text)?.[1]?.trim();
}

class Inbox {
  private readonly messages: string[] = [];
  private readonly waiting: ((text: string) => void)[] = [];

  put(text: string): void {
    const waiter = this.waiting.shift();
    if (waiter) waiter(text);
    else this.messages.push(text);
  }

  next(): Promise<string> {
    const text = this.messages.shift();
    return text === undefined ? new Promise((resolve) => this.waiting.push(resolve)) : Promise.resolve(text);
  }
}

function peer(inbox: Inbox, socket: Pick<RawPeer, 'port' | 'send' | 'close'>): RawPeer {
  const nextOf = async (start: string): Promise<string> => {
    for (;;) {
      const text = await inbox.next();
      if (text.startsWith(start)) return text;
    }
  };
  return { ...socket, next: () => inbox.next(), nextOf };
}

function readMessages(socket: Socket, inbox: Inbox): void {
  let buffered = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    for (;;) {
      const end = buffered.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(headerOf(buffered.subarray(0, end).toString('latin1'), 'Content-Length') ?? 0);
      if (buffered.length < end + 4 + length) return;
      inbox.put(buffered.subarray(0, end + 4 + length).toString());
      buffered = buffered.subarray(end + 4 + length);
    }
  });
}
