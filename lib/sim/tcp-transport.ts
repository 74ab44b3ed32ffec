/** SIP over TCP for sip.js, which brings WebSockets alone: a listener, one connection to the gateway, framing by Content-Length. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { sdpAlone } from './sdp-alone.js';
import { EmitterImpl, type UserAgent, TransportState } from 'sip.js/lib/api/index.js';

export interface TcpTransportOptions {
  readonly host: string;
  /** Where the phone listens; 0: any free one. */
  readonly port: number;
  readonly gateway: { readonly host: string; readonly port: number };
  /** Put into the 200 to OPTIONS, which sip.js answers by itself and without any. */
  contact(): string;
}

type Api = UserAgent['transport'];

interface Waiting {
  readonly branch: string;
  readonly socket: Socket;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What UserAgent wants of a transport (sip.js `api/transport`). */
export class TcpTransport implements Api {
  readonly protocol = 'TCP';
  onConnect: (() => void) | undefined;
  onDisconnect: ((error?: Error) => void) | undefined;
  onMessage: ((message: string) => void) | undefined;
  private readonly options: TcpTransportOptions;
  private readonly emitter = new EmitterImpl<TransportState>();
  private current: TransportState = TransportState.Disconnected;
  private server: Server | undefined;
  /** The one that was free, once it has listened: it comes back there. */
  private ownPort: number | undefined;
  private outbound: Socket | undefined;
  private readonly sockets = new Set<Socket>();
  /** Branch of a request → the connection that its response takes. */
  private readonly ways = new Map<string, Socket>();
  /** Of requests that nothing was heard of yet. */
  private readonly waiting = new Set<Waiting>();

  constructor(options: TcpTransportOptions) {
    this.options = options;
  }

  get state(): TransportState {
    return this.current;
  }

  get stateChange(): EmitterImpl<TransportState> {
    return this.emitter;
  }

  /** Where the phone listens. */
  get port(): number {
    return this.ownPort ?? this.options.port;
  }

  async connect(): Promise<void> {
    this.enter(TransportState.Connecting);
    const server = createServer((socket) => this.follow(socket));
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, this.options.host, resolve);
    });
    this.ownPort = (server.address() as AddressInfo).port;
    this.enter(TransportState.Connected);
    this.onConnect?.();
  }

  async disconnect(): Promise<void> {
    this.enter(TransportState.Disconnecting);
    for (const socket of this.sockets) socket.destroy();
    const { server } = this;
    if (server?.listening) await new Promise((resolve) => server.close(resolve));
    this.enter(TransportState.Disconnected);
    this.onDisconnect?.();
  }

  dispose(): Promise<void> {
    return this.disconnect();
  }

  isConnected(): boolean {
    return this.current === TransportState.Connected;
  }

  send(message: string): Promise<void> {
    if (message.startsWith('SIP/2.0')) return this.respond(message);
    const socket = this.toGateway();
    if (message.startsWith('ACK ')) return written(socket, message);
    return this.request(socket, message);
  }

  private respond(message: string): Promise<void> {
    const way = this.ways.get(branchOf(message));
    return written(way && !way.destroyed ? way : this.toGateway(), this.withContact(message));
  }

  /**
   * Resolves with the first response; rejects when the connection ends before (RFC 3261 §18.4), also where it had taken
   * what was written: sip.js makes a 503 of it, at once, and would else wait for timer B or F.
   */
  private request(socket: Socket, message: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.add({ branch: branchOf(message), socket, resolve, reject });
      socket.write(message);
    });
  }

  private heard(branch: string): void {
    for (const one of this.waiting) {
      if (one.branch !== branch) continue;
      this.waiting.delete(one);
      one.resolve();
    }
  }

  private lost(socket: Socket): void {
    this.sockets.delete(socket);
    for (const one of this.waiting) {
      if (one.socket !== socket) continue;
      this.waiting.delete(one);
      one.reject(new Error('the connection was lost'));
    }
  }

  private withContact(message: string): string {
    const bare = /^SIP\/2\.0 200 .*\r\n/.test(message) && /\r\nCSeq: *\d+ OPTIONS\r\n/i.test(message);
    return bare ? message.replace('\r\n', `\r\nContact: ${this.options.contact()}\r\n`) : message;
  }

  private toGateway(): Socket {
    if (this.outbound && !this.outbound.destroyed) return this.outbound;
    const { host, port } = this.options.gateway;
    this.outbound = connect({ host, port });
    this.follow(this.outbound);
    return this.outbound;
  }

  private follow(socket: Socket): void {
    let rest: Buffer = Buffer.alloc(0);
    socket.setNoDelay(true);
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.lost(socket));
    socket.on('data', (data: Buffer) => {
      rest = Buffer.concat([rest, data]);
      if (rest.length > maxMessageBytes) socket.destroy();
      for (let end = endOfMessage(rest); end !== undefined; end = endOfMessage(rest)) {
        const message = rest.toString('utf8', 0, end);
        rest = rest.subarray(end);
        if (message.trim() === '') continue;
        if (message.startsWith('SIP/2.0')) this.heard(branchOf(message));
        else this.remember(branchOf(message), socket);
        this.onMessage?.(sdpAlone(message));
      }
    });
  }

  private remember(branch: string, socket: Socket): void {
    this.ways.set(branch, socket);
    if (this.ways.size <= maxWays) return;
    for (const oldest of this.ways.keys()) {
      this.ways.delete(oldest);
      return;
    }
  }

  private enter(state: TransportState): void {
    this.current = state;
    this.emitter.emit(state);
  }
}

const maxWays = 10_000;
const maxMessageBytes = 4 * 1024 * 1024;

function branchOf(message: string): string {
  return /\r\n(?:Via|v) *:[^\r]*?branch=([^;,\s]+)/i.exec(message)?.[1] ?? '';
}

function written(socket: Socket, message: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(message, (error) => (error ? reject(error) : resolve()));
  });
}

/** undefined: not yet whole. A lone CRLF is a keep-alive (RFC 5626 §3.5.1). */
function endOfMessage(bytes: Buffer): number | undefined {
  if (bytes.length >= 2 && bytes[0] === 0x0d) return 2;
  const blank = bytes.indexOf('\r\n\r\n');
  if (blank < 0) return undefined;
  const length = /\r\n(?:Content-Length|l) *: *(\d+)/i.exec(bytes.toString('latin1', 0, blank + 2))?.[1];
  const end = blank + 4 + Number(length ?? 0);
  return bytes.length >= end ? end : undefined;
}
