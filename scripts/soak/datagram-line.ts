/** SIP over UDP as a user agent client speaks it: a non-INVITE request is sent again until it is answered (RFC 3261 §17.1.2, timers E and F). */
import { randomUUID } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import type { Pair, RequestParts } from '../crash/callers.js';
import { messageText } from '../crash/sip-text.js';

const t1Ms = 300;
const t2Ms = 2400;
const giveUpMs = 9000;

export class DatagramLine {
  private readonly socket: Socket;
  private readonly port: number;
  private waiting: { branch: string; resolve: (answer: string) => void; reject: (error: Error) => void } | undefined;

  private constructor(socket: Socket, port: number) {
    this.socket = socket;
    this.port = port;
    socket.on('message', (bytes) => this.read(bytes.toString('latin1')));
    socket.on('error', () => undefined);
  }

  static async open(port: number): Promise<DatagramLine> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new DatagramLine(socket, port);
  }

  /** Rejects where no final answer came in time. */
  async ask(method: string, { bot, user }: Pair, { type = '', body = '' }: RequestParts): Promise<string> {
    const branch = `z9hG4bK${randomUUID()}`;
    const lines = [
      `Via: SIP/2.0/UDP 127.0.0.1:${this.socket.address().port};branch=${branch};rport`,
      'Max-Forwards: 70',
      `From: <tel:${user}>;tag=datagram`,
      `To: <${bot}>`,
      `Call-ID: ${randomUUID()}`,
      `CSeq: 1 ${method}`,
      `P-Asserted-Identity: <tel:${user}>`,
      `Content-Type: ${type}`,
    ];
    const bytes = Buffer.from(messageText(`${method} ${bot} SIP/2.0`, lines, body), 'latin1');
    let retransmission: NodeJS.Timeout | undefined;
    let timeout: NodeJS.Timeout | undefined;
    const send = (intervalMs: number): void => {
      this.socket.send(bytes, this.port, '127.0.0.1');
      retransmission = setTimeout(() => send(Math.min(2 * intervalMs, t2Ms)), intervalMs);
    };
    try {
      return await new Promise<string>((resolve, reject) => {
        this.waiting = { branch, resolve, reject };
        timeout = setTimeout(() => reject(new Error('timer F')), giveUpMs);
        send(t1Ms);
      });
    } finally {
      clearTimeout(retransmission);
      clearTimeout(timeout);
    }
  }

  close(): void {
    this.waiting?.reject(new Error('closed'));
    this.waiting = undefined;
    try {
      this.socket.close();
    } catch {
      // Closed before: a break and the end of the turn may both close it.
    }
  }

  private read(text: string): void {
    if (!this.waiting || !text.includes(this.waiting.branch) || text.startsWith('SIP/2.0 1')) return;
    const { resolve } = this.waiting;
    this.waiting = undefined;
    resolve(text);
  }
}
