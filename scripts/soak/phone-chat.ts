/** A chat session that a user opens: several messages under way, long ones in chunks, and now and then he is gone in the midst of one. */
import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { offerSdp, sendFrame, SipLine } from '../crash/callers.js';
import { headerOf } from '../crash/sip-text.js';
import { type Frame, headerOf as frameHeader, printFrame, type Request } from '../../lib/wire/msrp/frame.js';
import { FrameParser } from '../../lib/wire/msrp/parser.js';
import { cpimText, type Phone, rest } from './phone.js';

const windowSize = 4;
const pauseMs = 200;
const chunkBytes = 2048;
/** Without any answer the session is taken for dead. */
const silenceMs = 4000;
/** Per message. */
const vanishes = 0.01;
/** A user hangs up after so many messages. */
const chatLength = { min: 10, max: 60 };

/** Resolves when the user has hung up; rejects with whatever ended the chat before. */
export async function chat(phone: Phone): Promise<void> {
  const { talk, sipPort } = phone.options;
  const sip = await SipLine.open(sipPort);
  const callId = randomUUID();
  try {
    const answer = await sip.ask('INVITE', talk, { callId, type: 'application/sdp', body: offerSdp });
    if (!answer.startsWith('SIP/2.0 200')) throw new Error(answer.slice(0, 40));
    const toTag = /;tag=([^;\s]+)/.exec(headerOf(answer, 'To') ?? '')?.[1] ?? '';
    sip.send('ACK', talk, { callId, toTag });
    await converse(phone, /^a=path:(\S+)/m.exec(answer)?.[1] ?? '');
    await sip.ask('BYE', talk, { callId, toTag, cseq: 2 });
  } catch (error) {
    sip.reset();
    throw error;
  } finally {
    sip.close();
  }
}

async function converse(phone: Phone, path: string): Promise<void> {
  const socket = connect(Number(/:(\d+)\//.exec(path)?.[1]), '127.0.0.1');
  const line = new Line(phone, socket, path);
  phone.breakOff = () => socket.resetAndDestroy();
  try {
    await line.run();
  } finally {
    phone.breakOff = undefined;
    socket.destroy();
  }
}

class Line {
  private readonly phone: Phone;
  private readonly socket: Socket;
  private readonly path: string;
  private readonly chunks = new Map<string, Buffer[]>();
  /** Numbers under way, in order. */
  private readonly inFlight: number[] = [];
  private failure: Error | undefined;
  private bound = false;
  private wake: () => void = () => undefined;

  constructor(phone: Phone, socket: Socket, path: string) {
    this.phone = phone;
    this.socket = socket;
    this.path = path;
    const parser = new FrameParser({ maxHeaderBytes: 65_536, maxHeaders: 100, maxBodyBytes: 1_000_000 });
    socket.setNoDelay(true);
    socket.setTimeout(silenceMs, () => this.fail(new Error('silence')));
    socket.on('connect', () => socket.write(printFrame(sendFrame(path, { transactionId: 'bind' }))));
    socket.on('data', (bytes: Buffer) => {
      for (const frame of parser.push(bytes)) this.onFrame(frame);
    });
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('connection closed')));
  }

  async run(): Promise<void> {
    const { chance, unsure, signal } = this.phone.options;
    const { said } = this.phone;
    const until = said.acknowledged + chance.between(chatLength.min, chatLength.max);
    await this.until(() => this.bound);
    for (let n = said.acknowledged; n < until && !signal.aborted; n++) {
      const text = this.phone.text(n);
      if (text === undefined) break;
      await this.until(() => this.inFlight.length < windowSize);
      this.say(n, text);
      if (unsure()) this.markUnordered();
      await rest(chance.between(0, pauseMs));
    }
    await this.until(() => this.inFlight.length === 0);
  }

  private say(n: number, text: string): void {
    const { talk, chance } = this.phone.options;
    this.inFlight.push(n);
    const bytes = Buffer.concat(framesOf(this.path, `m${n}.${randomUUID().slice(0, 8)}`, cpimText(talk, n, text)));
    if (!chance.happens(vanishes)) {
      this.socket.write(bytes);
      return;
    }
    const cut = chance.between(1, bytes.length - 1);
    this.socket.write(bytes.subarray(0, cut), () => this.socket.resetAndDestroy());
  }

  private async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.failure) throw this.failure;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private fail(error: Error): void {
    this.failure ??= error;
    if (this.phone.options.unsure()) this.markUnordered();
    this.wake();
  }

  private markUnordered(): void {
    for (const n of this.inFlight.slice(1)) this.phone.said.unordered.add(n);
  }

  private onFrame(frame: Frame): void {
    if (frame.kind === 'response') this.onResponse(frame.transactionId, frame.status);
    else if (frame.method === 'SEND') this.onSend(frame);
    this.wake();
  }

  /** Of the last chunk of a message: acknowledgements come in order. */
  private onResponse(transactionId: string, status: number): void {
    if (transactionId === 'bind') this.bound = true;
    const n = Number(/^m(\d+)\..*\.last$/.exec(transactionId)?.[1] ?? NaN);
    if (status !== 200) {
      this.markUnordered();
      this.fail(new Error(`MSRP ${status}`));
      this.socket.destroy();
    } else if (n === this.inFlight[0]) {
      this.inFlight.shift();
      if (!this.failure) this.phone.said.acknowledged++;
    } else if (!Number.isNaN(n)) this.fail(new Error('200 out of order'));
  }

  private onSend(frame: Request): void {
    const { handsets, talk } = this.phone.options;
    const id = frameHeader(frame, 'Message-ID') ?? '';
    const content = [...(this.chunks.get(id) ?? []), ...(frame.body ? [Buffer.from(frame.body)] : [])];
    this.chunks.delete(id);
    if (frame.flag === '+') this.chunks.set(id, content);
    else if (content.length > 0) {
      const bytes = Buffer.concat(content);
      const fate = handsets.fate?.('SEND', talk.user, bytes.toString('latin1')) ?? { kind: 'takes' };
      if (fate.kind === 'takes' || (fate.kind === 'vanishes' && fate.taken)) handsets.take(talk.user, 'session', bytes);
      if (fate.kind === 'vanishes') this.socket.resetAndDestroy();
      if (fate.kind !== 'takes') return;
    }
    this.socket.write(printFrame(okTo(frame)));
  }
}

/** A message of one or more chunks (RFC 4975 §7.1.1); the last one's transaction tells that it is. */
function framesOf(path: string, name: string, content: Buffer): readonly Buffer[] {
  const frames: Buffer[] = [];
  const messageId = randomUUID();
  for (let start = 0; start < content.length; start += chunkBytes) {
    const body = content.subarray(start, start + chunkBytes);
    const isLast = start + body.length === content.length;
    const frame = sendFrame(path, { transactionId: `${name}.${isLast ? 'last' : frames.length}`, body });
    const headers = frame.headers.filter(([header]) => header !== 'Message-ID' && header !== 'Byte-Range');
    frames.push(
      printFrame({
        ...frame,
        headers: [
          ['Message-ID', messageId],
          ['Byte-Range', `${start + 1}-${start + body.length}/${content.length}`],
          ...headers,
        ],
        flag: isLast ? '$' : '+',
      }),
    );
  }
  return frames;
}

function okTo({ transactionId, toPath, fromPath }: Request): Frame {
  const paths = { toPath: fromPath, fromPath: toPath };
  return { kind: 'response', transactionId, status: 200, comment: 'OK', ...paths, headers: [], flag: '$' };
}
