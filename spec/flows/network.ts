/** The network's side of the golden conversations: raw sockets for SIP and MSRP, which say what they are given. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { type Framing, msrpFraming, sipFraming } from './framing.js';
import type { Line } from './line.js';

type Wire = 'sip' | 'msrp';

const framings: Readonly<Record<Wire, Framing>> = { sip: sipFraming, msrp: msrpFraming };

export class FlowNetwork {
  private readonly servers: Readonly<Record<Wire, Server>>;
  private readonly sockets = new Set<Socket>();
  private readonly lines: Line[] = [];
  /** Connections that the flows have opened. */
  private readonly own = new Map<string, Socket>();
  /** Call-ID or MSRP transaction → the connection that it is on. */
  private readonly origins = new Map<string, Socket>();
  private gateway: Readonly<Record<Wire, number>> = { sip: 0, msrp: 0 };

  constructor() {
    this.servers = { sip: this.server('sip'), msrp: this.server('msrp') };
  }

  async listen(): Promise<void> {
    for (const server of Object.values(this.servers)) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
  }

  port(wire: Wire): number {
    return (this.servers[wire].address() as AddressInfo).port;
  }

  /** Where the gateway listens. */
  speakTo(gateway: Readonly<Record<Wire, number>>): void {
    this.gateway = gateway;
  }

  add(line: Line): void {
    this.lines.push(line);
  }

  /** An answer goes where its request came from, anything else over the connection of the flow. */
  async say(line: Line, wire: Wire, text: string): Promise<void> {
    const origin = isAnswer(wire, text) ? this.origins.get(exchange(wire, text)) : undefined;
    const socket = origin ?? (await this.connection(line, wire));
    socket.write(Buffer.from(text, 'latin1'));
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    for (const server of Object.values(this.servers)) await new Promise((resolve) => server.close(resolve));
  }

  /** Where the gateway has connected for this flow, there; else a connection of its own. */
  private async connection(line: Line, wire: Wire): Promise<Socket> {
    const key = `${wire} ${line.digits}`;
    const open = this.own.get(key);
    if (open && !open.destroyed) return open;
    const socket = connect({ port: this.gateway[wire], host: '127.0.0.1', noDelay: true });
    this.own.set(key, socket);
    this.follow(socket, wire, line);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return socket;
  }

  private server(wire: Wire): Server {
    return createServer((socket) => this.follow(socket, wire));
  }

  private follow(socket: Socket, wire: Wire, owner?: Line): void {
    let buffered = '';
    this.sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      buffered += chunk.toString('latin1');
      for (let end = framings[wire](buffered); end > 0; end = framings[wire](buffered)) {
        const text = buffered.slice(0, end);
        buffered = buffered.slice(end);
        this.hear(wire, { text, socket, owner });
      }
    });
  }

  private hear(wire: Wire, { text, socket, owner }: { text: string; socket: Socket; owner: Line | undefined }): void {
    // A 100 comes only where the answer is slow (RFC 3261 §17.2.1): no part of a conversation.
    if (text.startsWith('SIP/2.0 100 ')) return;
    const line = owner ?? this.lines.find(({ digits }) => text.includes(digits));
    if (!line) return;
    if (!isAnswer(wire, text)) this.origins.set(exchange(wire, text), socket);
    if (wire === 'msrp') this.own.set(`msrp ${line.digits}`, socket);
    line.put(wire, { text, socket });
  }
}

function isAnswer(wire: Wire, text: string): boolean {
  return wire === 'sip' ? text.startsWith('SIP/2.0 ') : /^MSRP \S+ \d{3}/.test(text);
}

function exchange(wire: Wire, text: string): string {
  const found = wire === 'sip' ? /^call-id[ \t]*:[ \t]*(\S+)/im.exec(text) : /^MSRP (\S+) /.exec(text);
  return `${wire} ${found?.[1] ?? ''}`;
}
