/** What one flow hears of the gateway, in order on each channel, and the sockets that it speaks on. */
import type { Socket } from 'node:net';
import type { Channel } from './flow.js';

export interface Heard {
  readonly text: string;
  /** Where an answer to it goes. */
  readonly socket?: Socket;
}

/** Until the gateway says what a flow expects next. */
const patienceMs = 4_000;

export class Line {
  /** All that is said in the flow holds them. */
  readonly digits: string;
  private readonly heard: Readonly<Record<Channel, Heard[]>> = { sip: [], msrp: [], rest: [], callback: [] };
  private readonly waiting = new Map<Channel, (heard: Heard) => void>();

  constructor(digits: string) {
    this.digits = digits;
  }

  put(channel: Channel, heard: Heard): void {
    const waiter = this.waiting.get(channel);
    this.waiting.delete(channel);
    if (waiter) waiter(heard);
    else this.heard[channel].push(heard);
  }

  next(channel: Channel): Promise<Heard> {
    const heard = this.heard[channel].shift();
    if (heard) return Promise.resolve(heard);
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.waiting.delete(channel);
        reject(new Error(`nothing was said by ${channel}; unread are: ${this.unread.join(' | ') || 'none'}`));
      }, patienceMs);
      this.waiting.set(channel, (found) => {
        clearTimeout(late);
        resolve(found);
      });
    });
  }

  /** What came and no step expects: the beginning of each. */
  get unread(): readonly string[] {
    return Object.entries(this.heard).flatMap(([channel, list]) =>
      list.map(({ text }) => `${channel}: ${text.slice(0, 120)}`),
    );
  }
}
