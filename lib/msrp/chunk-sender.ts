/** Messages → SEND chunks, interleaved; answers → outcomes (RFC 4975 §7.1, §7.1.3). */
import type { Clock, Timer } from '../clock.js';
import { printByteRange } from '../wire/msrp/byte-range.js';
import type { HeaderLine, Request, Response } from '../wire/msrp/frame.js';
import type { OutboundMessage, SendOutcome } from './api.js';
import type { MsrpOptions } from './options.js';
import type { Report } from './reports.js';

export type SenderLimits = Pick<
  MsrpOptions,
  'chunkBytes' | 'maxUnansweredChunks' | 'maxQueuedMessages' | 'maxQueuedBytes' | 'transactionTimeoutMs'
>;

/** The session, as the sender needs it. */
export interface SenderPort {
  readonly clock: Clock;
  /** Whether a chunk may go out now: bound, and the connection takes more. */
  ready(): boolean;
  transmit(request: Request): void;
  newTransactionId(): string;
  paths(): { readonly toPath: string; readonly fromPath: string };
  /** A message was refused for this limit. */
  onLimit(limit: keyof SenderLimits): void;
  /** What became of a message that was taken to be sent. */
  onSettled(outcome: SendOutcome): void;
  /** No answer in time, or the peer does not know the session: it ends. */
  onBroken(reason: 'transaction-timeout' | 'unknown-to-peer'): void;
}

interface Sending {
  readonly message: OutboundMessage;
  readonly settle: (outcome: SendOutcome) => void;
  /** Octets sent. */
  offset: number;
  unanswered: number;
  settled: boolean;
}

interface Transaction {
  /** undefined: the SEND that binds. */
  readonly sending: Sending | undefined;
  readonly deadlineMs: number;
}

/** Of one session: so many messages, the last ones, can still be reported as failed. */
const maxReportable = 100;

const messageIdForm = /^[0-9A-Za-z][0-9A-Za-z.\-+%=]{3,31}$/;
const contentTypeForm = /^[!-~][ -~]{0,254}$/;

export class ChunkSender {
  private readonly limits: SenderLimits;
  private readonly port: SenderPort;
  /** Messages with chunks to send; each sends one in its turn, so that a long one holds up no other. */
  private readonly queue: Sending[] = [];
  private queuedBytes = 0;
  /** In the order of their deadlines, since all wait equally long. */
  private readonly transactions = new Map<string, Transaction>();
  private unanswered = 0;
  /** Of messages that were accepted: whom a REPORT of their failure is told to. */
  private readonly reportable = new Map<string, NonNullable<OutboundMessage['onLateFailure']>>();
  private timer: Timer | undefined;
  private closed = false;

  constructor(limits: SenderLimits, port: SenderPort) {
    this.limits = limits;
    this.port = port;
  }

  send(message: OutboundMessage): Promise<SendOutcome> {
    if (!messageIdForm.test(message.messageId)) return Promise.reject(new TypeError('malformed messageId'));
    if (!contentTypeForm.test(message.contentType)) return Promise.reject(new TypeError('malformed contentType'));
    if (this.closed) return Promise.resolve({ kind: 'lost' });
    const { maxQueuedMessages, maxQueuedBytes } = this.limits;
    const waiting = this.queue.length + this.transactions.size;
    const isLong = waiting >= maxQueuedMessages;
    if (isLong || this.queuedBytes + message.content.length > maxQueuedBytes) {
      this.port.onLimit(isLong ? 'maxQueuedMessages' : 'maxQueuedBytes');
      return Promise.resolve({ kind: 'refused', status: 408, comment: 'too much is waiting to be sent' });
    }
    return new Promise((settle) => {
      this.queue.push({ message, settle, offset: 0, unanswered: 0, settled: false });
      this.queuedBytes += message.content.length;
      this.pump();
    });
  }

  /** The empty SEND by which the active side binds connection and session (RFC 4975 §5.4). */
  bind(): void {
    const transactionId = this.port.newTransactionId();
    this.await(transactionId, undefined);
    this.port.transmit({
      kind: 'request',
      method: 'SEND',
      transactionId,
      ...this.port.paths(),
      headers: [
        ['Message-ID', transactionId],
        ['Byte-Range', '1-0/0'],
      ],
      body: undefined,
      flag: '$',
    });
  }

  /** Sends what may be sent. */
  pump(): void {
    while (this.queue.length > 0 && this.unanswered < this.limits.maxUnansweredChunks && this.port.ready()) {
      const sending = this.queue.shift();
      if (sending && !sending.settled) this.sendChunk(sending);
    }
  }

  onResponse(response: Response): void {
    const transaction = this.transactions.get(response.transactionId);
    if (!transaction) return;
    this.transactions.delete(response.transactionId);
    const { sending } = transaction;
    if (sending) this.countAnswer(sending);
    const { status, comment } = response;
    // RFC 4975 §10.2, §10.8: the peer has no such session, or has it on another connection.
    if (status === 481 || status === 506) {
      if (sending) this.settle(sending, { kind: 'lost' });
      this.port.onBroken('unknown-to-peer');
      return;
    }
    if (sending && status !== 200) this.settle(sending, { kind: 'refused', status, comment });
    else if (sending && isDone(sending)) this.settle(sending, { kind: 'accepted' });
    this.pump();
  }

