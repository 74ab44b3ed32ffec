/** What the engine is told at its making, with its defaults and their reasons. */
import type { WireMessage } from './message/message.js';
import type { MessageLimits } from './message/parse.js';
import { systemDns, type Dns } from './transport/resolve.js';
import { DEFAULT_TIMERS, systemClock, type EngineClock, type TimerValues } from './transaction/timers.js';
import type { TlsMaterial } from './transport/tls.js';
import type { TransportLayer } from './transport/transport.js';
import { DEFAULT_TRANSPORT_LIMITS, type Count, type Trace, type TransportLimits } from './transport/transport-user.js';

export interface EngineLimits extends TransportLimits, MessageLimits {
  /** Client and server transactions without a final answer, each; beyond: 503 with Retry-After. */
  readonly maxTransactions: number;
  readonly maxDialogs: number;
  /** Finished server transactions remembered for retransmissions; the oldest go first. */
  readonly maxFinished: number;
  /** Bytes of their responses. */
  readonly maxFinishedBytes: number;
  /** A DNS question. */
  readonly dnsMs: number;
}

export const DEFAULT_LIMITS: EngineLimits = {
  ...DEFAULT_TRANSPORT_LIMITS,
  maxHeaders: 256,
  maxHeaderBytes: 16_384,
  maxTransactions: 50_000,
  maxDialogs: 50_000,
  // 32 s (timer J) of 6,000 requests/s over UDP.
  maxFinished: 200_000,
  maxFinishedBytes: 268_435_456,
  dnsMs: 3_000,
};

export interface EngineOptions {
  /** `udp|tcp|tls/host:port`; numeric hosts, IPv6 in brackets, port 0 = the system chooses. */
  readonly listen: readonly string[];
  /** Host named in Via and Contact instead of the listening one. */
  readonly advertise?: string;
  /** `host` or `host:port` that mean the gateway itself in a Request-URI, besides where it listens. */
  readonly localHosts?: readonly string[];
  /** Whether a user part at one of our listening addresses is nobody's: OPTIONS to it is to the gateway itself. Default: never. */
  readonly nobody?: (user: string) => boolean;
  /** Answered 405 unless listed, 501 where SIP has no such method. Default: INVITE, ACK, CANCEL, BYE, UPDATE, MESSAGE, OPTIONS, INFO. */
  readonly methods?: readonly string[];
  /** Option tags that a Require may name. Default: timer. */
  readonly supported?: readonly string[];
  /** Accept of a 415 and of the gateway's own OPTIONS answer. */
  readonly accept?: readonly string[];
  /** Bodies that are no UTF-8, or encoded, are answered 415. Default true. */
  readonly utf8Bodies?: boolean;
  /** RFC 4028: the least Session-Expires, seconds. Default 90. */
  readonly minSeS?: number;
  /** In the 503 above a limit. Default 5. */
  readonly retryAfterS?: number;
  /** Of a numeric host. Default: everyone. */
  readonly trusted?: (host: string) => boolean;
  /** Whether a numeric host may be sent requests because somebody else has named it: a Contact, a Record-Route, a Request-URI. Default: each one. */
  readonly reach?: (host: string) => boolean;
  /** Asked of each INVITE and MESSAGE outside of dialogs: may it come in? Seconds to wait else: 503, without a transaction. */
  readonly overloaded?: (request: WireMessage) => number | undefined;
  /** Asked of each MESSAGE outside of dialogs that came in: resolves when it is its turn to be handed on; undefined: at once. */
  readonly turn?: (request: WireMessage) => Promise<void> | undefined;
  /** A request outside of dialogs that came in has its final answer, or none is awaited any more. */
  readonly settled?: (request: WireMessage) => void;
  /** Of certificates: they make up for an address that is not trusted. */
  readonly trustedNames?: readonly string[];
  /** Needed to listen on TLS; without it connections are made as an anonymous client. */
  readonly tls?: TlsMaterial;
  readonly clock?: EngineClock;
  readonly timers?: Partial<TimerValues>;
  readonly limits?: Partial<EngineLimits>;
  readonly dns?: Dns;
  /** Counters of metrics; names end in `_total`. */
  readonly count?: Count;
  /** Every message that crosses the border, as it stood on the wire. */
  readonly onMessage?: Trace;
  /** What a delegate or listener has thrown; the engine lives on. */
  readonly onError?: (error: unknown) => void;
  /** In place of sockets, for specs. */
  readonly transport?: TransportLayer;
}

export interface Settings {
  readonly listen: readonly string[];
  readonly advertise: string | undefined;
  readonly localHosts: readonly string[];
  readonly nobody: (user: string) => boolean;
  readonly methods: readonly string[];
  readonly supported: readonly string[];
  readonly accept: readonly string[];
  readonly utf8Bodies: boolean;
  readonly minSeS: number;
  readonly retryAfterS: number;
  readonly trusted: (host: string) => boolean;
  readonly reach: (host: string) => boolean;
  readonly overloaded: (request: WireMessage) => number | undefined;
  readonly turn: (request: WireMessage) => Promise<void> | undefined;
  readonly settled: (request: WireMessage) => void;
  readonly trustedNames: readonly string[];
  readonly tls: TlsMaterial | undefined;
  readonly clock: EngineClock;
  readonly values: TimerValues;
  readonly limits: EngineLimits;
  readonly dns: Dns;
  readonly count: Count;
  readonly trace: Trace | undefined;
  readonly onError: (error: unknown) => void;
}

const METHODS = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'UPDATE', 'MESSAGE', 'OPTIONS', 'INFO'];
const ACCEPT = ['application/sdp', 'message/cpim', 'multipart/mixed'];

export function settingsOf(options: EngineOptions): Settings {
  return {
    listen: options.listen,
    advertise: options.advertise,
    localHosts: (options.localHosts ?? []).map((host) => host.toLowerCase()),
    nobody: options.nobody ?? (() => false),
    methods: options.methods ?? METHODS,
    supported: options.supported ?? ['timer'],
    accept: options.accept ?? ACCEPT,
    utf8Bodies: options.utf8Bodies ?? true,
    minSeS: options.minSeS ?? 90,
    retryAfterS: options.retryAfterS ?? 5,
    trusted: options.trusted ?? (() => true),
    reach: options.reach ?? (() => true),
    overloaded: options.overloaded ?? (() => undefined),
    turn: options.turn ?? (() => undefined),
    settled: options.settled ?? (() => undefined),
    trustedNames: options.trustedNames ?? [],
    tls: options.tls,
    clock: options.clock ?? systemClock,
    values: { ...DEFAULT_TIMERS, ...options.timers },
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    dns: options.dns ?? systemDns,
    count: options.count ?? (() => undefined),
    trace: options.onMessage,
    onError: options.onError ?? (() => undefined),
  };
}
