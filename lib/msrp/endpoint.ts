/** The MSRP endpoint of the gateway: its listener, its sessions (RFC 4975). */
import { PeerError } from '../errors.js';
import { printUri } from '../wire/msrp/uri.js';
import type { Fingerprint, MsrpEndpoint, MsrpSession, SessionOptions, TlsIdentity } from './api.js';
import type { AssemblyBudget } from './chunk-assembler.js';
import type { MsrpDeps, MsrpOptions } from './options.js';
import { Session } from './session.js';
import { SessionTable } from './session-table.js';
import { Transport } from './transport.js';

export function createMsrpEndpoint(options: MsrpOptions, deps: MsrpDeps): MsrpEndpoint {
  return new Endpoint(options, deps);
}

class Endpoint implements MsrpEndpoint {
  private readonly options: MsrpOptions;
  private readonly deps: MsrpDeps;
  private readonly table: SessionTable;
  private readonly transport: Transport;
  private readonly budget: AssemblyBudget = { usedBytes: 0 };
  private closing: Promise<void> | undefined;

  constructor(options: MsrpOptions, deps: MsrpDeps) {
    this.options = options;
    this.deps = deps;
    const { clock, metrics } = deps;
    this.table = new SessionTable({ clock, metrics, unboundTimeoutMs: options.unboundTimeoutMs });
    this.transport = new Transport(
      options,
      { ...deps, budget: this.budget },
      {
        onOpen: (connection) => this.table.onOpen(connection),
        onFrame: (frame, connection) => this.table.onFrame(frame, connection),
        onRoom: (connection) => this.table.onRoom(connection),
        onGarbage: () => undefined,
        onCut: () => undefined,
        onClosed: (connection) => this.table.onClosed(connection),
      },
    );
  }

  get port(): number {
    return this.transport.port;
  }

  get listening(): boolean {
    return this.transport.listening;
  }

  get sessionCount(): number {
    return this.table.size;
  }

  get connectionCount(): number {
    return this.transport.connectionCount;
  }

  get fingerprints(): readonly Fingerprint[] {
    return this.transport.fingerprints;
  }

  reloadTls(own: TlsIdentity): void {
    this.transport.reloadTls(own);
  }

  start(): Promise<void> {
    return this.transport.listen();
  }

  createSession(sessionOptions: SessionOptions): MsrpSession {
    if (this.closing || this.table.size >= this.options.maxSessions) {
      throw new PeerError('msrp', 503, this.closing ? 'closing' : 'too many sessions', 'ours');
    }
    const { options, deps, budget, table } = this;
    const id = deps.randomId();
    const session = new Session(
      {
        id,
        paths: this.pathsOf(id),
        options,
        deps,
        budget,
        table,
        connect: (target) => this.transport.connect(target),
      },
      sessionOptions,
    );
    table.add(session);
    return session;
  }

  close(): Promise<void> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  private async closeAll(): Promise<void> {
    for (const session of this.table.all()) session.close();
    await this.transport.close();
  }

  private pathsOf(sessionId: string): readonly string[] {
    const schemes = this.transport.canSecure ? [false, true] : [false];
    return schemes.flatMap((secure) =>
      this.options.advertise.map((host) =>
        printUri({ secure, user: undefined, host, port: this.port, sessionId, transport: 'tcp', parameters: [] }),
      ),
    );
  }
}
