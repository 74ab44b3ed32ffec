/** Users who write to a bot, and do not give up: what was not acknowledged is sent again, in order, with the same Message-ID. */
import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { printFrame, type Request } from '../../lib/wire/msrp/frame.js';
import { FrameParser } from '../../lib/wire/msrp/parser.js';
import type { Conversation } from './plan.js';
import { headerOf, messageText, readMessages, respondTo } from './sip-text.js';

export interface CallerOptions {
  readonly conversation: Conversation;
  readonly sipPort: number;
  /** A message was acknowledged by MSRP 200 or SIP 2xx. */
  readonly onAcknowledged: () => void;
}

/** Messages under way at once in a session. */
const windowSize = 8;
const pauseMs = 60;
/** SIP that stays silent: the connection is taken for dead. */
const silenceMs = 3000;

/** Resolves once every message of the conversation was acknowledged. */
export async function call(options: CallerOptions): Promise<void> {
  const { conversation } = options;
  const progress = { acknowledged: 0 };
  while (progress.acknowledged < conversation.toBot.length) {
    try {
      const sip = await SipLine.open(options.sipPort);
      try {
        if (conversation.way === 'session') await chat(sip, options, progress);
        else await page(sip, options, progress);
      } finally {
        sip.close();
      }
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

export function messageIdOf({ user }: Conversation, index: number): string {
  return `in-${user.slice(1)}-${index}`;
}

interface Progress {
  acknowledged: number;
}

async function page(sip: SipLine, { conversation, onAcknowledged }: CallerOptions, progress: Progress): Promise<void> {
  while (progress.acknowledged < conversation.toBot.length) {
    const body = cpimText(conversation, progress.acknowledged);
    const answer = await sip.ask('MESSAGE', conversation, { type: 'message/cpim', body });
    if (!answer.startsWith('SIP/2.0 2')) throw new Error(answer.slice(0, 40));
    progress.acknowledged++;
    onAcknowledged();
  }
}

async function chat(sip: SipLine, options: CallerOptions, progress: Progress): Promise<void> {
  const { conversation, onAcknowledged } = options;
  const callId = randomUUID();
  const answer = await sip.ask('INVITE', conversation, { callId, type: 'application/sdp', body: offerSdp });
  if (!answer.startsWith('SIP/2.0 200')) throw new Error(answer.slice(0, 40));
  const toTag = /;tag=([^;\s]+)/.exec(headerOf(answer, 'To') ?? '')?.[1] ?? '';
  sip.send('ACK', conversation, { callId, toTag });
  const path = /^a=path:(\S+)/m.exec(answer)?.[1] ?? '';
  const socket = connect(Number(/:(\d+)\//.exec(path)?.[1]), '127.0.0.1');
  try {
    await converse(socket, { path, conversation, onAcknowledged, progress });
  } finally {
    socket.destroy();
  }
  await sip.ask('BYE', conversation, { callId, toTag, cseq: 2 });
}

interface Conversing {
  readonly path: string;
  readonly conversation: Conversation;
  readonly progress: Progress;
  readonly onAcknowledged: () => void;
}

/** Sends in a window; resolves with the last 200, rejects with the end of the connection or any other answer. */
function converse(socket: Socket, { path, conversation, progress, onAcknowledged }: Conversing): Promise<void> {
  const parser = new FrameParser({ maxHeaderBytes: 65_536, maxHeaders: 100, maxBodyBytes: 1_000_000 });
  const total = conversation.toBot.length;
  return new Promise((resolve, reject) => {
    let next = progress.acknowledged;
    const fill = (): void => {
      while (next < total && next < progress.acknowledged + windowSize) {
        const body = Buffer.from(cpimText(conversation, next), 'latin1');
        socket.write(printFrame(sendFrame(path, { transactionId: `m${next}.${total}`, body })));
        next++;
      }
    };
    const answered = (transactionId: string, status: number): void => {
      if (status !== 200) {
        reject(new Error(`MSRP ${status}`));
        return;
      }
      // Acknowledgements come in order: a later one for an earlier message would break it.
      if (transactionId !== 'bind') {
        if (transactionId !== `m${progress.acknowledged}.${total}`) reject(new Error('200 out of order'));
        progress.acknowledged++;
        onAcknowledged();
      }
      if (progress.acknowledged === total) resolve();
      else fill();
    };
    socket.setNoDelay(true);
    socket.on('connect', () => socket.write(printFrame(sendFrame(path, { transactionId: 'bind' }))));
    socket.on('data', (bytes: Buffer) => {
      for (const frame of parser.push(bytes)) {
        if (frame.kind === 'response') answered(frame.transactionId, frame.status);
        else if (frame.method === 'SEND') refuse(socket, frame);
      }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('connection closed')));
  });
}

/** This side only writes: what the bot says is taken by the handsets. */
function refuse(socket: Socket, { transactionId, toPath, fromPath }: Request): void {
  const paths = { toPath: fromPath, fromPath: toPath };
  socket.write(
    printFrame({ kind: 'response', transactionId, status: 481, comment: 'no', ...paths, headers: [], flag: '$' }),
  );
}

const ownPath = 'msrp://127.0.0.1:9/caller;tcp';

export function sendFrame(path: string, { transactionId, body }: { transactionId: string; body?: Buffer }): Request {
  const range = body ? `1-${body.length}/${body.length}` : '1-0/0';
  return {
    kind: 'request',
    method: 'SEND',
    transactionId,
    toPath: path,
    fromPath: ownPath,
    headers: [
      ['Message-ID', `${transactionId}.${randomUUID().slice(0, 8)}`],
      ['Byte-Range', range],
      ...(body ? [['Content-Type', 'message/cpim'] as const] : []),
    ],
    body,
    flag: '$',
  };
}

export const offerSdp = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=message 9 TCP/MSRP *',
  'a=accept-types:message/cpim',
  'a=accept-wrapped-types:*',
  'a=setup:active',
  `a=path:${ownPath}`,
  '',
].join('\r\n');

/** Octets as latin1, as sip-text.ts writes them. */
function cpimText(conversation: Conversation, index: number): string {
  const text = [
    'From: <sip:anonymous@anonymous.invalid>',
    'To: <sip:anonymous@anonymous.invalid>',
    'NS: imdn <urn:ietf:params:imdn>',
    `imdn.Message-ID: ${messageIdOf(conversation, index)}`,
    'DateTime: 2026-11-22T10:00:00Z',
    '',
    'Content-Type: text/plain;charset=UTF-8',
    '',
    conversation.toBot[index] ?? '',
  ].join('\r\n');
  return Buffer.from(text, 'utf8').toString('latin1');
}

export interface RequestParts {
  readonly callId?: string;
  readonly toTag?: string;
  readonly cseq?: number;
  readonly type?: string;
  readonly body?: string;
}

export type Pair = Pick<Conversation, 'bot' | 'user'>;

/** One TCP connection to the gateway, one request at a time. */
export class SipLine {
  private readonly socket: Socket;
  private waiting: { resolve: (answer: string) => void; reject: (error: Error) => void } | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.setTimeout(silenceMs, () => socket.destroy());
    socket.on('close', () => this.waiting?.reject(new Error('SIP connection closed')));
    readMessages(socket, (text) => this.read(text));
  }

  static async open(port: number): Promise<SipLine> {
    const socket = connect(port, '127.0.0.1');
    await new Promise((resolve, reject) => socket.once('connect', resolve).on('error', reject));
    return new SipLine(socket);
  }

  ask(method: string, conversation: Pair, parts: RequestParts): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) reject(new Error('SIP connection closed'));
      this.waiting = { resolve, reject };
      this.send(method, conversation, parts);
    });
  }

  send(method: string, { bot, user }: Pair, parts: RequestParts): void {
    const { callId = randomUUID(), toTag, cseq = 1, type, body = '' } = parts;
    const lines = [
      `Via: SIP/2.0/TCP 127.0.0.1:${this.socket.localPort ?? 0};branch=z9hG4bK${randomUUID()}`,
      'Max-Forwards: 70',
      `From: <tel:${user}>;tag=caller`,
      `To: <${bot}>${toTag === undefined ? '' : `;tag=${toTag}`}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
      `P-Asserted-Identity: <tel:${user}>`,
      `Contact: <sip:${user}@127.0.0.1:${this.socket.localPort ?? 0};transport=tcp>`,
      ...(type === undefined ? [] : [`Content-Type: ${type}`]),
    ];
    this.socket.write(messageText(`${method} ${bot} SIP/2.0`, lines, body), 'latin1');
  }

  close(): void {
    this.socket.destroy();
  }

  /** As a phone that is switched off: RST, no FIN. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  private read(text: string): void {
    if (!text.startsWith('SIP/2.0 ')) {
      this.socket.write(respondTo(text, '200 OK'), 'latin1');
      return;
    }
    if (text.startsWith('SIP/2.0 1')) return;
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve(text);
  }
}