  /** A failure REPORT speaks for a message of which chunks may still be under way, or of which all are answered (RFC 4975 §7.1.2). */
  onFailureReport({ messageId, status, comment }: Report): void {
    const isIt = (sending: Sending | undefined): boolean => sending?.message.messageId === messageId;
    const queued = this.queue.find(isIt);
    const awaited = [...this.transactions.values()].find(({ sending }) => isIt(sending));
    const sending = queued ?? awaited?.sending;
    if (sending) {
      this.settle(sending, { kind: 'refused', status, comment });
      return;
    }
    const tell = this.reportable.get(messageId);
    this.reportable.delete(messageId);
    tell?.({ status, comment });
  }

  /** What is not answered as a whole begins anew, in its order, once there is a connection again. */
  restart(): void {
    for (const sending of this.takeAll()) {
      if (sending.settled) continue;
      sending.offset = 0;
      sending.unanswered = 0;
      this.queue.push(sending);
    }
  }

  /** Everything that has no answer yet is lost. With `forGood` nothing is taken any more. */
  lose(forGood: boolean): void {
    this.closed ||= forGood;
    for (const sending of this.takeAll()) this.settle(sending, { kind: 'lost' });
  }

  /** What has been begun first, then what waits; nothing is under way behind this. */
  private takeAll(): ReadonlySet<Sending> {
    this.timer?.close();
    this.timer = undefined;
    const sendings = new Set<Sending>();
    for (const { sending } of this.transactions.values()) if (sending) sendings.add(sending);
    for (const sending of this.queue.splice(0)) sendings.add(sending);
    this.transactions.clear();
    this.unanswered = 0;
    return sendings;
  }

  private sendChunk(sending: Sending): void {
    const { message, offset } = sending;
    const total = message.content.length;
    const end = Math.min(offset + this.limits.chunkBytes, total);
    const last = end === total;
    const transactionId = this.port.newTransactionId();
    sending.offset = end;
    if (!last) this.queue.push(sending);
    if (message.failureReport !== 'no') this.await(transactionId, sending);
    this.port.transmit({
      kind: 'request',
      method: 'SEND',
      transactionId,
      ...this.port.paths(),
      headers: headersOf(message, printByteRange({ start: offset + 1, end, total })),
      body: message.content.subarray(offset, end),
      flag: last ? '$' : '+',
    });
    if (last && message.failureReport === 'no') this.settle(sending, { kind: 'accepted' });
  }

  private await(transactionId: string, sending: Sending | undefined): void {
    const { transactionTimeoutMs } = this.limits;
    this.transactions.set(transactionId, { sending, deadlineMs: this.port.clock.now() + transactionTimeoutMs });
    if (sending) {
      sending.unanswered++;
      // A partial one has no answer while all is well: it cannot hold the window.
      if (sending.message.failureReport !== 'partial') this.unanswered++;
    }
    this.timer ??= this.port.clock.after(transactionTimeoutMs, () => this.checkDeadlines());
  }

  private countAnswer(sending: Sending): void {
    sending.unanswered--;
    if (sending.message.failureReport !== 'partial') this.unanswered--;
  }

  /** One timer for all: at the oldest deadline it looks for the next. */
  private checkDeadlines(): void {
    this.timer = undefined;
    const nowMs = this.port.clock.now();
    for (const [transactionId, { sending, deadlineMs }] of this.transactions) {
      if (deadlineMs > nowMs) {
        this.timer = this.port.clock.after(deadlineMs - nowMs, () => this.checkDeadlines());
        return;
      }
      if (sending?.message.failureReport !== 'partial') {
        this.port.onBroken('transaction-timeout');
        return;
      }
      this.transactions.delete(transactionId);
      this.countAnswer(sending);
      if (isDone(sending)) this.settle(sending, { kind: 'accepted' });
    }
  }

  private settle(sending: Sending, outcome: SendOutcome): void {
    if (sending.settled) return;
    sending.settled = true;
    this.queuedBytes -= sending.message.content.length;
    if (outcome.kind === 'accepted') this.mayBeReported(sending.message);
    this.port.onSettled(outcome);
    sending.settle(outcome);
  }

  private mayBeReported({ messageId, onLateFailure }: OutboundMessage): void {
    if (!onLateFailure) return;
    this.reportable.set(messageId, onLateFailure);
    const [oldest] = this.reportable.keys();
    if (this.reportable.size > maxReportable && oldest !== undefined) this.reportable.delete(oldest);
  }
}

function isDone({ offset, unanswered, message }: Sending): boolean {
  return unanswered === 0 && offset === message.content.length;
}

function headersOf(message: OutboundMessage, byteRange: string): readonly HeaderLine[] {
  const headers: HeaderLine[] = [['Message-ID', message.messageId]];
  if (message.failureReport && message.failureReport !== 'yes') headers.push(['Failure-Report', message.failureReport]);
  headers.push(['Byte-Range', byteRange], ['Content-Type', message.contentType]);
  return headers;
}
