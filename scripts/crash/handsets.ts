/** The phones that the gateway calls: a next hop over TCP that takes INVITE, MESSAGE and BYE of any user, and MSRP behind it. */
import { randomUUID } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Frame, headerOf as frameHeader, printFrame, type Request } from '../../lib/wire/msrp/frame.js';
import { FrameParser } from '../../lib/wire/msrp/parser.js';
import { type Cpim, cpimHeader, cpimNamespaces, decodedContent, parseCpim } from '../../lib/wire/cpim.js';
import { boundaryOf, parseMultipart } from '../../lib/wire/multipart.js';
import { followed } from './followed.js';
import { headerOf, readMessages, respondTo } from './sip-text.js';

/** One message as a user got it, in the order of arrival. */
export interface Arrival {
  /** `+15550100001` */
  readonly user: string;
  readonly way: 'session' | 'large' | 'pager';
  readonly messageId: string;
  readonly content: Buffer;
  readonly cpim: Cpim;
}

/** What a phone does with a request; it vanishes without a word before or after it has taken what came. */
export type Fate =
  | { readonly kind: 'takes' }
  | { readonly kind: 'refuses'; readonly status: string; readonly lines?: readonly string[] }
  | { readonly kind: 'ignores' }
  | { readonly kind: 'vanishes'; readonly taken: boolean };

export type Asked = 'INVITE' | 'MESSAGE' | 'SEND';

const takes: Fate = { kind: 'takes' };
const frameLimits = { maxHeaderBytes: 65_536, maxHeaders: 100, maxBodyBytes: 10_000_000 };

export class Handsets {
  readonly arrivals: Arrival[] = [];
  /** imdn.Message-IDs of messages in chunks, each time one has begun. */
  readonly begun: string[] = [];
  /** Requests as text, without what was answered by a retransmission. */
  readonly requests: string[] = [];
  /** Where a message is held back: it is answered only when told so. */
  hold: ((user: string) => Promise<void>) | undefined;
  /** Decides what becomes of each INVITE, MESSAGE and complete SEND; absent: all are taken. */
  fate: ((asked: Asked, user: string, content: string) => Fate) | undefined;
  /** Once a message has begun, nothing more of MSRP is read, until `readOn`. */
  stopsReading = false;
  private readonly sip: Server;
  private readonly msrp: Server;
  private readonly sockets = new Set<Socket>();
  /** MSRP session-id → whose chat. */
  private readonly chats = new Map<string, Pick<Arrival, 'user' | 'way'>>();
  private readonly watchers = new Set<() => void>();

  constructor() {
    this.sip = createServer((socket) => this.onSip(followed(socket, this.sockets)));
    this.msrp = createServer((socket) => this.onMsrp(followed(socket, this.sockets)));
  }

