/** An engine that says what the spec tells it to: the far end of the drachtio protocol, over a real TCP port. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { printFrame } from '../../../lib/sip-engine/drachtio/frame.js';
import { RingReader } from './ring-reader.js';

export interface Told {
  readonly id: string;
  /** The leader without the id. */
  readonly leader: string;
  readonly sip: string;
}

export class ScriptedEngine {
  private readonly server: Server;
  private readonly told: Told[] = [];
  private readonly waiting: ((told: Told) => void)[] = [];
  private socket: Socket | undefined;
  private count = 0;
  private readOn: () => void = () => undefined;
  /** Octets, read or not. */
  received = 0;
  /** It takes connections, and says nothing to who they are. */
  mute = false;
  /** It reads nothing, as where its one thread is busy; what has come meanwhile it reads at once afterwards. */
  busy = false;
  /** Applications that have said who they are. */
  greeted = 0;
  readonly secret: string;

  private constructor(server: Server, secret: string) {
    this.server = server;
    this.secret = secret;
  }

  static async listen(secret = 'cymru'): Promise<ScriptedEngine> {
    const server = createServer();
    const engine = new ScriptedEngine(server, secret);
    server.on('connection', (socket) => engine.onConnection(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return engine;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** What the application has said and nobody has looked at; route and ping are answered without asking. */
  get unread(): number {
    return this.told.length;
  }

  next(): Promise<Told> {
    const told = this.told.shift();
    return told ? Promise.resolve(told) : new Promise((resolve) => this.waiting.push(resolve));
  }

  say(leader: string, sip: string | Buffer = ''): void {
    const bytes = Buffer.from(sip);
    this.socket?.write(printFrame(`${leader}${bytes.length === 0 ? '' : '\r\n'}`, bytes));
  }

  /** Whatever, as it is: where a frame is broken off, the next one stands in it. */
  write(bytes: string): void {
    this.socket?.write(bytes);
  }

  /** Echoes a request; responses then carry `txnId`. */
  echoRequest(told: Told, txnId: string): void {
    this.say(
      `e|response|${told.id}|OK|application|9|udp|127.0.0.1|5060|10:00:00.000000|${txnId}|Msg sent:|`,
      filled(told),
    );
  }

  /** Echoes a response; `dialogId` as the engine gives it to INVITEs. */
  echoResponse(told: Told, dialogId = ''): void {
    const tail = `txn|${dialogId}||Msg sent:|`;
    this.say(`e|response|${told.id}|OK|application|9|udp|127.0.0.1|5060|10:00:00.000000|${tail}`, filled(told));
  }

  refuse(told: Told, text: string): void {
    this.say(`e|response|${told.id}|NOK|${text}`);
  }

  fromNetwork(txnId: string, sip: string | Buffer, dialogId = '', address = '192.0.2.7'): void {
    this.say(`n${++this.count}|sip|network|9|udp|${address}|5071|10:00:00.000000|${txnId}|${dialogId}|`, sip);
  }

  unsolicited(dialogId: string, sip: string): void {
    this.say(`n|sip|application|9|udp|192.0.2.7|5071|10:00:00.000000|unsolicited|${dialogId}|`, sip);
  }

  /** After `busy`. */
  resume(): void {
    this.busy = false;
    this.readOn();
  }

  drop(): void {
    this.socket?.destroy();
  }

  async close(): Promise<void> {
    this.drop();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private onConnection(socket: Socket): void {
    const reader = new RingReader();
    let unread = Buffer.alloc(0);
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    const read = () => {
      if (this.busy) return;
      const frames = reader.push(unread);
      unread = Buffer.alloc(0);
      if (frames) for (const frame of frames) this.onFrame(frame);
      else socket.destroy();
    };
    this.readOn = read;
    socket.on('data', (chunk: Buffer) => {
      unread = Buffer.concat([unread, chunk]);
      this.received += chunk.length;
      read();
    });
  }

  private onFrame(text: string): void {
    const end = text.indexOf('\r\n');
    const leader = end < 0 ? text : text.slice(0, end);
    const [id = '', verb = '', secret] = leader.split('|');
    if (verb === 'authenticate') {
      this.greeted++;
      if (this.mute) return;
      const hostports = 'udp/127.0.0.1:5060,tcp/127.0.0.1:5060';
      this.say(
        `a|response|${id}|${secret === this.secret ? `OK|${hostports}|v0.9.10|${hostports}` : 'NO|incorrect secret'}`,
      );
      return;
    }
    if (verb === 'ping' || verb === 'route') {
      this.say(`r|response|${id}|OK`);
      return;
    }
    const told = { id, leader: leader.slice(id.length + 1), sip: end < 0 ? '' : text.slice(end + 2) };
    const waiter = this.waiting.shift();
    if (waiter) waiter(told);
    else this.told.push(told);
  }
}

/** What an engine fills in, as far as the client library looks at it. */
function filled({ sip }: Told): string {
  const end = sip.indexOf('\r\n') + 2;
  const named = /^call-id:/im.test(sip) ? '' : 'Call-ID: c1\r\n';
  return `${sip.slice(0, end)}From: <sip:bot@a>;tag=ours\r\nTo: <tel:+1>;tag=to\r\n${named}CSeq: 1 X\r\n${sip.slice(end)}`;
}
