/** One MSRP session: its binding to a connection, what it sends and takes, how it ends (RFC 4975 §5.4). */
import type { Timer } from '../clock.js';
import { PeerError } from '../errors.js';
import type { Frame, Request, Response } from '../wire/msrp/frame.js';
import { sessionIdOfPath } from '../wire/msrp/uri.js';
import type {
  ClosedReason,
  MsrpSession,
  OutboundMessage,
  RemoteEnd,
  SendOutcome,
  SessionOptions,
  SessionState,
} from './api.js';
import type { AssemblyBudget } from './chunk-assembler.js';
import { ChunkSender } from './chunk-sender.js';
import type { Connection } from './connection.js';
import { MessageReceiver } from './message-receiver.js';
import type { MsrpDeps, MsrpOptions } from './options.js';
import { readReport, responseTo } from './reports.js';
import type { SessionTable, TableSession } from './session-table.js';
import { fingerprintFits } from './tls.js';
import { traceEvent } from './trace-event.js';
import type { Target } from './transport.js';

export interface SessionParts {
  readonly id: string;
  readonly paths: readonly string[];
  readonly options: MsrpOptions;
  readonly deps: MsrpDeps;
  readonly budget: AssemblyBudget;
  readonly table: SessionTable;
  readonly connect: (target: Target) => Promise<Connection>;
}

/**
 * ```
 *        start(active)                    connected
 * idle ───────────────────> connecting ──────────────┐
 *  │ │ start(passive)                   peer's SEND   v   connection dies (active, or twice too long)
 *  │ └────────────────────> awaiting ─────────────> bound ──────────────────────────> closed
 *  │                          ^  │ time is up         │  ^                               ^
 *  │   peer's SEND            │  └───────────────────────────────────────────────────── ┤
 *  └──(before the answer)─────│──────────────────────────┘   connection dies (passive)  │
 *                             └───────────────────────┘                                 │
 *  any ── close(), connect failed, transaction timeout, 481, 506 ───────────────────────┘
 * ```
 */
type State =
  | { readonly kind: 'idle' | 'connecting' | 'closed' }
  | { readonly kind: 'awaiting'; readonly timer: Timer }
  | { readonly kind: 'bound'; readonly connection: Connection };

export class Session implements MsrpSession, TableSession {
  readonly id: string;
  readonly paths: readonly string[];
  private readonly parts: SessionParts;
  private readonly delegate: SessionOptions['delegate'];
  private readonly sender: ChunkSender;
  private readonly receiver: MessageReceiver;
  private current: State = { kind: 'idle' };
  private remote: RemoteEnd | undefined;
  /** Of the peer: negotiated, or learnt from its first SEND. */
  private peerPath = '';
  private ownPath: string;

  constructor(parts: SessionParts, { acceptTypes, delegate }: SessionOptions) {
    const { options, deps, budget } = parts;
    const { clock, metrics } = deps;
    this.parts = parts;
    this.id = parts.id;
    this.paths = parts.paths;
    this.delegate = delegate;
    this.ownPath = this.localPath;
    const newTransactionId = transactionIds(deps.randomId());
    const onLimit = (limit: string): void =>
      metrics.count('limit_reached_total', { limit: `msrp.${limit}` }, 1, this.connection?.peer);
    this.receiver = new MessageReceiver({
      options,
      clock,
      metrics,
      budget,
      acceptTypes,
      delegate,
      newTransactionId,
      onLimit,
      reply: (frame, connection) => this.transmit(frame, connection),
    });
    this.sender = new ChunkSender(options, {
      clock,
      newTransactionId,
      ready: () => this.connection?.hasRoom === true,
      transmit: (request) => this.connection && this.transmit(request, this.connection),
      paths: () => ({ toPath: this.peerPath, fromPath: this.ownPath }),
      onLimit,
      onSettled: (outcome) =>
        metrics.count('msrp_messages_total', { direction: 'outbound', status: statusOf(outcome) }),
      onBroken: (reason) => this.finish(reason),
    });
  }

  get localPath(): string {
    return this.paths[0] ?? '';
  }

  get state(): SessionState {
    return this.current.kind;
  }

  get receiving(): boolean {
    return this.receiver.receiving;
  }

  get connection(): Connection | undefined {
    return this.current.kind === 'bound' ? this.current.connection : undefined;
  }

  async start(remote: RemoteEnd): Promise<void> {
    if (this.current.kind === 'closed') throw new PeerError('msrp', 481, 'session is closed', 'ours');
    const path = remote.path.join(' ');
    const moved = this.remote !== undefined && path !== this.peerPath;
    if (this.remote && !moved) return;
    const early = this.connection;
    if (early && (moved || !this.isPeer(remote, this.peerPath, early))) this.unbind(early);
    this.remote = remote;
    this.peerPath = path;
    this.ownPath = this.ownPathFor(remote);
    if (this.current.kind === 'bound') return;
    if (remote.role === 'active') return this.connectTo(remote);
    this.awaitBinding('not-bound', this.parts.options.bindTimeoutMs);
  }

  send(message: OutboundMessage): Promise<SendOutcome> {
    return this.sender.send(message);
  }

  close(): void {
    this.end('closed-here');
  }

  accept(request: Request, connection: Connection): boolean {
    if (this.current.kind === 'closed') return false;
    if (this.remote && !this.isPeer(this.remote, request.fromPath, connection)) return false;
    if (!this.remote) {
      this.peerPath = request.fromPath;
      this.ownPath = request.toPath;
    }
    this.bind(connection);
    this.sender.pump();
    return true;
  }

