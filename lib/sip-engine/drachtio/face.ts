/** The drachtio application protocol above the engine's typed API: unmodified drachtio-srf applications run on it. */
import { createServer, connect as connectSocket, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Clock, Timer } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import type { Address, Engine } from '../api.js';
import { localConnection } from './local-connection.js';
import { FaceRouter } from './router.js';
import { FACE_VERSION, hostport } from './leader.js';
import { AppSession, type CloseReason, type SessionDelegate } from './session.js';

export interface FaceOptions {
  /** What an application must present before it may do anything. */
  readonly secret: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: Metrics;
  /** A frame above this is refused (NOK); 2 MiB. */
  readonly maxFrameBytes?: number;
  /** What may wait for an application that reads too slowly; 16 MiB, then its connection is closed. */
  readonly maxBufferedBytes?: number;
  /** Applications at once on the listening port; 16. */
  readonly maxApplications?: number;
  /** Requests without their final response, in each direction and for each application; 20,000, then 503 or NOK. */
  readonly maxPending?: number;
  /** 5,000. */
  readonly authenticateTimeoutMs?: number;
  /** Between two attempts to reach an application in listen mode; from 20 doubled to 2,000. */
  readonly maxReconnectDelayMs?: number;
}

/** An application in listen mode: in this process, by the server that it has its connections from, or elsewhere. */
export type AppTarget = { readonly server: Server } | { readonly host: string; readonly port: number };

export interface DrachtioFace {
  /** Starts the engine beneath. Rejects with its error. */
  start(): Promise<void>;
  /** Serves applications that connect. Port 0: the system chooses. Rejects with the system's error. */
  listen(address: { readonly host: string; readonly port: number }): Promise<{ readonly port: number }>;
  /** Connects to an application in listen mode, and again whenever that is lost. Resolves when it has authenticated. */
  connect(target: AppTarget): Promise<void>;
  /** Applications that have authenticated. */
  readonly applications: number;
  /** Closes connections, port and engine. Idempotent. */
  close(): Promise<void>;
}

const DEFAULTS = {
  maxFrameBytes: 2 * 1024 * 1024,
  maxBufferedBytes: 16 * 1024 * 1024,
  maxApplications: 16,
  maxPending: 20_000,
  authenticateTimeoutMs: 5_000,
  maxReconnectDelayMs: 2_000,
};

const FIRST_DELAY_MS = 20;

export function createDrachtioFace(engine: Engine, options: FaceOptions): DrachtioFace {
  return new Face(engine, { ...DEFAULTS, ...options });
}

class Face implements DrachtioFace, SessionDelegate {
  private readonly engine: Engine;
  private readonly options: Required<Omit<FaceOptions, 'metrics'>> & { readonly metrics?: Metrics };
  private readonly router: FaceRouter;
  private readonly sessions = new Set<AppSession>();
  private readonly dials = new Set<Dial>();
  private server: Server | undefined;
  private closing: Promise<void> | undefined;

  constructor(engine: Engine, options: Face['options']) {
    this.engine = engine;
    this.options = options;
    this.router = new FaceRouter({ ...options, engine, sessions: this.sessions });
  }

  get applications(): number {
    return [...this.sessions].filter((session) => session.ready).length;
  }

  start(): Promise<void> {
    return this.engine.start(this.router);
  }

  listen(address: { readonly host: string; readonly port: number }): Promise<{ readonly port: number }> {
    const server = createServer((socket) => this.onClient(socket));
    this.server = server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(address.port, address.host, () => {
        server.off('error', reject);
        server.on('error', (error) => this.options.log.error('application port failed', { error }));
        resolve({ port: (server.address() as AddressInfo).port });
      });
    });
  }

  connect(target: AppTarget): Promise<void> {
    return new Promise((resolve) => {
      this.dial({ target, delayMs: FIRST_DELAY_MS, onReady: resolve, timer: undefined });
    });
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  greeting(): readonly string[] {
    const hostports = this.engine.listening.map((address: Address) => hostport(address)).join(',');
    return [hostports, FACE_VERSION, hostports];
  }

  onReady(session: AppSession): void {
    this.options.log.info('application connected', { applications: this.applications });
    for (const dial of this.dials) {
      if (dial.session !== session) continue;
      dial.delayMs = FIRST_DELAY_MS;
      dial.onReady();
    }
  }

  onCommand(...[session, command]: Parameters<SessionDelegate['onCommand']>): void {
    this.router.onCommand(session, command);
  }

  onClose(session: AppSession, reason: CloseReason): void {
    this.sessions.delete(session);
    this.options.metrics?.count('sip_engine_applications_closed_total', { reason });
    if (this.closing) this.options.log.info('application closed', { reason });
    else this.options.log.warn('application gone', { reason });
    if (!this.closing) this.router.onGone(session);
    for (const dial of this.dials) if (dial.session === session) this.redial(dial);
  }

  private onClient(socket: Socket): void {
    if (this.sessions.size >= this.options.maxApplications) {
      this.options.log.warn('too many applications', { limit: this.options.maxApplications });
      socket.destroy();
      return;
    }
    this.sessions.add(new AppSession(socket, { ...this.options, takesAll: false }, this));
  }

  private dial(dial: Dial): void {
    this.dials.add(dial);
    const socket = openSocket(dial.target);
    const onRefused = () => this.redial(dial);
    socket.once('error', onRefused);
    socket.once('connect', () => {
      socket.off('error', onRefused);
      if (this.closing) return void socket.destroy();
      dial.session = new AppSession(socket, { ...this.options, takesAll: true }, this);
      this.sessions.add(dial.session);
    });
  }

  private redial(dial: Dial): void {
    delete dial.session;
    if (this.closing) return;
    dial.timer = this.options.clock.after(dial.delayMs, () => this.dial(dial));
    dial.delayMs = Math.min(dial.delayMs * 2, this.options.maxReconnectDelayMs);
  }

  private async shutDown(): Promise<void> {
    // one turn, so that `closing` is set before sessions report their end
    await Promise.resolve();
    for (const dial of this.dials) dial.timer?.close();
    for (const session of this.sessions) session.close();
    const { server } = this;
    if (server) await new Promise((resolve) => server.close(resolve));
    await this.engine.close();
  }
}

/** `connect` or `error` follows. */
function openSocket(target: AppTarget): Socket {
  if (!('server' in target)) return connectSocket(target);
  const { server } = target;
  const [ours, theirs] = localConnection();
  process.nextTick(() => {
    if (server.listenerCount('connection') === 0) {
      ours.destroy(new Error('nobody listens'));
      return;
    }
    server.emit('connection', theirs);
    ours.emit('connect');
  });
  return ours;
}

/** One application to which we hold a lasting connection. */
interface Dial {
  readonly target: AppTarget;
  readonly onReady: () => void;
  delayMs: number;
  timer: Timer | undefined;
  session?: AppSession;
}
