/** Peers that the gateway calls by itself: next hops, a phone's MSRP port, a callback server, an issuer of tokens. */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { headerOf as frameHeader, type Request } from '../../../lib/wire/msrp/frame.js';
import { FrameParser } from '../../../lib/wire/msrp/parser.js';
import { followed } from '../../crash/followed.js';
import { headerOf, readMessages, respondTo } from '../../crash/sip-text.js';
import type { CalleeName, Leaving } from './script.js';
import type { SlotName } from './slots.js';

/** How one of them talks back. */
export interface Mouth {
  /** Octets as latin1. */
  say(text: string): void;
  leave(how: Leaving): void;
}

/** One request of the gateway, with what an answer to it needs to know of it. */
export interface Call {
  readonly callee: CalleeName;
  readonly method: string;
  readonly facts: ReadonlyMap<string, string>;
  readonly mouth: Mouth;
}

export type Guest = (call: Call) => void;

export type CalleePorts = Readonly<Record<'hopUdp' | 'hopTcp' | 'phone' | 'http', number>>;

/** Users of these numbers are called by way of the hostile next hops; the nonce of the script follows, 9 digits. */
export const numberPrefixes = { 'hop-tcp': '+1666', 'hop-udp': '+1667' } as const;
/** Issuers that the gateway knows; a gateway fetches the keys of one seldom. */
export const issuers = 64;

const frameLimits = { maxHeaderBytes: 65_536, maxHeaders: 100, maxBodyBytes: 4_000_000 };

/** Each request goes to the script whose number, path or issuer it names; one whose script is over is ended politely. */
export class Callees {
  private readonly guests = new Map<number, Guest>();
  private readonly udp: DatagramSocket = createSocket('udp4');
  private readonly hop: Server = createServer((socket) => this.onHop(followed(socket, this.sockets)));
  private readonly phone: Server = createServer((socket) => this.onPhone(followed(socket, this.sockets)));
  private readonly http: Server = createServer((socket) => this.onHttp(followed(socket, this.sockets)));
  private readonly sockets = new Set<Socket>();

  async start(): Promise<void> {
    this.udp.on('message', (bytes, { port, address }) => {
      const say = (text: string): void => this.udp.send(Buffer.from(text, 'latin1'), port, address, () => undefined);
      this.onSip('hop-udp', bytes.toString('latin1'), { say, leave: () => undefined });
    });
    this.udp.on('error', () => undefined);
    this.udp.bind(0, '127.0.0.1');
    await once(this.udp, 'listening');
    for (const server of [this.hop, this.phone, this.http]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
  }

  get ports(): CalleePorts {
    const of = (server: Server): number => (server.address() as AddressInfo).port;
    return { hopUdp: this.udp.address().port, hopTcp: of(this.hop), phone: of(this.phone), http: of(this.http) };
  }

  /** The nonce names a script while it is played. */
  enter(nonce: number, guest: Guest): void {
    this.guests.set(nonce, guest);
  }

  leave(nonce: number): void {
    this.guests.delete(nonce);
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    for (const server of [this.hop, this.phone, this.http]) server.close();
    this.udp.close();
  }

  private onHop(socket: Socket): void {
    readMessages(socket, (text) => this.onSip('hop-tcp', text, mouthOf(socket)));
  }

  private onSip(callee: 'hop-udp' | 'hop-tcp', text: string, mouth: Mouth): void {
    if (text.startsWith('SIP/2.0 ')) return;
    const method = text.slice(0, text.indexOf(' '));
    const guest = this.guests.get(Number(/\+166[67](\d{9})/.exec(text)?.[1]));
    if (guest) guest({ callee, method, facts: sipFacts(text), mouth });
    else if (method !== 'ACK') mouth.say(respondTo(text, method === 'OPTIONS' ? '200 OK' : '404 Not Found'));
  }

  private onPhone(socket: Socket): void {
    const parser = new FrameParser(frameLimits);
    const mouth = mouthOf(socket);
    socket.on('data', (bytes: Buffer) => {
      for (const frame of parser.push(bytes)) {
        if (frame.kind !== 'request') continue;
        const guest = this.guests.get(parseInt(/\/([0-9a-f]{9})/.exec(frame.toPath)?.[1] ?? '', 16));
        if (guest) guest({ callee: 'phone', method: frame.method, facts: frameFacts(frame), mouth });
        else mouth.leave('close');
      }
    });
  }

  private onHttp(socket: Socket): void {
    readMessages(socket, (text) => {
      const [method = '', path = ''] = text.split(' ', 2);
      const issuer = /^\/issuer\/(\d+)/.exec(path)?.[1];
      const nonce = issuer === undefined ? parseInt(path.slice(1, 10), 16) : this.tenantOf(Number(issuer));
      const callee = issuer === undefined ? 'callback' : 'issuer';
      const guest = this.guests.get(nonce);
      const mouth = mouthOf(socket);
      if (guest) guest({ callee, method, facts: new Map(), mouth });
      else mouth.say(`HTTP/1.1 ${issuer === undefined ? '204 No Content' : '503 x\r\nContent-Length: 0'}\r\n\r\n`);
    });
  }

  /** The last of the scripts that have this issuer. */
  private tenantOf(issuer: number): number {
    return [...this.guests.keys()].findLast((nonce) => nonce % issuers === issuer) ?? NaN;
  }
}

function mouthOf(socket: Socket): Mouth {
  return {
    say(text) {
      if (socket.writable) socket.write(text, 'latin1');
    },
    leave(how) {
      if ((socket.writableEnded || socket.destroyed) && how !== 'reset') return;
      if (how === 'end') socket.end();
      else if (how === 'reset') socket.resetAndDestroy();
      else if (how === 'close') socket.destroySoon();
    },
  };
}

function sipFacts(request: string): ReadonlyMap<string, string> {
  const names = ['via', 'from', 'to', 'call-id', 'cseq'] as const;
  return new Map<SlotName, string>([
    ...names.map((name) => [name, headerOf(request, name) ?? ''] as const),
    ['contact', /<([^>]+)>/.exec(headerOf(request, 'contact') ?? '')?.[1] ?? 'sip:none@127.0.0.1'],
  ]);
}

function frameFacts(request: Request): ReadonlyMap<string, string> {
  return new Map<SlotName, string>([
    ['transaction', request.transactionId],
    ['message-id', frameHeader(request, 'Message-ID') ?? 'none'],
    ['to-path', request.toPath],
    ['from-path', request.fromPath],
  ]);
}
