/** Limits and time-outs of the MSRP endpoint, and what the root hands in. */
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { TraceEvent } from '../trace/trace.js';
import type { TlsIdentity } from './api.js';

export interface MsrpOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Hosts for a=path, preferred first, one for each address family. */
  readonly advertise: readonly string[];
  readonly maxSessions: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerSource: number;
  /** Above it 413. */
  readonly maxMessageBytes: number;
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
  /** Messages of one session that are being put together at once; above it 408. */
  readonly maxAssemblies: number;
  /** Octets of all messages and frames of the endpoint that are not whole yet; above it 408. */
  readonly maxAssemblyBytes: number;
  /** Chunks of one message that wait for a gap before them to close; above it 413. */
  readonly maxChunksAhead: number;
  /** After the last chunk of an incomplete message. */
  readonly assemblyTimeoutMs: number;
  /** Whole messages of one session with the application; reading stops there. */
  readonly maxMessagesInHand: number;
  /** Written to a connection and not taken by the peer; reading and sending stop there. */
  readonly maxBufferedBytes: number;
  /** The same of all connections; beyond it the slowest taker is cut. */
  readonly maxTotalBufferedBytes: number;
  /** Messages of one session that wait to be sent or for their answer; above it 408. */
  readonly maxQueuedMessages: number;
  /** Octets of them; above it 408. */
  readonly maxQueuedBytes: number;
  /** Octets of content in one SEND; at most 2048, since ours are not interrupted (RFC 4975 §7.1.1). */
  readonly chunkBytes: number;
  /** Chunks of one session without their answer. */
  readonly maxUnansweredChunks: number;
  /** RFC 4975 §7.1.3: 30 s. */
  readonly transactionTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** From start() of a passive session to its first SEND. */
  readonly bindTimeoutMs: number;
  /** After the connection of a passive session died: its peer may bind it to another. */
  readonly rebindTimeoutMs: number;
  /** A connection from outside without a session. */
  readonly unboundTimeoutMs: number;
  /** From the end of a connection to cutting off a peer that does not read the rest. */
  readonly lingerTimeoutMs: number;
  /** Whether trace events carry the content of messages, or its length. */
  readonly traceContent: boolean;
}

export const defaultMsrpOptions: MsrpOptions = {
  host: '127.0.0.1',
  port: 2855,
  advertise: ['127.0.0.1'],
  maxSessions: 20_000,
  maxConnections: 10_000,
  maxConnectionsPerSource: 2000,
  maxMessageBytes: 1_048_576,
  maxHeaderBytes: 8192,
  maxHeaders: 64,
  maxAssemblies: 8,
  maxAssemblyBytes: 268_435_456,
  maxChunksAhead: 256,
  assemblyTimeoutMs: 120_000,
  maxMessagesInHand: 64,
  maxBufferedBytes: 262_144,
  maxTotalBufferedBytes: 268_435_456,
  maxQueuedMessages: 256,
  maxQueuedBytes: 8_388_608,
  chunkBytes: 2048,
  maxUnansweredChunks: 32,
  transactionTimeoutMs: 30_000,
  connectTimeoutMs: 10_000,
  bindTimeoutMs: 30_000,
  rebindTimeoutMs: 5000,
  unboundTimeoutMs: 30_000,
  lingerTimeoutMs: 5000,
  traceContent: false,
};

export interface MsrpDeps {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** 128 random bits as letters and digits: session-ids, prefixes of transaction ids. */
  readonly randomId: () => string;
  readonly trace?: ((event: TraceEvent) => void) | undefined;
  /** Whether an address may connect; absent: every one. */
  readonly admit?: ((address: string) => boolean) | undefined;
  /** Whether a session may connect to an address: SDP is the network's word; absent: to every one. */
  readonly reach?: ((address: string) => boolean) | undefined;
  /** With it TLS is understood on the same port, and msrps: paths are offered. */
  readonly tls?: TlsIdentity | undefined;
}
