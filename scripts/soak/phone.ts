/** One user who writes to a bot and does not give up: what was not acknowledged goes again, with the same Message-ID. */
import type { Handsets } from '../crash/handsets.js';
import type { Chance } from './chance.js';
import { DatagramLine } from './datagram-line.js';
import { chat } from './phone-chat.js';
import { SipLine } from '../crash/callers.js';
import { type Talk, textOf } from './plan.js';

export interface PhoneOptions {
  readonly seed: number;
  readonly talk: Talk;
  /** Of the gateway, over TCP; over UDP through the proxy. */
  readonly sipPort: number;
  readonly datagramPort: number;
  readonly handsets: Handsets;
  readonly chance: Chance;
  /** No message is begun any more; what was begun is brought to its end. */
  readonly ended: () => boolean;
  /** The gateway may have refused one message and taken the next: what is under way when this is so has no order. */
  readonly unsure: () => boolean;
  readonly signal: AbortSignal;
}

/** What the phone knows of its messages, by number. */
export interface Said {
  /** Their numbers run from 0. */
  readonly texts: string[];
  acknowledged: number;
  /** Sent while an earlier one was refused: the phone itself changed the order. */
  readonly unordered: Set<number>;
}

const restMs = 60;
/** Between two messages of one user. */
const pauseMs = 80;

export class Phone {
  readonly said: Said = { texts: [], acknowledged: 0, unordered: new Set() };
  readonly options: PhoneOptions;
  /** Of a chat that is up. */
  breakOff: (() => void) | undefined;

  constructor(options: PhoneOptions) {
    this.options = options;
  }

  /** Resolves once all that was begun is acknowledged, or with the signal. */
  async run(): Promise<void> {
    const { ended, signal } = this.options;
    while (!signal.aborted && !(ended() && this.said.acknowledged === this.said.texts.length)) {
      await this.turn().catch(() => undefined);
      await rest(restMs);
    }
  }

  /** The message of this number, made when it is first wanted; undefined: there is none any more. */
  text(n: number): string | undefined {
    const { seed, talk, ended } = this.options;
    if (n === this.said.texts.length && !ended()) this.said.texts.push(textOf(seed, 'in', talk, n));
    return this.said.texts[n];
  }

  private turn(): Promise<void> {
    switch (this.options.talk.way) {
      case 'session':
        return chat(this);
      case 'standalone':
        return this.page(() => SipLine.open(this.options.sipPort));
      case 'datagram':
        return this.page(() => DatagramLine.open(this.options.datagramPort));
    }
  }

  /** One MESSAGE after another; rejects where one is not taken. */
  private async page(open: () => Promise<SipLine | DatagramLine>): Promise<void> {
    const line = await open();
    this.breakOff = () => line.close();
    try {
      for (let n = this.said.acknowledged; ; n = this.said.acknowledged) {
        const text = this.text(n);
        if (text === undefined || this.options.signal.aborted) return;
        const body = cpimText(this.options.talk, n, text).toString('latin1');
        const answer = await line.ask('MESSAGE', this.options.talk, { type: 'message/cpim', body });
        if (!answer.startsWith('SIP/2.0 2')) throw new Error(answer.slice(0, 40));
        this.said.acknowledged++;
        await rest(pauseMs);
      }
    } finally {
      this.breakOff = undefined;
      line.close();
    }
  }
}

export function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function messageIdOf({ user }: Pick<Talk, 'user'>, n: number): string {
  return `in-${user.slice(1)}-${n}`;
}

/** With the wish to hear of a failure: what is lost must be told (design §2, promise 2). */
export function cpimText(talk: Talk, n: number, text: string): Buffer {
  return Buffer.from(
    [
      'From: <sip:anonymous@anonymous.invalid>',
      'To: <sip:anonymous@anonymous.invalid>',
      'NS: imdn <urn:ietf:params:imdn>',
      `imdn.Message-ID: ${messageIdOf(talk, n)}`,
      'imdn.Disposition-Notification: negative-delivery',
      'DateTime: 2026-11-22T10:00:00Z',
      '',
      'Content-Type: text/plain;charset=UTF-8',
      '',
      text,
    ].join('\r\n'),
    'utf8',
  );
}
