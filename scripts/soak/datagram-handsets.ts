/** Phones that are reached by datagrams: MESSAGE once per transaction, its answer again for each retransmission (RFC 3261 §17.2.2). */
import { createSocket, type RemoteInfo } from 'node:dgram';
import { type Handsets, userOf } from '../crash/handsets.js';
import { headerOf, respondTo } from '../crash/sip-text.js';

const keptAnswers = 5000;

export class DatagramHandsets {
  private readonly handsets: Handsets;
  private readonly socket = createSocket('udp4');
  /** Via branch → answer; empty: stays silent. */
  private readonly answers = new Map<string, string>();

  constructor(handsets: Handsets) {
    this.handsets = handsets;
    this.socket.on('message', (bytes, from) => this.read(bytes.toString('latin1'), from));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.socket.bind(0, '127.0.0.1', resolve));
  }

  get port(): number {
    return this.socket.address().port;
  }

  close(): void {
    this.socket.close();
  }

  private read(text: string, { port }: RemoteInfo): void {
    if (text.startsWith('SIP/2.0')) return;
    const branch = /branch=([^;\s,]+)/.exec(headerOf(text, 'Via') ?? '')?.[1] ?? '';
    const answer = this.answers.get(branch) ?? this.answer(text);
    this.answers.set(branch, answer);
    const [oldest] = this.answers.keys();
    if (this.answers.size > keptAnswers && oldest !== undefined) this.answers.delete(oldest);
    if (answer !== '') this.socket.send(Buffer.from(answer, 'latin1'), port, '127.0.0.1');
  }

  private answer(text: string): string {
    if (!text.startsWith('MESSAGE ')) return respondTo(text, '200 OK');
    const user = userOf(text);
    const fate = this.handsets.fate?.('MESSAGE', user, text) ?? { kind: 'takes' };
    const body = Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1');
    switch (fate.kind) {
      case 'takes':
        this.handsets.take(user, 'pager', body);
        return respondTo(text, '200 OK');
      case 'vanishes':
        if (fate.taken) this.handsets.take(user, 'pager', body);
        return '';
      case 'ignores':
        return '';
      case 'refuses':
        return respondTo(text, fate.status, { lines: fate.lines ?? [] });
    }
  }
}
