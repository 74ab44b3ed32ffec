/** What the REST face is given, and its limits. */
import type { Clock } from '../clock.js';
import type {
  CapabilityActions,
  ChatActions,
  ChatbotDirectory,
  RootChatbotActions,
  SubscriptionActions,
} from '../iwf/actions.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { TraceEvent } from '../trace/trace.js';
import type { FailedAttempts } from './access/failed-attempts.js';
import type { TokenEndpoint } from './access/token-endpoint.js';
import type { Authenticate } from './access/authenticate.js';
import type { FurtherActions } from './further-actions.js';
import type { ClientAddress } from './http/client-address.js';
import type { Late } from './http/in-time.js';
import type { ChatbotRoot } from './server-roots.js';

export interface RestLimits {
  /** Of a request body as sent; beyond: 413. */
  readonly maxBodyBytes: number;
  /** Of a message's content, base64 undone; beyond: SVC0280. */
  readonly maxMessageBytes: number;
  /** Of request line and headers; beyond: 431 and closed. */
  readonly maxHeaderBytes: number;
  /** Requests being worked on at once; beyond: 503 with Retry-After. */
  readonly maxInFlight: number;
  /** Requests that wait for answers to earlier ones of their connection; who brings more is cut. */
  readonly maxPipelined: number;
  /** Open connections; beyond: closed as they come. */
  readonly maxConnections: number;
  /** Of one address, or one /64 of IPv6; beyond: closed as they come. */
  readonly maxConnectionsPerSource: number;
  /** Of the bodies of all requests being worked on; beyond: 503 with Retry-After. */
  readonly maxTotalBufferedBytes: number;
  /** From the first byte to the end of the headers; beyond: 408 and closed. */
  readonly headersTimeoutMs: number;
  /** From the first byte to the end of the body; beyond: 408 and closed. */
  readonly requestTimeoutMs: number;
  /** An idle connection is kept so long. */
  readonly keepAliveTimeoutMs: number;
  /** Distinct contacts whose capabilities one platform may ask for in an hour; beyond: 429. */
  readonly contactsPerHour: number;
}

export const defaultRestLimits: RestLimits = {
  maxBodyBytes: 2 * 1024 * 1024,
  maxMessageBytes: 1024 * 1024,
  maxHeaderBytes: 16_384,
  maxInFlight: 10_000,
  maxPipelined: 10_000,
  maxConnections: 10_000,
  maxConnectionsPerSource: 5_000,
  maxTotalBufferedBytes: 256 * 1024 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  contactsPerHour: 1000,
};

/** What the configuration says of one platform. */
export interface PlatformPolicy {
  /** Its requests are refused with POL1010. */
  readonly suspended: boolean;
  /** Beyond: 429. undefined: no limit. */
  readonly requestsPerS: number | undefined;
  /** Distinct contacts whose capabilities it may ask for in an hour; absent: as all. */
  readonly contactsPerHour?: number;
}

export type RestActions = ChatActions & CapabilityActions & SubscriptionActions;

export interface RestDeps {
  /** Services beyond chat; one that is absent is answered 403 POL2006. */
  readonly further?: FurtherActions | undefined;
  readonly actions: RestActions;
  readonly directory: ChatbotDirectory;
  /** With them, requests under `chatbotRoots` may be of chatbots that the directory does not know yet. */
  readonly rootChatbots?: RootChatbotActions | undefined;
  readonly chatbotRoots?: readonly ChatbotRoot[] | undefined;
  readonly authenticate: Authenticate;
  /** Whose requests they are, where a proxy stands before us; absent: the peer's of their connection. */
  readonly clientAddress?: ClientAddress | undefined;
  /** A credential was wrong, or there was none: why, and whose address. Each is counted as its answer. */
  readonly refused?: ((reason: string, peer: string) => void) | undefined;
  readonly policy?: ((platformId: string) => PlatformPolicy | undefined) | undefined;
  /** `/oauth2/token`; absent: there is none. */
  readonly tokens?: TokenEndpoint | undefined;
  /** Shared by all that judge credentials. */
  readonly attempts?: FailedAttempts | undefined;
  readonly limits: RestLimits;
  /** Asked of each request before it is looked at: resolves when it is the turn of one of this source; undefined: at once. */
  readonly turn?: ((source: string) => Promise<void> | undefined) | undefined;
  /** Asked of each request before it waits for its turn: seconds to wait where those of this source wait too long already. */
  readonly overdue?: ((source: string) => number | undefined) | undefined;
  /** Asked of each new message, by the bot that it names, who asks, and how long it waited for its turn: seconds to wait where it must not come in. */
  readonly overloaded?: ((bot: string, platformId: string, waitedMs: number) => number | undefined) | undefined;
  /** One that came in has its answer. */
  readonly settled?: (() => void) | undefined;
  /** Absent: a request waits for the store as long as it takes. */
  readonly late?: Late | undefined;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Told of every exchange; undefined: nothing is computed for it. */
  readonly trace?: ((event: TraceEvent) => void) | undefined;
  /** Paths of the serverRoots (`/base`, without a slash at the end): each is accepted before every resource. */
  readonly basePaths?: readonly string[] | undefined;
}