  async start(): Promise<void> {
    for (const server of [this.sip, this.msrp]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
  }

  get nextHop(): string {
    return `sip:127.0.0.1:${portOf(this.sip)};transport=tcp`;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sip.close();
    this.msrp.close();
  }

  /** As a network does that loses its state: RST on every connection. */
  reset(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** Connections of MSRP that are not read now. */
  get unread(): number {
    return [...this.sockets].filter((socket) => socket.isPaused()).length;
  }

  readOn(): void {
    this.stopsReading = false;
    for (const socket of this.sockets) socket.resume();
  }

  /** What one of these users got on another way. */
  take(user: string, way: Arrival['way'], bytes: Buffer): void {
    this.arrived({ user, way }, bytes);
  }

  /** Resolves as soon as `holds`; rejects after the time. */
  async until(holds: () => boolean, timeoutMs = 5000): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        this.watchers.delete(watcher);
      };
      const watcher = (): void => {
        if (!holds()) return;
        done();
        resolve();
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`handsets waited in vain; ${this.arrivals.length} messages came`));
      }, timeoutMs);
      this.watchers.add(watcher);
    });
  }

  private onSip(socket: Socket): void {
    readMessages(socket, (text) => {
      const method = text.slice(0, text.indexOf(' '));
      if (method === 'SIP/2.0' || method === 'ACK') return;
      this.requests.push(text);
      if (method === 'INVITE') this.onInvite(socket, text);
      else if (method === 'MESSAGE') this.onMessage(socket, text);
      else socket.write(respondTo(text, '200 OK'));
      this.changed();
    });
  }

  private onInvite(socket: Socket, invite: string): void {
    const fate = this.fate?.('INVITE', userOf(invite), invite) ?? takes;
    if (fate.kind === 'takes') socket.write(this.answerInvite(invite));
    else this.suffer(socket, fate, (status, lines) => respondTo(invite, status, { lines }));
  }

  /** What is not simply taken. */
  private suffer(socket: Socket, fate: Fate, refusal: (status: string, lines: readonly string[]) => string): void {
    switch (fate.kind) {
      case 'refuses':
        socket.write(refusal(fate.status, fate.lines ?? []));
        return;
      case 'vanishes':
        socket.resetAndDestroy();
        return;
      case 'ignores':
      case 'takes':
    }
  }

  private answerInvite(invite: string): string {
    const id = randomUUID();
    const way = invite.includes('largemsg') ? 'large' : 'session';
    this.chats.set(id, { user: userOf(invite), way });
    const { port } = this.sip.address() as AddressInfo;
    const lines = [`Contact: <sip:phone@127.0.0.1:${port};transport=tcp>`, 'Content-Type: application/sdp'];
    return respondTo(invite, '200 OK', { lines, tag: id, body: this.answerSdp(id) });
  }

  private answerSdp(id: string): string {
    const port = portOf(this.msrp);
    return [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      `m=message ${port} TCP/MSRP *`,
      'a=accept-types:message/cpim',
      'a=accept-wrapped-types:*',
      'a=setup:passive',
      `a=path:msrp://127.0.0.1:${port}/${id};tcp`,
      '',
    ].join('\r\n');
  }

  private onMessage(socket: Socket, text: string): void {
    const body = Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1');
    const user = userOf(text);
    this.answer(user, () => {
      const fate = this.fate?.('MESSAGE', user, text) ?? takes;
      if (isTaken(fate)) this.arrived({ user, way: 'pager' }, body);
      if (fate.kind === 'takes') socket.write(respondTo(text, '200 OK'));
      else this.suffer(socket, fate, (status, lines) => respondTo(text, status, { lines }));
    });
  }

  /** In order, whether held back or not. */
  private answer(user: string, take: () => void): void {
    if (!this.hold) take();
    else void this.hold(user).then(take);
  }

  private onMsrp(socket: Socket): void {
    const parser = new FrameParser(frameLimits);
    const chunks = new Map<string, Buffer[]>();
    socket.on('data', (bytes: Buffer) => {
      for (const frame of parser.push(bytes)) this.onFrame(socket, frame, chunks);
    });
  }

  private onFrame(socket: Socket, frame: Frame, chunks: Map<string, Buffer[]>): void {
    if (frame.kind !== 'request' || frame.method !== 'SEND') return;
    const chat = this.chats.get(/\/([^/;]+);tcp/.exec(frame.toPath)?.[1] ?? '');
    if (!chat) {
      socket.write(printFrame(response(frame, 481)));
      return;
    }
    const id = frameHeader(frame, 'Message-ID') ?? '';
    const content = [...(chunks.get(id) ?? []), ...(frame.body ? [Buffer.from(frame.body)] : [])];
    if (frame.flag === '+') {
      if (!chunks.has(id)) this.begun.push(/^imdn\.Message-ID: *(\S+)/im.exec(String(frame.body))?.[1] ?? '');
      chunks.set(id, content);
      socket.write(printFrame(response(frame, 200)));
      if (this.stopsReading) {
        socket.pause();
        this.changed();
      }
      return;
    }
    chunks.delete(id);
    this.answer(chat.user, () => {
      const bytes = Buffer.concat(content);
      const fate = (content.length > 0 && this.fate?.('SEND', chat.user, bytes.toString('latin1'))) || takes;
      if (content.length > 0 && isTaken(fate)) this.arrived(chat, bytes);
      if (fate.kind === 'takes') socket.write(printFrame(response(frame, 200)));
      else
        this.suffer(socket, fate, (status) =>
          printFrame(response(frame, Number(status.slice(0, 3)))).toString('latin1'),
        );
    });
  }

  private arrived(chat: Pick<Arrival, 'user' | 'way'>, bytes: Buffer): void {
    const cpim = parseCpim(bytes);
    const messageId = cpimHeader(cpim, cpimNamespaces.imdn, 'Message-ID') ?? '';
    this.arrivals.push({ ...chat, messageId, content: decodedContent(cpim), cpim });
    this.changed();
  }

  private changed(): void {
    for (const watcher of this.watchers) watcher();
  }
}

/** The first part of a multipart body, by type. */
export function partOf(request: string, type: string): Buffer | undefined {
  const body = Buffer.from(request.slice(request.indexOf('\r\n\r\n') + 4), 'latin1');
  const parts = parseMultipart(body, boundaryOf(headerOf(request, 'Content-Type') ?? ''));
  return parts.find(({ headers }) => headers.some(({ value }) => value.startsWith(type)))?.content;
}

function response({ transactionId, toPath, fromPath }: Request, status: number): Frame {
  const comment = status === 200 ? 'OK' : 'No such session';
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

function isTaken(fate: Fate): boolean {
  return fate.kind === 'takes' || (fate.kind === 'vanishes' && fate.taken);
}

export function userOf(request: string): string {
  return /^\S+ (?:tel:|sip:)(\+\d+)/.exec(request)?.[1] ?? '';
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
