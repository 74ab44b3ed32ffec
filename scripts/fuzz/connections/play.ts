/** Plays a script against the gateway: writes what it says, hears what comes, answers what it is asked. */
import { headerOf as frameHeader, printFrame, type Frame, type Request } from '../../../lib/wire/msrp/frame.js';
import { headerOf, respondTo } from '../../crash/sip-text.js';
import { Callee } from './callee.js';
import type { Callees } from './callees.js';
import { openDatagrams, openStream, type Line } from './lines.js';
import { type Ears, httpStream, msrpStream, sipDatagrams, sipStream } from './readers.js';
import type { LineName, Manners, PlainLine, Script, Secured, Step } from './script.js';
import type { WorldPorts } from './configuration.js';
import { filled, type Slots, slotsFor } from './slots.js';

export interface Stage {
  readonly ports: WorldPorts;
  readonly sinkPort: number;
  /** Whom the gateway calls. */
  readonly callees: Callees;
  /** Where the script's connections come from, of 127/8. */
  readonly source: string;
  /** Another one each time. */
  readonly nonce: number;
}

export interface Played {
  /** Final answers in the order that they came in, as `rest 404`. */
  readonly answers: readonly string[];
  /** What the gateway must not say, whatever it is asked. */
  readonly faults: readonly string[];
  /** Pieces written to peers' requests of the gateway. */
  readonly said: number;
}

export async function play(script: Script, stage: Stage): Promise<Played> {
  const player = new Player(script, stage);
  try {
    for (const step of script.steps) await player.take(step);
  } finally {
    player.leaveAll();
  }
  return player;
}

interface Talk {
  readonly line: Line;
  /** Final answers to what was sent last. */
  heard: number;
}

class Player implements Played {
  readonly answers: string[] = [];
  readonly faults: string[] = [];
  private readonly stage: Stage;
  private readonly manners: Manners;
  private readonly slots: Slots;
  private readonly callee: Callee;
  private readonly talks = new Map<LineName, Talk>();
  private readonly left: Line[] = [];
  private waiter: (() => void) | undefined;
  /** By which a retransmission is known. */
  private readonly sipFinals = new Set<string>();
  /** Whether it has said something inside of a dialog: there a 500 may be due (RFC 3261 §12.2.2, §14.2). */
  private inDialog = false;

  constructor({ manners, replies = {} }: Script, stage: Stage) {
    this.manners = manners;
    this.stage = stage;
    this.slots = slotsFor(stage.nonce, stage.sinkPort, stage.callees.ports);
    this.callee = new Callee(replies, this.slots, () => this.waiter?.());
    stage.callees.enter(stage.nonce, (call) => this.callee.take(call));
  }

