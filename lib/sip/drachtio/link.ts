/** One drachtio-srf application and its connection to an engine; whatever waits on it ends with it. */
import type { Socket } from 'node:net';
import type { Timer } from '../../clock.js';
import { PeerError } from '../../errors.js';
import type { SrfAck, SrfApp, SrfCallback, SrfConnectOptions, SrfRequest, SrfResponse } from './types.js';
import type { Answered } from './answered.js';
import { type Failure, type Guard, Guards } from './guards.js';
import type { LinkDelegate, LinkOptions, RespondHooks, Sending } from './link-types.js';
import { tellCrossings } from './crossing.js';
import { shortFrameBytes } from './message.js';
import { LinkSockets } from './sockets.js';
import { endWhereBroken } from './stream.js';
import { SendWindow } from './window.js';

/** And the NUL behind it. */
const MAX_URI_BYTES = 254;

export class Link {
  private readonly app: SrfApp;
  private readonly options: LinkOptions;
  private readonly delegate: LinkDelegate;
  private readonly window: SendWindow;
  private readonly guards: Guards;
  private readonly sockets: LinkSockets;
  private hostports: readonly string[] = [];
  private connecting: Timer | undefined;
  private up = false;
  private closed = false;

  constructor(app: SrfApp, options: LinkOptions, delegate: LinkDelegate) {
    this.app = app;
    this.options = options;
    this.delegate = delegate;
    this.window = new SendWindow({
      maxBytes: options.maxInFlightBytes,
      maxBytesBesideLong: options.maxBytesBesideLong,
    });
    this.guards = new Guards(options.clock);
    this.sockets = new LinkSockets(options);
    app.on('connect', (error, hostports) => this.onConnect(error, hostports));
    app.on('error', (error) => this.onDown(new PeerError('sip', 503, error.message)));
    app.on('close', () => this.onDown(new PeerError('sip', 503, 'connection to the engine lost')));
    const handler = (req: SrfRequest, res: SrfResponse) => delegate.onRequest(req, res);
    app.use(handler);
    // never reached, as `use` takes everything; they make a server route these methods to us
    app.invite(handler);
    app.message(handler);
    app.options(handler);
  }

  get ready(): boolean {
    return this.up && !this.closed;
  }

  /** Where the engine listens: `udp/127.0.0.1:5060`. */
  get listening(): readonly string[] {
    return this.up ? this.hostports : [];
  }

  open(): void {
    const { target, onCrossing } = this.options;
    switch (target.kind) {
      case 'listen':
        target.server.on('connection', (socket) => this.sockets.track(socket));
        {
          this.app.listen({ server: target.server, secret: target.secret });
          return;
        }
      case 'connect': {
        const { host, port, secret } = target;
        // connecting again is the agent's affair: srf's own timers could not be stopped
        const options: SrfConnectOptions = { host, port, secret, enablePing: true, reconnect: { maxAttempts: 1 } };
        this.connecting = this.options.clock.after(this.options.startTimeoutMs, () => {
          this.onDown(new PeerError('sip', 408, 'the engine does not answer'));
        });
        this.app.connect(options);
        // Before the first frame can have come.
        if (onCrossing) tellCrossings(this.app.app.client, onCrossing);
        return;
      }
    }
  }

  /** A request that srf did not bring by the usual way. */
  receive(req: SrfRequest, res: SrfResponse): void {
    this.delegate.onRequest(req, res);
  }

  /** `onFail` is called once, unless `done()` came before. */
  guard(delayMs: number, onFail: (why: Failure) => void): Guard {
    return this.guards.guard(delayMs, onFail);
  }

  answered(...answer: Parameters<Answered>): void {
    this.options.answered(...answer);
  }

  /** The status to make up where the engine would not take this as it is. */
  refusal({ uri, options, bytes }: Pick<Sending, 'uri' | 'options' | 'bytes'>): number | undefined {
    if (this.options.wordsOfC) {
      if (Buffer.byteLength(uri) > MAX_URI_BYTES) return 414;
      if (options.body?.includes('\0')) return 415;
    }
    return this.fits(bytes) ? undefined : 513;
  }

  fits(bytes: number): boolean {
    return this.options.maxFrameBytes === undefined || bytes <= this.options.maxFrameBytes;
  }

  send(sending: Sending): void {
    this.window.enter(sending.bytes, (leave) => {
      if (!sending.wanted() || !this.ready) {
        leave();
        return;
      }
      const echo = this.guard(this.options.echoTimeoutMs, leave);
      const settle = () => {
        echo.done();
        leave();
      };
      try {
        this.app.request(sending.uri, sending.options, (error, req) => {
          settle();
          if (req) sending.onSent(req);
          else sending.onRefused(error);
        });
      } catch (error) {
        settle();
        sending.onRefused(error);
      }
    });
  }

