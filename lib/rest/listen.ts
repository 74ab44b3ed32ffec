/** The node:http server under the REST face: its limits in size, number and time, and how it ends. */
import { constants } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { DEFAULT_CIPHERS, TLSSocket } from 'node:tls';
import type { Timer } from '../clock.js';
import { ApiError } from '../resources/api-error.js';
import { printRequestError } from '../resources/request-error.js';
import { formatOfRefusal } from './http/accept.js';
import { errorAnswer, writeAnswer } from './http/answer.js';
import { endWith } from './http/bare-answer.js';
import { addressOf } from './http/source-of.js';
import { limitConnections } from './http/connection-limits.js';
import { pipelined } from './http/pipelined.js';
import type { RestDeps } from './deps.js';
import { restApp } from './server.js';
import { cutUnread } from './http/unread.js';
import { serveUpgrades, upgradeOptions } from './upgrade.js';

export interface Listen {
  readonly host: string;
  readonly port: number;
  readonly tls?: RestTls | undefined;
}

/** PEM texts. */
export interface RestTls {
  readonly cert: string;
  readonly key: string;
  /** Who may sign certificates of platforms; absent: none is asked for. */
  readonly clientCa?: string | undefined;
}

export interface RestServer {
  readonly host: string;
  /** As bound. */
  readonly port: number;
  /** For connections from now on; throws where it cannot be used, and then nothing has changed. Whether certificates are asked for stays. */
  reloadTls(tls: RestTls): void;
  /** Takes no new connections, lets running requests end, cuts what is left after `graceMs`; idempotent. */
  close(graceMs?: number): Promise<void>;
}

/** Rejects with the system's error (EADDRINUSE …) where it cannot listen. */
export async function startRest(deps: RestDeps, listen: Listen): Promise<RestServer> {
  const server = limitedServer(deps, listen.tls);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Whoever comes back with all its connections at once shall not find some of them half open for a minute.
    const { host, port } = listen;
    server.listen({ host, port, backlog: deps.limits.maxConnections }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  let closing: Promise<void> | undefined;
  return {
    host: listen.host,
    port: (server.address() as AddressInfo).port,
    reloadTls(tls) {
      if (server instanceof SecureServer) server.setSecureContext(secureOptions(tls, deps.limits));
    },
    close: (graceMs = 5000) => (closing ??= closeServer(server, deps, graceMs)),
  };
}

function limitedServer(deps: RestDeps, tls: RestTls | undefined): Server {
  const { limits } = deps;
  const options = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.max(20, Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs) / 4),
    maxHeaderSize: limits.maxHeaderBytes,
    noDelay: true,
    // It is asked for by `requireHost`, which says what is missing.
    requireHostHeader: false,
    ...upgradeOptions(deps),
  };
  const inTurn = pipelined({
    maxWaiting: limits.maxPipelined,
    onCut: ({ remoteAddress }) =>
      deps.metrics.count('limit_reached_total', { limit: 'rest.maxPipelined' }, 1, remoteAddress),
  });
  const app = inTurn(restApp(deps));
  const server = tls
    ? createSecureServer({ ...options, ...secureOptions(tls, limits) }, app)
    : createServer(options, app);
  serveUpgrades(server, deps);
  cutUnread(server, {
    clock: deps.clock,
    timeoutMs: limits.requestTimeoutMs,
    onCut: (peer) => deps.metrics.count('rest_client_errors_total', { status: 'unread' }, 1, peer),
  });
  // Before node hands it on as a client's error: nothing can be told within a handshake that failed, or was never finished.
  server.prependListener('tlsClientError', (_error: Error, socket: TLSSocket) => {
    deps.metrics.count('rest_client_errors_total', { status: 'tls' });
    socket.destroy();
  });
  limitConnections(server, limits, (limit, source) =>
    deps.metrics.count('limit_reached_total', { limit: `rest.${limit}` }, 1, source),
  );
  server.on(
    'checkExpectation',
    inTurn((request, response) => refuseExpectation(deps, request, response)),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseClient(deps, error, socket));
  return server;
}

/** Those whose sessions the stolen key would open later are for nobody (RFC 9325 §4.1); else Node's, or `--tls-cipher-list`. */
const ciphers = `${DEFAULT_CIPHERS}:!kRSA`;

/** A client without a certificate, or with a wrong one, may still have another credential: it is judged with the request. */
function secureOptions({ cert, key, clientCa }: RestTls, { headersTimeoutMs }: RestDeps['limits']): ServerOptions {
  const asking = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false };
  // Each handshake costs us more than the client, and nobody needs a second one.
  const secureOptions = constants.SSL_OP_NO_RENEGOTIATION;
  const limits = { minVersion: 'TLSv1.2', ciphers, secureOptions, handshakeTimeout: headersTimeoutMs } as const;
  return { cert, key, ...asking, ...limits };
}

/** What is not HTTP, too slow or too long is told once and closed (RFC 9112 §9.5). */
function refuseClient(deps: RestDeps, error: NodeJS.ErrnoException, socket: Duplex): void {
  if (socket instanceof TLSSocket && socket.destroyed) return;
  // Who has gone, as a load balancer that tries the port, is no fault and nobody to tell.
  if (error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = clientErrors[error.code ?? ''] ?? 400;
  deps.metrics.count('rest_client_errors_total', { status: String(status) }, 1, addressOf(socket));
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = printRequestError(new ApiError('SVC0001', [(STATUS_CODES[status] ?? '').toLowerCase()]));
  endWith(socket, { status, body }, deps.clock.now());
}

const clientErrors: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 };

/** RFC 9110 §10.1.1: of expectations we know 100-continue alone. */
function refuseExpectation(deps: RestDeps, { headers }: IncomingMessage, response: ServerResponse): void {
  const error = new ApiError('SVC0003', ['Expect', '100-continue'], { status: 417 });
  deps.metrics.count('rest_requests_total', { route: 'none', method: 'ANY', status: '417' });
  writeAnswer(response, errorAnswer(error, deps.log), formatOfRefusal(headers));
}

const sweepMs = 100;

async function closeServer(server: Server, deps: RestDeps, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const cut = deps.clock.after(graceMs, () => server.closeAllConnections());
  // A connection whose last request has ended would be kept for the next one.
  let sweeping: Timer | undefined;
  const sweep = (): void => {
    server.closeIdleConnections();
    sweeping = deps.clock.after(sweepMs, sweep);
  };
  sweep();
  await closed;
  sweeping?.close();
  cut.close();
}
