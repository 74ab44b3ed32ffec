/** The SIP side put together: the engine that the configuration names, and the agent on it. */
import { createServer } from 'node:net';
import type { Clock } from '../../clock.js';
import type { Config } from '../../config.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import { createDrachtioAgent } from '../../sip/drachtio/drachtio-agent.js';
import type { SipAgent } from '../../sip/agent.js';
import { createDrachtioFace } from '../../sip-engine/drachtio/face.js';
import { hostport } from '../../sip-engine/drachtio/leader.js';
import type { InHand } from '../../sip-engine/api.js';
import { createEngine } from '../../sip-engine/engine.js';
import type { TlsMaterial } from '../../sip-engine/transport/tls.js';
import type { Trace } from '../../trace/trace.js';
import type { FairTurns } from '../load/fair-turns.js';
import type { Load } from '../load/load.js';
import { engineOptions } from '../settings.js';
import { type SipCrossing, traceSip } from '../operators/sip-trace.js';
import { sipTls } from '../tls-material.js';
import { namesUs } from './own-uri.js';
import { sipReach } from './reach.js';
import { trustedBy } from './trusted-peers.js';

export interface SipSide {
  readonly agent: SipAgent;
  /** Undefined where the engine is elsewhere. */
  inHand(): InHand | undefined;
  /** Engine and agent connected and listening; rejects with the system's error where a port is taken. */
  prepare(): Promise<void>;
  /** OPTIONS to the gateway itself is answered 503 from now on. */
  drain(): void;
  /** For connections from now on; throws where it cannot be used, and then nothing has changed. Of no effect where the engine is elsewhere. */
  reloadTls(material: TlsMaterial): void;
  close(): Promise<void>;
}

/** What a MESSAGE that the engine hands on takes until it is committed, most of it after the next one has been begun. */
const messageMs = 0.3;

export interface SipDeps {
  /** For the embedded engine: it refuses before anything is spent on a request. */
  readonly load?: Pick<Load, 'sipOverloaded' | 'sipSettled'>;
  /** For the embedded engine, too, by Request-URI: a MESSAGE of a crowd waits where it has cost least. */
  readonly turn?: FairTurns['wait'];
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly trace?: Trace | undefined;
}

export function createSipSide(config: Config, deps: SipDeps): SipSide {
  return config.sip.engine === 'drachtio' ? drachtioServer(config, deps) : embedded(config, deps);
}

function drachtioServer(config: Config, deps: SipDeps): SipSide {
  const { sip } = config;
  const { clock, log, metrics } = deps;
  const trace = tracer(config, deps);
  const { host, port, secret = 'cymru' } = sip.drachtio;
  let state: 'ready' | 'draining' = 'ready';
  const isOwn = ownNames(config);
  const agent = createDrachtioAgent({
    mode: { kind: 'connect', host, port, secret },
    clock,
    log,
    metrics,
    startTimeoutMs: sip.drachtio.connectTimeoutMs,
    maxFrameBytes: sip.drachtio.maxFrameBytes,
    echoTimeoutMs: sip.drachtio.echoTimeoutMs,
    maxInFlightBytes: sip.drachtio.maxInFlightBytes,
    // The server hears everybody.
    trusted: trustedBy(sip.trustedPeers),
    // It notes whom a request is for as user@host, and ends where there is no host: a number has none.
    takesTel: false,
    // By re-INVITE at half of the interval; whatever but a 200 to it ends the call.
    keepsTimers: true,
    minSeS: sip.minSeS,
    own: (uri, listening) => (isOwn(uri, listening) ? state : undefined),
    onCrossing: trace && (({ text, ...where }) => trace({ ...where, bytes: Buffer.from(text) })),
    ...agentTimes(sip),
  });
  return {
    agent,
    inHand: () => undefined,
    prepare: () => Promise.resolve(),
    drain: () => void (state = 'draining'),
    reloadTls: () => undefined,
    close: () => agent.close(),
  };
}

function ownNames(config: Config): (uri: string, listening: readonly string[]) => boolean {
  const { localHosts: hosts = [], nobody = () => false } = engineOptions(config);
  return (uri, listening) => namesUs(uri, { listening, hosts, nobody });
}

/** The engine connects to the agent within the process: no port, and a secret that nobody else could say. */
function embedded(config: Config, deps: SipDeps): SipSide {
  const { clock, log, metrics, load, turn } = deps;
  const trace = tracer(config, deps);
  const secret = 'embedded';
  // It listens nowhere: the face hands it its end of the connection.
  const server = createServer();
  const tls = sipTls(config);
  const engine = createEngine({
    ...engineOptions(config),
    trusted: trustedBy(config.sip.trustedPeers),
    reach: sipReach(config.sip.trustedPeers),
    ...(load && { overloaded: load.sipOverloaded, settled: load.sipSettled }),
    ...(turn && { turn: ({ uri = '' }) => turn(uri, messageMs) }),
    trustedNames: config.sip.trustedNames,
    ...(tls && { tls }),
    clock,
    count: (name, labels, who) => metrics.count(name, labels, 1, who),
    onError: (error) => log.error('sip engine', { error }),
    ...(trace && {
      onMessage: (direction, _local, remote, bytes) => trace({ direction, peer: hostport(remote), bytes }),
    }),
  });
  const face = createDrachtioFace(engine, { secret, clock, log, metrics });
  const agent = createDrachtioAgent({
    mode: { kind: 'listen', server, secret },
    clock,
    log,
    metrics,
    ...agentTimes(config.sip),
  });
  return {
    agent,
    inHand: () => engine.inHand,
    async prepare() {
      await face.start();
      void face.connect({ server });
    },
    drain: () => engine.setDraining(true),
    reloadTls: (material) => engine.reloadTls(material),
    async close() {
      await agent.close();
      await face.close();
    },
  };
}

function tracer(
  { trace: { bodies } }: Config,
  { clock, trace }: SipDeps,
): ((crossing: SipCrossing) => void) | undefined {
  return trace && ((crossing) => traceSip(trace, crossing, { atMs: clock.now(), bodies }));
}

function agentTimes(sip: Config['sip']): { callTimeoutMs: number; inviteTimeoutMs: number } {
  return { callTimeoutMs: sip.requestTimeoutS * 1000, inviteTimeoutMs: sip.callTimeoutS * 1000 };
}
