/** SipAgent as a drachtio-srf application: on the embedded engine or on a drachtio-server elsewhere. */
import type { Server } from 'node:net';
import Srf from 'drachtio-srf';
import type { Clock, Timer } from '../../clock.js';
import { PeerError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import type { Answer, CallDelegate, Dialed, Peer, RequestDraft, SipAgent, SipHandlers, SipResponse } from '../agent.js';
import { type Answered, answeredLabels } from './answered.js';
import type { Crossing } from './crossing.js';
import { DrachtioCall, type CallDeps } from './call.js';
import { withOwnContact } from './contact.js';
import { dial } from './dial.js';
import { ownOptions } from './duties.js';
import { exchange } from './exchange.js';
import { handleInbound } from './inbound.js';
import { Link } from './link.js';
import type { LinkDelegate, LinkTarget } from './link-types.js';
import { madeUp, outgoingRequest } from './message.js';
import { withTransport } from './next-hop.js';
import { withoutTel } from './tel.js';
import type { SrfApp } from './types.js';

export type DrachtioMode =
  /** The engine connects to us: on a server that is handed in, and closed by us if it listens. */
  | { readonly kind: 'listen'; readonly server: Server; readonly secret?: string }
  /** We connect to the engine. */
  | { readonly kind: 'connect'; readonly host: string; readonly port: number; readonly secret: string };

export interface DrachtioAgentOptions {
  readonly mode: DrachtioMode;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: Metrics;
  /** Whether who sends a request from outside of dialogs is heard, or answered 403; absent: everybody is. */
  readonly trusted?: (address: string) => boolean;
  /** Whether OPTIONS with this Request-URI asks the gateway itself; absent: the engine has answered those. */
  readonly own?: (uri: string, listening: readonly string[]) => 'ready' | 'draining' | undefined;
  /** Whether the engine takes a number as Request-URI; false: it goes as a SIP URI at the next hop. Default true. */
  readonly takesTel?: boolean;
  /** Whether the engine refreshes sessions by itself, as drachtio-server does; default false. */
  readonly keepsTimers?: boolean;
  /** The least Session-Expires of an INVITE that is taken (RFC 4028 §9), else 422; absent: the engine has seen to it. */
  readonly minSeS?: number;
  /** Until an engine is connected, at the start and each time anew; 5,000. */
  readonly startTimeoutMs?: number;
  /** Until a final response; 35,000: the engine's own 408 comes after 32 s. Also for who does not answer a request. */
  readonly callTimeoutMs?: number;
  /** Until the final response to INVITE, then CANCEL; 180,000 (timer C of RFC 3261 §16.6). */
  readonly inviteTimeoutMs?: number;
  /** Until the engine says what it has done with a message; 5,000. */
  readonly echoTimeoutMs?: number;
  /** Connect: until an engine that says nothing, not even to a ping, is taken for lost; 45,000, three pings. */
  readonly silenceTimeoutMs?: number;
  /** Above it 513 is made up; connect: 11,000 (drachtio-server hangs above 12,228), listen: 2 MiB. */
  readonly maxFrameBytes?: number;
  /** Written and not echoed; connect: 32,768, and 12,000 beside a long one (drachtio-server keeps the rest of it in 12,228), listen: no limit. */
  readonly maxInFlightBytes?: number;
  /** Connect: every message of which the engine says that it has crossed the border. */
  readonly onCrossing?: ((crossing: Crossing) => void) | undefined;
  /** Between two attempts to connect, from 100 doubled; 5,000. */
  readonly maxReconnectDelayMs?: number;
}

const DEFAULTS = {
  startTimeoutMs: 5_000,
  callTimeoutMs: 35_000,
  inviteTimeoutMs: 180_000,
  echoTimeoutMs: 5_000,
  silenceTimeoutMs: 45_000,
  maxReconnectDelayMs: 5_000,
};
const FRAME_LIMITS = {
  listen: {
    maxFrameBytes: 2 * 1024 * 1024,
    maxInFlightBytes: undefined,
    maxBytesBesideLong: undefined,
    wordsOfC: false,
  },
  connect: { maxFrameBytes: 11_000, maxInFlightBytes: 32_768, maxBytesBesideLong: 12_000, wordsOfC: true },
};
const FIRST_DELAY_MS = 100;

type Settings = DrachtioAgentOptions & typeof DEFAULTS;

export function createDrachtioAgent(options: DrachtioAgentOptions): SipAgent {
  return new DrachtioAgent({ ...DEFAULTS, ...options });
}

class DrachtioAgent implements SipAgent, LinkDelegate {
  private readonly settings: Settings;
  private readonly calls = new Map<string, DrachtioCall>();
  private closed = false;
  private handlers: SipHandlers | undefined;
  private server: Server | undefined;
  private link: Link | undefined;
  private starting: { done(error?: PeerError): void } | undefined;
  private reconnect: Timer | undefined;
  private delayMs = FIRST_DELAY_MS;
  /** Dialogs that an engine elsewhere still has of a connection that is lost. */
  private readonly leftBehind = new Set<string>();

  constructor(settings: Settings) {
    this.settings = settings;
  }

  get ready(): boolean {
    return this.link?.ready ?? false;
  }

  get listening(): readonly string[] {
    return this.link?.listening ?? [];
  }

  start(handlers: SipHandlers): Promise<void> {
    this.handlers = handlers;
    return new Promise((resolve, reject) => {
      const timer = this.settings.clock.after(this.settings.startTimeoutMs, () => {
        this.starting?.done(new PeerError('sip', 408, 'no engine within the time to start'));
      });
      this.starting = {
        done: (error) => {
          timer.close();
          this.starting = undefined;
          if (!error) {
            resolve();
            return;
          }
          void this.close();
          reject(error);
        },
      };
      this.open();
    });
  }

  request(draft: RequestDraft, signal?: AbortSignal): Promise<SipResponse> {
    return this.unlessClosed(({ link }) => {
      const limits = { timeoutMs: this.settings.callTimeoutMs, ...(signal ? { signal } : {}) };
      const sent = this.addressed(draft);
      return sent ? exchange(link, outgoingRequest(sent), limits) : Promise.resolve(madeUp(503));
    });
  }

  invite(draft: RequestDraft, delegate: CallDelegate, signal?: AbortSignal): Promise<Dialed> {
    return this.unlessClosed((deps) => {
      const sent = this.addressed(draft);
      if (!sent) return Promise.resolve({ kind: 'refused', response: madeUp(503) });
      return dial(deps, sent, delegate, signal);
    });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.starting?.done(closedError());
    this.reconnect?.close();
    this.link?.close();
    this.endCalls();
    const { server } = this;
    if (server?.listening) await new Promise((resolve) => server.close(resolve));
  }

  onRequest(...[req, res]: Parameters<LinkDelegate['onRequest']>): void {
    if (this.link && this.handlers) handleInbound(this.deps(this.link), this.handlers, req, res);
  }

  onUp(): void {
    this.delayMs = FIRST_DELAY_MS;
    this.settings.log.info('sip engine connected', { listening: this.listening });
    this.starting?.done();
    this.hangUpLeftBehind();
  }

  onDown(error: PeerError): void {
    if (this.starting) {
      this.starting.done(error);
      return;
    }
    this.settings.log.warn('sip engine lost', { error });
    this.settings.metrics?.count('sip_engine_lost_total');
    if (this.settings.mode.kind === 'connect') for (const dialogId of this.calls.keys()) this.leftBehind.add(dialogId);
    this.endCalls();
    if (this.settings.mode.kind === 'connect') this.openLater();
  }

  /** A drachtio-server keeps them, refreshes them and answers nothing in them; who has ended with us is told so. */
  private hangUpLeftBehind(): void {
    const { link, settings } = this;
    for (const dialogId of this.leftBehind) {
      const bye = outgoingRequest({ method: 'BYE', uri: 'sip:placeholder', headers: [] }, dialogId);
      // One that has ended meanwhile, or with its server, is refused.
      if (link) void exchange(link, bye, { timeoutMs: settings.callTimeoutMs });
    }
    this.leftBehind.clear();
  }

  private open(): void {
    const { settings } = this;
    this.link = new Link(
      new Srf() as unknown as SrfApp,
      { ...FRAME_LIMITS[settings.mode.kind], ...settings, target: this.target(), answered: answeredOf(settings) },
      this,
    );
    this.link.open();
  }

  /** The link that failed is of no use again; one attempt at a time. */
  private openLater(): void {
    this.reconnect?.close();
    this.link?.close();
    this.reconnect = this.settings.clock.after(this.delayMs, () => this.open());
    this.delayMs = Math.min(this.delayMs * 2, this.settings.maxReconnectDelayMs);
  }

  private target(): LinkTarget {
    const { mode } = this.settings;
    if (mode.kind === 'connect') return mode;
    this.server = mode.server;
    this.server.on('error', (error) => this.starting?.done(new PeerError('sip', 503, error.message, 'ours')));
    return { kind: 'listen', server: this.server, secret: mode.secret ?? '' };
  }

  private deps(link: Link): CallDeps {
    const { log, mode, callTimeoutMs, inviteTimeoutMs, keepsTimers = false, minSeS } = this.settings;
    return {
      link,
      log,
      callTimeoutMs,
      inviteTimeoutMs,
      dutiesLeft: mode.kind === 'connect',
      keepsTimers,
      minSeS,
      calls: this.calls,
      admits: (from) => this.admits(from),
      own: (uri) => this.own(uri),
    };
  }

  private admits({ address, protocol }: Peer): boolean {
    const { trusted, metrics } = this.settings;
    if (trusted?.(address) !== false) return true;
    metrics?.count('sip_untrusted_total', { protocol }, 1, address);
    return false;
  }

  private addressed(draft: RequestDraft): RequestDraft | undefined {
    const { takesTel, mode } = this.settings;
    const { nextHop } = draft;
    const hopping = mode.kind === 'connect' && nextHop !== undefined;
    const sent = hopping ? withOwnContact({ ...draft, nextHop: withTransport(nextHop) }, this.listening) : draft;
    return takesTel === false ? withoutTel(sent) : sent;
  }

  private own(uri: string): Answer | undefined {
    const state = this.settings.own?.(uri, this.listening);
    return state && ownOptions(state);
  }

  private async unlessClosed<T>(action: (deps: CallDeps) => Promise<T>): Promise<T> {
    if (this.closed || !this.link) throw closedError();
    const result = await action(this.deps(this.link));
    // what was under way has been given up, not answered
    this.throwIfClosed();
    return result;
  }

  private throwIfClosed(): void {
    if (this.closed) throw closedError();
  }

  private endCalls(): void {
    for (const call of [...this.calls.values()]) call.end('lost');
  }
}

/** The embedded engine counts by itself, and what it answers alone, too. */
function answeredOf({ mode, metrics }: Settings): Answered {
  if (mode.kind === 'listen') return () => undefined;
  return (...answer) => metrics?.count('sip_requests_total', answeredLabels(...answer));
}

function closedError(): PeerError {
  return new PeerError('sip', 503, 'the agent is closed', 'ours');
}