  onRequest(request: Request, connection: Connection): void {
    this.trace('in', request, connection);
    switch (request.method) {
      case 'SEND': {
        this.receiver.onSend(request, connection);
        return;
      }
      case 'REPORT': {
        this.onReport(request);
        return;
      }
      default: {
        this.transmit(responseTo(request, 501, 'Method not understood'), connection);
        return;
      }
    }
  }

  onResponse(response: Response): void {
    if (this.connection) this.trace('in', response, this.connection);
    this.sender.onResponse(response);
  }

  onRoom(): void {
    this.sender.pump();
  }

  onConnectionClosed(): void {
    if (this.current.kind !== 'bound') return;
    this.current = { kind: 'idle' };
    this.sender.lose(false);
    if (!this.remote) return;
    if (this.remote.role === 'active') {
      this.finish('connection-lost');
      return;
    }
    this.awaitBinding('connection-lost', this.parts.options.rebindTimeoutMs);
  }

  private async connectTo({ connect, secure = false }: RemoteEnd): Promise<void> {
    const attempt: State = { kind: 'connecting' };
    this.current = attempt;
    try {
      const connection = await this.parts.connect({ ...connect, secure });
      // Meanwhile closed, moved, or bound by the peer: ours is not needed.
      if (this.current !== attempt) {
        connection.end();
        return;
      }
      if (this.remote && !fingerprintFits(this.remote, connection.fingerprints)) {
        connection.end();
        throw new PeerError('msrp', 408, 'certificate does not match the fingerprint');
      }
      this.bind(connection);
      this.sender.bind();
      this.sender.pump();
    } catch (error) {
      // Where it has moved meanwhile, or the peer has come, that decides.
      if (this.current !== attempt && this.state !== 'closed') return;
      this.finish('connect-failed');
      throw error;
    }
  }

  private bind(connection: Connection): void {
    if (this.current.kind === 'awaiting') this.current.timer.close();
    this.current = { kind: 'bound', connection };
    this.parts.table.bind(this, connection);
    this.delegate.onBound?.();
  }

  /** The media has moved, or was never this peer's: what is unanswered goes again, to where it is now. */
  private unbind(connection: Connection): void {
    this.current = { kind: 'idle' };
    this.sender.restart();
    this.parts.table.unbind(this, connection, true);
  }

  private awaitBinding(reason: ClosedReason, timeoutMs: number): void {
    if (this.current.kind === 'awaiting') this.current.timer.close();
    this.current = { kind: 'awaiting', timer: this.parts.deps.clock.after(timeoutMs, () => this.finish(reason)) };
  }

  /** The end that the application did not ask for. */
  private finish(reason: ClosedReason): void {
    if (this.end(reason)) this.delegate.onClosed(reason);
  }

  private end(reason: ClosedReason | 'closed-here'): boolean {
    const before = this.current;
    if (before.kind === 'closed') return false;
    if (before.kind === 'awaiting') before.timer.close();
    this.current = { kind: 'closed' };
    this.parts.deps.metrics.count('msrp_sessions_closed_total', { reason });
    this.parts.table.remove(this);
    this.sender.lose(true);
    // Who connected hangs up, and so do we on a peer that does not answer; else the peer may use its connection again.
    const hangUp = this.remote?.role === 'active' || reason === 'transaction-timeout';
    this.receiver.close(() => {
      if (before.kind === 'bound') this.parts.table.unbind(this, before.connection, hangUp);
    });
    return true;
  }

  /** By session-id alone: SBCs rewrite hosts, and with CEMA they must not count (RFC 6714 §5.3). */
  private isPeer(remote: RemoteEnd, fromPath: string, connection: Connection): boolean {
    const fits =
      sessionIdOfPath(fromPath) === sessionIdOfPath(remote.path.at(-1) ?? '') &&
      fingerprintFits(remote, connection.fingerprints);
    if (!fits) this.parts.deps.metrics.count('msrp_stray_total', { kind: 'peer' });
    return fits;
  }

  private ownPathFor(remote: RemoteEnd): string {
    const scheme = remote.secure ? 'msrps:' : 'msrp:';
    if (this.ownPath.startsWith(scheme)) return this.ownPath;
    return this.paths.find((path) => path.startsWith(scheme)) ?? this.ownPath;
  }

  private onReport(request: Request): void {
    const report = readReport(request);
    if (!report) this.parts.deps.metrics.count('msrp_stray_total', { kind: 'report' });
    else if (report.status !== 200) this.sender.onFailureReport(report);
  }

  private transmit(frame: Frame, connection: Connection): void {
    if (connection.send(frame)) this.trace('out', frame, connection);
  }

  private trace(direction: 'in' | 'out', frame: Frame, connection: Connection): void {
    const { trace, clock } = this.parts.deps;
    if (!trace) return;
    const { traceContent } = this.parts.options;
    trace(traceEvent(frame, { atMs: clock.now(), direction, peer: connection.peer, key: this.id }, traceContent));
  }
}

/** 64 random bits and a count: no content can hold an end-line of ours but by chance (RFC 4975 §7.1). */
function transactionIds(random: string): () => string {
  const prefix = random.slice(0, 16);
  let count = 0;
  return () => `${prefix}${(count++).toString(36)}`;
}

/** As a label. */
function statusOf(outcome: SendOutcome): string {
  switch (outcome.kind) {
    case 'accepted':
      return '200';
    case 'refused':
      return String(outcome.status);
    case 'lost':
      return 'lost';
  }
}
