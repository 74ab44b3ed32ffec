/** An application that says the frames it is told to: the near end of the drachtio protocol, over a real connection. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FrameReader, printFrame } from '../../../lib/sip-engine/drachtio/frame.js';

export interface Heard {
  /** Tokens of the leader. */
  readonly tokens: readonly string[];
  readonly sip: string;
  readonly bytes: number;
}

export class ScriptedApp {
  private readonly heard: Heard[] = [];
  private readonly waiting: ((heard: Heard) => void)[] = [];
  private socket: Socket | undefined;
  private count = 0;
  readonly closed: Promise<void>;
  private onClosed: () => void = () => undefined;

  constructor() {
    this.closed = new Promise((resolve) => (this.onClosed = resolve));
  }

  /** Connects to the face. */
  async connect(port: number): Promise<this> {
    const socket = connect(port, '127.0.0.1');
    this.take(socket);
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    return this;
  }

  /** Waits for the face to connect. */
  async listen(): Promise<{ server: Server; port: number }> {
    const server = createServer((socket) => this.take(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { server, port: (server.address() as AddressInfo).port };
  }

  /** The id under which the reply comes. */
  say(command: string, sip?: string): string {
    const id = `app-${++this.count}`;
    this.socket?.write(printFrame(`${id}|${command}${sip === undefined ? '' : '\r\n'}`, Buffer.from(sip ?? '')));
    return id;
  }

  sayRaw(bytes: string): void {
    this.socket?.write(bytes);
  }

  async ask(command: string, sip?: string): Promise<readonly string[]> {
    const id = this.say(command, sip);
    const { tokens } = await this.next();
    if (tokens[1] !== 'response' || tokens[2] !== id) throw new Error(`not the reply: ${tokens.join('|')}`);
    return tokens.slice(3);
  }

  next(): Promise<Heard> {
    const heard = this.heard.shift();
    return heard ? Promise.resolve(heard) : new Promise((resolve) => this.waiting.push(resolve));
  }

  get unread(): number {
    return this.heard.length;
  }

  /** Stops reading: what is sent piles up. */
  pause(): void {
    this.socket?.pause();
  }

  drop(): void {
    this.socket?.destroy();
  }

  private take(socket: Socket): void {
    const reader = new FrameReader(64 * 1024 * 1024);
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => this.onClosed());
    socket.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) if (frame.kind === 'frame') this.put(frame.payload);
    });
  }

  private put(payload: Buffer): void {
    const text = payload.toString();
    const end = text.indexOf('\r\n');
    const leader = end < 0 ? text : text.slice(0, end);
    const heard = { tokens: leader.split('|'), sip: end < 0 ? '' : text.slice(end + 2), bytes: payload.length };
    const waiter = this.waiting.shift();
    if (waiter) waiter(heard);
    else this.heard.push(heard);
  }
}
