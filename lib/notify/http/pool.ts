/**
 * The connections to one origin, and what waits for one of them.
 *
 *     send ──▶ waits until the end of the turn ──▶ a connection that is free, or a new one ──▶ answered
 *                                                          ▲                                      │
 *                                                          └────────── rests for a turn ◀─────────┘
 *
 * One that was answered rests until the event loop has looked at it once more: what the other side sent behind its
 * answer, its end or octets that nobody asked for, must not meet the next question.
 */
import type { Clock } from '../../clock.js';
import type { AnswerHead } from './answer-reader.js';
import { Connection, type Endpoint, type ExchangeListener } from './connection.js';

export interface PoolOptions {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  readonly maxConnections: number;
}

/** A request on its way. */
export interface Ticket {
  /** Breaks it off: nothing of it is sent any more, or its connection ends. The listener hears nothing after this. */
  cancel(): void;
}

export class Pool {
  private readonly options: PoolOptions;
  private readonly connections = new Set<Connection>();
  /** The one used last goes first: the others may end. */
  private readonly free: Connection[] = [];
  /** Answered in this turn. */
  private resting: Connection[] = [];
  private waiting: Sending[] = [];
  /** For whom a connection is being opened. */
  private readonly opening = new Map<Connection, Sending>();
  private isTurnPlanned = false;
  private isClosed = false;

  constructor(options: PoolOptions) {
    this.options = options;
  }

  /** `text`: the whole request, with its head; it goes out as UTF-8. */
  send(text: string, listener: ExchangeListener): Ticket {
    const sending = new Sending(text, listener);
    this.waiting.push(sending);
    this.planTurn();
    return sending;
  }

  /** Ends all; who waits hears an error. Idempotent. */
  close(): void {
    this.isClosed = true;
    for (const connection of [...this.connections]) connection.end();
    this.failWaiting();
  }

  private planTurn(): void {
    if (this.isTurnPlanned) return;
    this.isTurnPlanned = true;
    setImmediate(() => this.turn());
  }

  private turn(): void {
    this.isTurnPlanned = false;
    if (this.isClosed) {
      this.failWaiting();
      return;
    }
    const nowMs = this.options.clock.now();
    while (this.free[0] && !this.free[0].isUsable(nowMs)) this.free[0].end();
    const rested = this.resting;
    this.waiting = this.waiting.filter((sending) => !sending.isOver && !this.place(sending, nowMs));
    this.resting = [];
    for (const connection of rested) {
      if (connection.isUsable(nowMs)) this.free.push(connection);
      else connection.end();
    }
    if (this.waiting.length > 0 && rested.length > 0) this.planTurn();
  }

  /** False: it has to wait, for one that rests or one that is busy. */
  private place(sending: Sending, nowMs: number): boolean {
    const connection = this.takeFree(nowMs);
    if (connection) sending.on(connection);
    else if (this.resting.length > 0 || this.connections.size >= this.options.maxConnections) return false;
    else this.open(sending);
    return true;
  }

  private takeFree(nowMs: number): Connection | undefined {
    for (let connection = this.free.pop(); connection; connection = this.free.pop()) {
      if (connection.isUsable(nowMs)) return connection;
      connection.end();
    }
    return undefined;
  }

  private open(sending: Sending): void {
    const { endpoint, clock, connectTimeoutMs } = this.options;
    const events = {
      onFree: (connection: Connection) => this.onFree(connection),
      onClosed: (connection: Connection) => this.onClosed(connection),
    };
    const connection = new Connection({ endpoint, clock, connectTimeoutMs, events });
    this.connections.add(connection);
    this.opening.set(connection, sending);
  }

  private onFree(connection: Connection): void {
    const sending = this.opening.get(connection);
    this.opening.delete(connection);
    if (sending && !sending.isOver) {
      sending.on(connection);
      return;
    }
    this.resting.push(connection);
    this.planTurn();
  }

  private onClosed(connection: Connection): void {
    this.connections.delete(connection);
    for (const list of [this.free, this.resting]) {
      const place = list.indexOf(connection);
      if (place >= 0) list.splice(place, 1);
    }
    const sending = this.opening.get(connection);
    this.opening.delete(connection);
    sending?.onError(connection.error);
    if (this.waiting.length > 0) this.planTurn();
  }

  private failWaiting(): void {
    const all = this.waiting;
    this.waiting = [];
    for (const sending of all) sending.onError(new Error('closed'));
  }
}

/** Passes on what comes until it is over: by its end, or because nobody wants to hear it any more. */
class Sending implements Ticket, ExchangeListener {
  isOver = false;
  private readonly text: string;
  private readonly listener: ExchangeListener;
  private connection: Connection | undefined;

  constructor(text: string, listener: ExchangeListener) {
    this.text = text;
    this.listener = listener;
  }

  on(connection: Connection): void {
    this.connection = connection;
    connection.send(this.text, this);
  }

  cancel(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.connection?.end();
  }

  onHead(head: AnswerHead): void {
    if (!this.isOver) this.listener.onHead(head);
  }

  onData(octets: Buffer): void {
    if (!this.isOver) this.listener.onData(octets);
  }

  onEnd(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.listener.onEnd();
  }

  onError(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.listener.onError(error);
  }
}
