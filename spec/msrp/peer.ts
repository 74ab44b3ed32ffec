/** The other side of an MSRP connection, scripted by a spec: raw octets out, frames in. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { headerOf, printFrame, type Frame, type Request, type Response } from '../../lib/wire/msrp/frame.js';
import { FrameParser } from '../../lib/wire/msrp/parser.js';

const limits = { maxHeaderBytes: 65_536, maxHeaders: 100, maxBodyBytes: 10_000_000 };

export class Peer {
  readonly closed: Promise<void>;
  readonly socket: Socket;
  /** Chunks of octets as they were read: how many writes it took. */
  reads = 0;
  private readonly parser = new FrameParser(limits);
  private readonly frames: Frame[] = [];
  private waiting: ((frame: Frame) => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.reads++;
      this.read(chunk);
    });
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<Peer> {
    const socket = connect({ port, host, noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Peer(socket);
  }

  write(...frames: (Frame | string)[]): void {
    this.socket.write(Buffer.concat(frames.map((f) => (typeof f === 'string' ? Buffer.from(f) : printFrame(f)))));
  }

  /** The next frame that came. */
  next(): Promise<Frame> {
    const frame = this.frames.shift();
    if (frame) return Promise.resolve(frame);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  async response(): Promise<Response> {
    const frame = await this.next();
    if (frame.kind !== 'response') throw new Error(`a ${frame.method}, not a response`);
    return frame;
  }

  async request(): Promise<Request> {
    const frame = await this.next();
    if (frame.kind !== 'request') throw new Error(`a ${frame.status}, not a request`);
    return frame;
  }

  async status(): Promise<number> {
    return (await this.response()).status;
  }

  /** Frames that came and were not asked for. */
  get unread(): number {
    return this.frames.length;
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** A TLS alert is no frame. */
  private read(chunk: Buffer): void {
    if (chunk[0] === 21) return;
    for (const frame of this.parser.push(chunk)) this.take(frame);
  }

  private take(frame: Frame): void {
    const waiter = this.waiting.shift();
    if (waiter) waiter(frame);
    else this.frames.push(frame);
  }
}

/** A peer that listens: the passive side. */
export class Listener {
  private readonly server: Server;
  private readonly peers: Peer[] = [];
  private waiting: ((peer: Peer) => void)[] = [];

  private constructor(server: Server) {
    this.server = server;
    server.on('connection', (socket) => {
      const peer = new Peer(socket);
      const waiter = this.waiting.shift();
      if (waiter) waiter(peer);
      else this.peers.push(peer);
    });
  }

  static async open(): Promise<Listener> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Listener(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  accept(): Promise<Peer> {
    const peer = this.peers.shift();
    return peer ? Promise.resolve(peer) : new Promise((resolve) => this.waiting.push(resolve));
  }

  /** A connection on which nothing is read. */
  connection(): Promise<Socket> {
    this.server.removeAllListeners('connection');
    return new Promise((resolve) => this.server.once('connection', resolve));
  }

  close(): void {
    this.server.close();
  }
}

let count = 0;

export interface SendParts {
  readonly to: string;
  readonly from?: string;
  readonly id?: string;
  readonly body?: string | Buffer;
  readonly type?: string | undefined;
  readonly range?: string;
  readonly flag?: '$' | '+' | '#';
  readonly extra?: readonly (readonly [string, string])[];
}

export const peerPath = 'msrp://192.0.2.9:9/peer;tcp';

/** A SEND of the peer. */
export function send(parts: SendParts): Request {
  const { to, from = peerPath, id = `m${++count}`, body, type = 'message/cpim', flag = '$', extra = [] } = parts;
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const range = parts.range ?? (bytes ? `1-${bytes.length}/${bytes.length}` : '1-0/0');
  return {
    kind: 'request',
    method: 'SEND',
    transactionId: `t${(++count).toString().padStart(5, '0')}`,
    toPath: to,
    fromPath: from,
    headers: [['Message-ID', id], ...extra, ['Byte-Range', range], ...(bytes ? [['Content-Type', type] as const] : [])],
    body: bytes,
    flag,
  };
}

/** The peer's response to a request of ours. */
export function respond(request: Request, status: number, comment = 'OK'): Response {
  const { transactionId, toPath, fromPath } = request;
  return {
    kind: 'response',
    transactionId,
    status,
    comment,
    toPath: fromPath,
    fromPath: toPath,
    headers: [],
    flag: '$',
  };
}

export function header(frame: Frame, name: string): string | undefined {
  return headerOf(frame, name);
}
