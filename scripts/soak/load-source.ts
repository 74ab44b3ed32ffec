/** Sources of load that keep their own time: what is due is sent whether or not the last was answered; a message's clock starts when it was due. */
import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { headerOf, messageText, readMessages } from '../crash/sip-text.js';

export interface Answer {
  /** Of the message, as the far end will see it. */
  readonly id: string;
  readonly accepted: boolean;
  /** SIP and HTTP alike. */
  readonly status: number;
  readonly retryAfter: boolean;
  readonly ms: number;
  readonly dueMs: number;
}

export interface Source {
  /** Sends one message that was due at `dueMs`; resolves with its answer. */
  send(dueMs: number): Promise<Answer>;
  close(): void;
}

export interface Target {
  readonly port: number;
  readonly bots: readonly string[];
  readonly users: number;
}

/** Of users' MESSAGEs over several TCP connections, as a hub sends them. */
export async function sipSource({ port, bots, users }: Target, connections = 8): Promise<Source> {
  const waiting = new Map<string, (text: string) => void>();
  const sockets = await Promise.all(Array.from({ length: connections }, () => opened(port)));
  for (const socket of sockets) {
    readMessages(socket, (text) => {
      const callId = headerOf(text, 'Call-ID') ?? '';
      waiting.get(callId)?.(text);
      waiting.delete(callId);
    });
  }
  let n = 0;
  return {
    send(dueMs) {
      const user = `+1555${String(2_000_000 + (n % users))}`;
      const bot = bots[n % bots.length] ?? '';
      const socket = sockets[n++ % connections];
      const id = randomUUID();
      return new Promise((resolve) => {
        waiting.set(id, (text) =>
          resolve(answerOf(id, Number(text.slice(8, 11)), headerOf(text, 'Retry-After'), dueMs)),
        );
        socket?.write(messageOf({ id, user, bot }), 'latin1');
      });
    },
    close: () => sockets.forEach((socket) => socket.destroy()),
  };
}

function messageOf({ id, user, bot }: { id: string; user: string; bot: string }): string {
  const lines = [
    `Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK${id}`,
    'Max-Forwards: 70',
    `From: <tel:${user}>;tag=load`,
    `To: <${bot}>`,
    `Call-ID: ${id}`,
    'CSeq: 1 MESSAGE',
    `P-Asserted-Identity: <tel:${user}>`,
    'Content-Type: message/cpim',
  ];
  const body =
    'From: <sip:anonymous@anonymous.invalid>\r\nTo: <sip:anonymous@anonymous.invalid>\r\nNS: imdn <urn:ietf:params:imdn>\r\n' +
    `imdn.Message-ID: ${id}\r\nDateTime: 2026-11-22T10:00:00Z\r\n\r\nContent-Type: text/plain;charset=UTF-8\r\n\r\nhello`;
  return messageText(`MESSAGE ${bot} SIP/2.0`, lines, body);
}

export interface RestTarget extends Target {
  readonly key: string;
}

/** Of bots' POSTs over keep-alive connections, one request at a time on each; what finds none free waits here. */
export function restSource(target: RestTarget, connections = 128): Source {
  const idle = Array.from({ length: connections }, () => new HttpLine(target.port));
  const all = [...idle];
  const queue: { readonly text: string; readonly take: (head: string) => void }[] = [];
  const next = (): void => {
    for (let line = idle.pop(); line; line = idle.pop()) {
      const job = queue.shift();
      if (!job) {
        idle.push(line);
        return;
      }
      const used = line;
      void used.ask(job.text).then((head) => {
        job.take(head);
        idle.push(used);
        next();
      });
    }
  };
  let n = 0;
  return {
    send(dueMs) {
      const text = postOf(target, n++);
      return new Promise((resolve) => {
        const take = (head: string): void => {
          const id = /^location: .*\/([^/\r]+)\r/im.exec(head)?.[1] ?? '';
          resolve(answerOf(id, Number(head.slice(9, 12)), /^retry-after: (.*)\r/im.exec(head)?.[1], dueMs));
        };
        queue.push({ text, take });
        next();
      });
    },
    close: () => all.forEach((line) => line.close()),
  };
}

function postOf({ bots, users, key }: RestTarget, n: number): string {
  const bot = encodeURIComponent(bots[n % bots.length] ?? '');
  const body = JSON.stringify({ chatMessage: { text: `hello ${n}` } });
  return (
    `POST /chat/v1/${bot}/oneToOne/tel%3A%2B1555${2_000_000 + (n % users)}/adhoc/messages HTTP/1.1\r\n` +
    `Host: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}

class HttpLine {
  private readonly port: number;
  private socket: Socket | undefined;
  private text = '';
  private waiting: ((head: string) => void) | undefined;

  constructor(port: number) {
    this.port = port;
  }

  /** Opened when it is wanted: the server closes what is idle. */
  async ask(text: string): Promise<string> {
    if (!this.socket || this.socket.destroyed) {
      this.socket = await opened(this.port);
      this.text = '';
      this.socket.on('data', (bytes: Buffer) => this.read(bytes.toString('latin1')));
      // Closed in the midst of a request: no answer, and no Retry-After.
      this.socket.on('close', () => this.waiting?.('HTTP/1.1 000 closed\r\n'));
    }
    const { socket } = this;
    return new Promise((resolve) => {
      this.waiting = resolve;
      socket.write(text);
    });
  }

  close(): void {
    this.socket?.destroy();
  }

  private read(more: string): void {
    this.text += more;
    const end = this.text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.text.slice(0, end + 2);
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    if (this.text.length < end + 4 + length) return;
    this.text = this.text.slice(end + 4 + length);
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.(head);
  }
}

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.setNoDelay(true);
  return socket;
}

function answerOf(id: string, status: number, retryAfter: string | undefined, dueMs: number): Answer {
  return {
    id,
    accepted: status >= 200 && status < 300,
    status,
    retryAfter: retryAfter !== undefined,
    ms: performance.now() - dueMs,
    dueMs,
  };
}

/** Sends `perS` for so long, evenly; resolves with all answers once they are in. */
export async function openLoop(source: Source, perS: number, seconds: number): Promise<readonly Answer[]> {
  const beganMs = performance.now();
  const answers: Promise<Answer>[] = [];
  const total = Math.round(perS * seconds);
  while (answers.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - beganMs) * perS) / 1000));
    while (answers.length < due) answers.push(source.send(beganMs + ((answers.length + 1) * 1000) / perS));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return Promise.all(answers);
}

/** Keeps `window` under way for so long. */
export async function closedLoop(source: Source, window: number, seconds: number): Promise<readonly Answer[]> {
  const endMs = performance.now() + seconds * 1000;
  const answers: Answer[] = [];
  const one = async (): Promise<void> => {
    while (performance.now() < endMs) answers.push(await source.send(performance.now()));
  };
  await Promise.all(Array.from({ length: window }, one));
  return answers;
}