  get said(): number {
    return this.callee.said;
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'send') await this.send(step.line, step.pieces);
    else if (step.kind === 'await') await this.heard(step.line, step.ms);
    else if (step.kind === 'asked') await this.until(() => this.callee.timesAsked(step.callee) >= step.times, step.ms);
    else this.leave(step);
  }

  leaveAll(): void {
    for (const { line } of this.talks.values()) line.leave('close');
    for (const line of this.left) line.leave('close');
    this.talks.clear();
    this.callee.end();
    this.stage.callees.leave(this.stage.nonce);
  }

  private async send(name: LineName, pieces: readonly string[]): Promise<void> {
    const talk = await this.talkOn(name);
    talk.heard = 0;
    const texts = pieces.map((piece) => filled(piece, this.slots));
    this.inDialog ||= texts.some((text) => /^(?:to|t)[ \t]*:.*tag=/im.test(text));
    await talk.line.write(texts.map((text) => Buffer.from(text, 'latin1')));
  }

  private async heard(name: LineName, ms: number): Promise<void> {
    const talk = this.talks.get(name);
    if (talk) await this.until(() => talk.heard > 0 || talk.line.closed, ms);
  }

  private async until(holds: () => boolean, ms: number): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.waiter = () => {
        if (!holds()) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.waiter = undefined;
  }

  private leave({ line: name, how }: Step & { kind: 'leave' }): void {
    const talk = this.talks.get(name);
    if (!talk) return;
    if (how !== 'forget') talk.line.leave(how);
    // A half-closed one is still listened to.
    this.left.push(talk.line);
    if (how !== 'end') this.talks.delete(name);
  }

  private async talkOn(name: LineName): Promise<Talk> {
    const known = this.talks.get(name);
    if (known && !known.line.closed) return known;
    // The gateway has closed it, our half is still open.
    if (known) this.left.push(known.line);
    let line: Line | undefined = undefined as Line | undefined;
    const read = this.readerOf(name, (text) => void line?.write([Buffer.from(text, 'latin1')]));
    const { ports, source } = this.stage;
    const open = name === 'sip-udp' ? openDatagrams : openStream;
    const secure = name.startsWith('tls-');
    line = await open({ port: portOf(name, ports), source, secure, onBytes: read, onClose: () => this.waiter?.() });
    const talk: Talk = { line, heard: 0 };
    this.talks.set(name, talk);
    return talk;
  }

  private readerOf(name: LineName, reply: (text: string) => void): ReturnType<typeof sipStream> {
    const ears: Ears = {
      onSip: (text) => this.onSip(name, text, reply),
      onFrame: (frame) => this.onFrame(name, frame, reply),
      onHttp: (head) => this.onHttp(name, head),
      onFault: (text) => this.faults.push(`${name}: ${text}`),
    };
    if (name === 'sip-udp') return sipDatagrams(ears);
    // Alerts, or a handshake that goes no further.
    if (name.startsWith('raw-')) return () => undefined;
    if (name.endsWith('msrp')) return msrpStream(ears);
    return name === 'sip-tcp' || name === 'tls-sip' ? sipStream(ears) : httpStream(ears);
  }

  private onSip(name: LineName, text: string, reply: (text: string) => void): void {
    if (!text.startsWith('SIP/2.0 ')) {
      if (!text.startsWith('ACK ')) this.answer(text, reply);
      return;
    }
    const status = Number(text.slice(8, 11));
    this.note('tag', /;tag=([^;\s]+)/.exec(headerOf(text, 'To') ?? '')?.[1]);
    this.note('target', /<([^>]+)>/.exec(headerOf(text, 'Contact') ?? '')?.[1]);
    this.note('path', /^a=path:(\S+)/m.exec(text)?.[1]);
    const key = `${String(status)} ${headerOf(text, 'Call-ID') ?? ''} ${headerOf(text, 'Via') ?? ''}`;
    if (status < 200 || this.sipFinals.has(key)) return;
    this.sipFinals.add(key);
    this.final(name, status, text.slice(0, text.indexOf('\r\n')));
  }

  private answer(request: string, reply: (text: string) => void): void {
    if (this.manners === 'takes') reply(respondTo(request, '200 OK'));
    else if (this.manners === 'refuses') reply(respondTo(request, '486 Busy Here'));
    else if (this.manners === 'garbage') reply(respondTo(request, '299 \xff\r\nCSeq: x', { lines: ['Via: ,', 'To:'] }));
  }

  private onFrame(name: LineName, frame: Frame, reply: (text: string) => void): void {
    if (frame.kind === 'response') {
      this.final(name, frame.status, String(frame.status));
      return;
    }
    this.note('transaction', frame.transactionId);
    this.note('message-id', frameHeader(frame, 'Message-ID'));
    if (frame.method !== 'SEND' || this.manners === 'silent') return;
    const status = this.manners === 'takes' ? 200 : this.manners === 'refuses' ? 413 : 299;
    reply(printFrame(responseTo(frame, status)).toString('latin1'));
    if (this.manners === 'garbage') reply(`MSRP ${frame.transactionId} REPORT\r\nByte-Range: 9-1/0\r\n`);
  }

  private onHttp(name: LineName, head: string): void {
    const status = Number(head.slice(9, 12));
    if (status === 201) this.note('location', /^location:[ \t]*(?:https?:\/\/[^/]+)?(\S+)/im.exec(head)?.[1]);
    if (status >= 200) this.final(name, status, head.slice(0, head.indexOf('\r\n')));
  }

  private final(name: LineName, status: number, text: string): void {
    this.answers.push(`${name} ${status}`);
    if (status === 500 && !(name.includes('sip') && this.inDialog)) this.faults.push(`${name}: ${text}`);
    const talk = this.talks.get(name);
    if (talk) talk.heard++;
    this.waiter?.();
  }

  private note(slot: string, value: string | undefined): void {
    if (value !== undefined) this.slots.set(slot, value);
  }
}

function portOf(name: LineName, { sip, sipTls, msrp, rest, admin }: WorldPorts): number {
  const ports = { 'sip-udp': sip, 'sip-tcp': sip, msrp, rest, admin };
  if (name in ports) return ports[name as PlainLine];
  return { sip: sipTls, msrp, rest }[name.slice(4) as Secured];
}

function responseTo({ transactionId, toPath, fromPath }: Request, status: number): Frame {
  return {
    kind: 'response',
    transactionId,
    status,
    comment: '',
    toPath: fromPath,
    fromPath: toPath,
    headers: [],
    flag: '$',
  };
}