  /** Sends a response as it is written; resolves with its echo, rejects where it was refused or none came in time. */
  respond(res: SrfResponse, text: string, hooks: RespondHooks = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const echo = this.guard(this.options.echoTimeoutMs, (why) => {
        reject(new PeerError('sip', why === 'lost' ? 503 : 408, `the engine did not take the response: ${why}`));
      });
      this.window.enter(shortFrameBytes(text), (leave) => {
        if (!this.ready) {
          leave();
          return;
        }
        // the engine's word on this response, which may also come too late
        const onEcho = (error: unknown) => {
          leave();
          const inTime = echo.done();
          if (error) {
            reject(refusedBy(error));
            return;
          }
          if (inTime) hooks.onSent?.();
          else hooks.onLate?.();
          resolve();
        };
        try {
          this.write(res, text, onEcho);
        } catch (error) {
          onEcho(error);
        }
      });
    });
  }

  /** ACK to a 2xx. False: the engine cannot send it, which is logged; true also where it does not say in time. */
  ack(res: SrfResponse, ack: SrfAck): Promise<boolean> {
    return new Promise((resolve) => {
      const echo = this.guard(this.options.echoTimeoutMs, () => resolve(true));
      this.short(shortFrameBytes(res.stackDialogId, res.req.msg.uri), ack, (error) => {
        if (!echo.done()) return;
        if (error) this.options.log.warn('ack not sent', { problem: textOf(error) });
        resolve(!error);
      });
    });
  }

  cancel(req: SrfRequest): void {
    this.short(shortFrameBytes(req.msg.uri), req.cancel.bind(req), (error) => {
      if (error) this.options.log.debug('cancel refused', { problem: textOf(error) });
    });
  }

  /** Idempotent. What waits fails as lost. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.fail();
    this.sockets.close();
    // One that is connected, and whose engine has not said yet that it knows us.
    if (this.options.target.kind === 'connect') this.socket?.destroy();
  }

  /** All that srf tells of a connection of its own making; in listen mode the server tells us. */
  private get socket(): Socket | undefined {
    return this.app.app.client?.mapServer.keys().next().value;
  }

  /** It takes its place in the window, too: many at once are as much as one that is long. */
  private short<T>(
    bytes: number,
    write: (options: object, done: SrfCallback<T>) => void,
    done: (error: unknown) => void,
  ): void {
    this.window.enter(bytes, (leave) => {
      const echo = this.guard(this.options.echoTimeoutMs, leave);
      const onEcho = (error: unknown) => {
        echo.done();
        leave();
        done(error);
      };
      try {
        write({}, onEcho);
      } catch (error) {
        onEcho(error);
      }
    });
  }

  private write(res: SrfResponse, text: string, done: (error: unknown) => void): void {
    const { msg } = res;
    msg.status = Number(text.slice('SIP/2.0 '.length, 'SIP/2.0 200'.length));
    // srf prints whatever its message says it is: order and repetition of our lines survive
    msg.toString = () => text;
    res.agent.sendResponse(res, {}, done);
  }

  private onConnect(error: Error | null, hostports: string | undefined): void {
    this.connecting?.close();
    const { socket } = this;
    if (socket && this.options.target.kind === 'connect') this.keep(socket);
    if (this.closed) return;
    if (error) {
      this.onDown(new PeerError('sip', 403, error.message, 'ours'));
      return;
    }
    this.up = true;
    this.hostports = (hostports ?? '').split(',').filter((text) => text !== '');
    this.delegate.onUp();
  }

  /** Of our own making: it is given up where it says nothing, or nothing that can be understood. */
  private keep(socket: Socket): void {
    const { client } = this.app.app;
    const onBroken = () => {
      this.options.log.warn('sip engine out of step');
      socket.destroy();
    };
    if (client) endWhereBroken(socket, client, onBroken);
    this.sockets.watch(socket);
  }

  private onDown(error: PeerError): void {
    if (this.closed) return;
    // of two connections in listen mode the other may still stand
    if (error.status !== 403 && this.sockets.size > 0) return;
    this.fail();
    this.delegate.onDown(error);
  }

  private fail(): void {
    this.connecting?.close();
    this.up = false;
    this.window.reset();
    this.guards.lose();
  }
}

function refusedBy(error: unknown): PeerError {
  return new PeerError('sip', 481, `the engine refused the response: ${textOf(error)}`);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
