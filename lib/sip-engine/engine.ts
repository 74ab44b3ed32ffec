/** The engine put together: transports below, transactions and dialogs between, the typed API above (RFC 3261 §5). */
import type { Address, Engine, EngineDelegate, InHand, ResponseDraft } from './api.js';
import { guarded, type Core } from './core.js';
import { DialogTable } from './dialog/dialog.js';
import { allowLine, busy } from './duties.js';
import { InboundCalls } from './inbound.js';
import { InboundDialogs } from './dialog/inbound-dialogs.js';
import { MalformedMessage } from './message/malformed.js';
import { WireMessage } from './message/message.js';
import { settingsOf, type EngineOptions, type Settings } from './options.js';
import { OutboundCalls } from './outbound.js';
import { parseMessage, type Parsed } from './message/parse.js';
import type { Path } from './transport/path.js';
import { createResolve } from './transport/resolve.js';
import { Timers } from './transaction/timers.js';
import { parseListen, Transport, type TransportLayer } from './transport/transport.js';
import { parseViaOfAnyVersion } from './message/via.js';

export type { EngineOptions } from './options.js';

const DNS_CACHE_MS = 30_000;
const MAX_DNS_CACHED = 1000;

/** Throws Error where `listen` cannot be read. */
export function createEngine(options: EngineOptions): Engine {
  const settings = settingsOf(options);
  const timers = new Timers(settings.clock);
  const core: Core = {
    settings,
    timers,
    transport: options.transport ?? newTransport(settings, timers),
    resolve: createResolve({
      dns: settings.dns,
      clock: settings.clock,
      timeoutMs: settings.limits.dnsMs,
      cacheMs: DNS_CACHE_MS,
      maxCached: MAX_DNS_CACHED,
    }),
    dialogs: new DialogTable(),
    calling: new Set(),
    listening: [],
    delegate: undefined,
    draining: false,
    closed: false,
  };
  return new SipEngine(core);
}

function newTransport(settings: Settings, timers: Timers): TransportLayer {
  return new Transport(settings.listen.map(parseListen), { ...settings, timers });
}

class SipEngine implements Engine {
  private readonly core: Core;
  private readonly outbound: OutboundCalls;
  private readonly inbound: InboundCalls;

  constructor(core: Core) {
    this.core = core;
    this.outbound = new OutboundCalls(core);
    this.inbound = new InboundCalls(core, new InboundDialogs(core, this.outbound.dialogs.life));
  }

  get listening(): readonly Address[] {
    return this.core.listening;
  }

  get inHand(): InHand {
    return {
      transactions: this.inbound.unanswered + this.outbound.size,
      finished: this.inbound.remembered,
      dialogs: this.core.dialogs.size,
      connections: this.core.transport.connections,
    };
  }

  async start(delegate: EngineDelegate): Promise<void> {
    this.core.delegate = delegate;
    this.core.listening = await this.core.transport.start({
      onMessage: (bytes, path) => this.onMessage(bytes, path),
      onUnframed: (bytes, error, path) => this.onUnframed(bytes, error, path),
    });
  }

  send: Engine['send'] = (draft, listener, dialogId) => this.outbound.send(draft, listener, dialogId);

  ack: Engine['ack'] = (dialogId, draft) => this.outbound.dialogs.ack(dialogId, draft);

  holds: Engine['holds'] = (dialogId) => this.core.dialogs.get(dialogId) !== undefined;

  setDraining(draining: boolean): void {
    this.core.draining = draining;
  }

  reloadTls: Engine['reloadTls'] = (material) => this.core.transport.reloadTls(material);

  close(): Promise<void> {
    this.core.closed = true;
    this.inbound.close();
    this.outbound.close();
    this.core.dialogs.clear();
    this.core.timers.close();
    this.core.transport.close();
    this.core.listening = [];
    return Promise.resolve();
  }

  private onMessage(bytes: Buffer, path: Path): void {
    try {
      const parsed = parseMessage(bytes, this.core.settings.limits, !path.reliable);
      if (parsed.message.status !== undefined) this.outbound.onResponse(parsed);
      else if (this.isHeard(parsed, path)) this.inbound.onRequest(parsed, path);
      else this.core.settings.count('sip_untrusted_total', { protocol: path.remote.protocol }, path.remote.host);
    } catch (error) {
      if (error instanceof MalformedMessage) this.onMalformed(error, path);
      else this.core.settings.onError(error);
    }
  }

  /** Whom a Contact, a Record-Route or a contact of a bot has made us connect to is nobody's trusted peer for that. */
  private isHeard({ routing }: Parsed, { toStranger }: Path): boolean {
    return toStranger !== true || this.core.dialogs.of(routing) !== undefined;
  }

  /** 400 (413, 501, 503, 505) where the sender can be told, else dropped; always counted. */
  private onMalformed(error: MalformedMessage, path: Path): void {
    const { count } = this.core.settings;
    count('sip_malformed_total', { protocol: path.remote.protocol });
    if (error.limit) count('limit_reached_total', { limit: `sip.${error.limit}` }, path.remote.host);
    const message = error.partial;
    const top = message instanceof WireMessage ? message.raw('via') : undefined;
    const via = top === undefined ? undefined : parseViaOfAnyVersion(top);
    if (!via || !(message instanceof WireMessage)) return;
    guarded(this.core, () => this.inbound.answerStateless({ message, routing: { via } }, path, this.refusalOf(error)));
  }

  private refusalOf({ status }: MalformedMessage): ResponseDraft {
    const { settings } = this.core;
    if (status === 503) return busy(503, settings.retryAfterS);
    return { status, headers: status === 501 ? [allowLine(settings)] : [] };
  }

  /** The head of a stream that cannot be followed is answered as far as it is one. */
  private onUnframed(bytes: Buffer, error: MalformedMessage, path: Path): void {
    try {
      error.partial ??= parseMessage(bytes, this.core.settings.limits, false).message;
      this.onMalformed(error, path);
    } catch (found) {
      if (!(found instanceof MalformedMessage)) {
        this.core.settings.onError(found);
        return;
      }
      // What is cut off at a limit is malformed only because of it.
      error.partial ??= found.partial;
      this.onMalformed(error.limit ? error : found, path);
    }
  }
}
