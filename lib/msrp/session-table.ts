/** To-Path → session; which connection carries which sessions (RFC 4975 §5.4, §7.3, §10.8). */
import type { Clock, Timer } from '../clock.js';
import type { Metrics } from '../metrics.js';
import type { Frame, Request, Response } from '../wire/msrp/frame.js';
import { reportFlagsOf } from '../wire/msrp/report-flags.js';
import { sessionIdOfPath } from '../wire/msrp/uri.js';
import type { Connection } from './connection.js';
import { isAnswered, responseTo } from './reports.js';

/** A session, as the table sees it. */
export interface TableSession {
  readonly id: string;
  close(): void;
  readonly connection: Connection | undefined;
  /** Binds if the peer is the one negotiated; false: 481. */
  accept(request: Request, connection: Connection): boolean;
  onRequest(request: Request, connection: Connection): void;
  onResponse(response: Response): void;
  onRoom(): void;
  onConnectionClosed(): void;
}

interface Binding {
  readonly sessions: Set<TableSession>;
  /** The last To-Path and its session: mostly the next frame's, too. */
  lastToPath: string;
  lastSession: TableSession | undefined;
  /** Runs while no session is bound. */
  timer: Timer | undefined;
}

export interface TableParts {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly unboundTimeoutMs: number;
}

export class SessionTable {
  private readonly parts: TableParts;
  private readonly sessions = new Map<string, TableSession>();
  private readonly bindings = new Map<Connection, Binding>();

  constructor(parts: TableParts) {
    this.parts = parts;
  }

  get size(): number {
    return this.sessions.size;
  }

  all(): readonly TableSession[] {
    return [...this.sessions.values()];
  }

  add(session: TableSession): void {
    this.sessions.set(session.id, session);
  }

  remove(session: TableSession): void {
    this.sessions.delete(session.id);
  }

  onOpen(connection: Connection): void {
    const binding: Binding = { sessions: new Set(), lastToPath: '', lastSession: undefined, timer: undefined };
    this.bindings.set(connection, binding);
    this.startTimer(connection, binding);
  }

  bind(session: TableSession, connection: Connection): void {
    const binding = this.bindings.get(connection);
    if (!binding) return;
    binding.sessions.add(session);
    binding.timer?.close();
    binding.timer = undefined;
  }

  /** Where nothing else uses the connection it is closed (`closeIdle`), or has its time to be used again. */
  unbind(session: TableSession, connection: Connection, closeIdle: boolean): void {
    const binding = this.bindings.get(connection);
    if (!binding?.sessions.delete(session)) return;
    if (binding.lastSession === session) binding.lastSession = undefined;
    if (binding.sessions.size > 0) return;
    if (closeIdle) connection.end();
    else this.startTimer(connection, binding);
  }

  onFrame(frame: Frame, connection: Connection): void {
    const session = this.find(frame.toPath, connection);
    if (frame.kind === 'response') {
      if (session?.connection === connection) session.onResponse(frame);
      else this.parts.metrics.count('msrp_stray_total', { kind: 'response' });
      return;
    }
    if (session?.connection === connection) {
      session.onRequest(frame, connection);
      return;
    }
    this.bindAndHandle(frame, session, connection);
  }

  onRoom(connection: Connection): void {
    for (const session of this.bindings.get(connection)?.sessions ?? []) session.onRoom();
  }

  onClosed(connection: Connection): void {
    const binding = this.bindings.get(connection);
    this.bindings.delete(connection);
    binding?.timer?.close();
    for (const session of binding?.sessions ?? []) session.onConnectionClosed();
  }

  private bindAndHandle(request: Request, session: TableSession | undefined, connection: Connection): void {
    if (!session) {
      this.refuse(request, connection, { status: 481, comment: 'No such session' });
      return;
    }
    // A connection that is dead holds nobody (RFC 4975 §5.4); one that lives does.
    if (session.connection?.open) {
      this.refuse(request, connection, { status: 506, comment: 'Session is on another connection' });
      return;
    }
    if (!session.accept(request, connection)) {
      this.refuse(request, connection, { status: 481, comment: 'Not the peer of this session' });
      return;
    }
    session.onRequest(request, connection);
  }

  private refuse(request: Request, connection: Connection, verdict: { status: number; comment: string }): void {
    this.parts.metrics.count('msrp_refused_total', { status: String(verdict.status) });
    // A REPORT is never answered (RFC 4975 §7.1.2).
    if (request.method === 'REPORT' || !isAnswered(reportFlagsOf(request), verdict.status)) return;
    connection.send(responseTo(request, verdict.status, verdict.comment));
  }

  private find(toPath: string, connection: Connection): TableSession | undefined {
    const binding = this.bindings.get(connection);
    if (!binding) return undefined;
    if (binding.lastSession && binding.lastToPath === toPath) return binding.lastSession;
    const session = this.sessions.get(sessionIdOfPath(toPath) ?? '');
    if (session?.connection === connection) {
      binding.lastToPath = toPath;
      binding.lastSession = session;
    }
    return session;
  }

  private startTimer(connection: Connection, binding: Binding): void {
    binding.timer = this.parts.clock.after(this.parts.unboundTimeoutMs, () => {
      this.parts.metrics.count('msrp_connections_unbound_total');
      connection.end();
    });
  }
}
