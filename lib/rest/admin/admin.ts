/**
 * The operator's HTTP face, on a port of its own: is it alive, is it ready, its metrics, what crossed its borders, what could not be told.
 *
 * /livez, /readyz and /metrics need no credential on loopback; all else the admin key (Authorization: Bearer).
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerOptions, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from '../../log.js';
import type { Audit } from '../../log/audit.js';
import { ApiError } from '../../resources/api-error.js';
import { FailedAttempts } from '../access/failed-attempts.js';
import { addressOf } from '../http/source-of.js';
import { type ConnectionLimits, limitConnections } from '../http/connection-limits.js';
import { pipelined } from '../http/pipelined.js';
import { type AdminParts, type AdminRequest, type AdminRoute, problem, type Reply } from './admin-route.js';
import { deadLetterRoutes } from './dead-letters.js';
import { readiness } from './readiness.js';
import { cutUnread } from '../http/unread.js';

export interface AdminDeps extends AdminParts {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** SHA-256 (hex) of the credential; absent: only the three open paths answer, and those to loopback alone. */
  readonly key?: string;
  /** Told of each request that needs the credential. */
  readonly audit?: Audit;
  /** Told in its place of those without it; absent: the same. */
  readonly strangers?: Audit;
  readonly limits: AdminLimits;
  readonly log: Logger;
}

export interface AdminLimits extends ConnectionLimits {
  /** Requests that wait for answers to earlier ones of their connection; who brings more is cut. */
  readonly maxPipelined: number;
  readonly maxHeaderBytes: number;
  /** A client that trickles its headers, or the whole request, is cut. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
}

export interface AdminFace {
  readonly port: number;
  /** Idempotent. */
  close(): Promise<void>;
}

const routes: readonly AdminRoute[] = [
  { method: 'GET', path: /^\/livez$/, open: true, answer: () => ({ status: 200, body: { status: 'alive' } }) },
  { method: 'GET', path: /^\/readyz$/, open: true, answer: ready },
  { method: 'GET', path: /^\/metrics$/, open: true, answer: metrics },
  {
    method: 'GET',
    path: /^\/trace$/,
    answer: ({ trace }) => ({ status: 200, body: { conversations: trace.list(1_000) } }),
  },
  { method: 'GET', path: /^\/trace\/([^/]+)$/, answer: conversation },
  ...deadLetterRoutes,
];

const securityHeaders = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

export const defaultAdminLimits: AdminLimits = {
  maxConnections: 100,
  maxConnectionsPerSource: 50,
  maxPipelined: 1_000,
  maxHeaderBytes: 8_192,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 30_000,
};

/** Rejects with the system's error (EADDRINUSE …) where it cannot listen. */
export async function startAdmin(deps: AdminDeps): Promise<AdminFace> {
  const { limits } = deps;
  const attempts = new FailedAttempts(deps.clock);
  const inTurn = pipelined({
    maxWaiting: limits.maxPipelined,
    onCut: (socket) => count(deps, 'maxPipelined', socket.remoteAddress),
  });
  const server = createServer(
    serverOptions(limits),
    inTurn((request, response) => void serve({ ...deps, attempts }, request, response)),
  );
  cutUnread(server, {
    clock: deps.clock,
    timeoutMs: limits.requestTimeoutMs,
    onCut: () => deps.log.info('admin client cut', { reason: 'unread' }),
  });
  limitConnections(server, limits, (limit, source) => count(deps, limit, source));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseClient(deps, error, socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(deps.port, deps.host, resolve);
  });
  server.on('error', (error) => deps.log.error('admin server failed', { error }));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function serverOptions(limits: AdminLimits): ServerOptions {
  return {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // Node looks for slow clients each half minute where nothing else is said.
    connectionsCheckingInterval: Math.max(20, Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs) / 4),
  };
}

/** As node does it where nobody listens, but counted. */
function refuseClient(deps: AdminDeps, error: NodeJS.ErrnoException, socket: Duplex): void {
  const [line, limit] = clientErrors[error.code ?? ''] ?? ['400 Bad Request', undefined];
  if (limit) count(deps, limit, addressOf(socket));
  if (!socket.writable || error.code === 'ECONNRESET') socket.destroy();
  else socket.end(`HTTP/1.1 ${line}\r\nConnection: close\r\n\r\n`, () => socket.destroy());
}

const clientErrors: Readonly<Record<string, readonly [line: string, limit: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'requestTimeoutS'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'maxHeaderBytes'],
};

function count({ metrics }: AdminDeps, limit: string, who?: string): void {
  metrics.count('limit_reached_total', { limit: `admin.${limit}` }, 1, who);
}

interface Serving extends AdminDeps {
  readonly attempts: FailedAttempts;
}

async function serve(deps: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const reply = await replyTo(deps, request).catch((error: unknown) => refusal(deps, error));
  // What a client behind a broken connection was to get, nobody reads.
  if (!response.destroyed) send(response, reply, request.method === 'HEAD');
}

function refusal({ log }: AdminDeps, error: unknown): Reply {
  if (error instanceof ApiError) {
    return {
      ...problem(error.status, error.status === 503 ? 'the store does not answer' : 'too many wrong credentials'),
      headers: { 'Retry-After': '5' },
    };
  }
  log.error('admin request failed', { error });
  return problem(500, 'internal error');
}

async function replyTo(deps: Serving, request: IncomingMessage): Promise<Reply> {
  const target = `http://admin${request.url ?? '/'}`;
  const url = URL.canParse(target) ? new URL(target) : undefined;
  const found = url ? routes.filter(({ path }) => path.test(url.pathname)) : [];
  const open = found.some((route) => route.open) && isLoopback(request.socket.remoteAddress);
  if (open) return answer(deps, { request, url, found });
  const address = request.socket.remoteAddress ?? '';
  deps.attempts.admit(address);
  const isKnown = isAuthorized(request.headers.authorization, deps.key);
  const credential = request.headers.authorization === undefined ? 'none' : 'unknown';
  if (!isKnown && credential === 'unknown') await deps.attempts.failed(address);
  const reply = isKnown ? await answer(deps, { request, url, found }) : unauthorized;
  const deed = { action: `${request.method ?? ''} ${url?.pathname ?? ''}`, result: String(reply.status) };
  if (isKnown) deps.audit?.({ actor: `admin ${address}`, ...deed });
  else (deps.strangers ?? deps.audit)?.({ actor: `unknown ${address}`, ...deed, details: { credential } });
  return reply;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly url: URL | undefined;
  readonly found: readonly AdminRoute[];
}

function answer(deps: AdminDeps, { request, url, found }: Asked): Reply | Promise<Reply> {
  if (!url || found.length === 0) return problem(404, 'no such path');
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const route = found.find((one) => one.method === method);
  if (!route) return notAllowed(found);
  const name = decoded(route.path.exec(url.pathname)?.[1] ?? '');
  return name === undefined ? problem(400, 'the path is not percent-encoded') : route.answer(deps, { url, name });
}

function notAllowed(routes: readonly AdminRoute[]): Reply {
  const allow = routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  return { ...problem(405, 'this path has no such method'), headers: { Allow: allow.join(', ') } };
}

async function ready({ checks, clock }: AdminParts): Promise<Reply> {
  const body = await readiness(checks, clock);
  return { status: body.status === 'not ready' ? 503 : 200, body };
}

async function metrics(deps: AdminParts): Promise<Reply> {
  return { status: 200, type: deps.metrics.contentType, body: await deps.metrics.expose() };
}

function conversation({ trace }: AdminParts, { url, name }: AdminRequest): Reply {
  const format = url.searchParams.get('format') ?? 'json';
  if (!isFormat(format)) return problem(400, `format is one of ${formats.join(', ')}`);
  const body = trace[format](name);
  return body === undefined ? problem(404, 'no such conversation, or forgotten') : { status: 200, body };
}

const formats = ['json', 'ladder', 'text', 'pcap'] as const;

function isFormat(text: string): text is (typeof formats)[number] {
  return (formats as readonly string[]).includes(text);
}

const unauthorized: Reply = {
  ...problem(401, 'the admin key is needed (Authorization: Bearer …), whose SHA-256 is admin.key of the configuration'),
  headers: { 'WWW-Authenticate': 'Bearer realm="admin"' },
};

function send(response: ServerResponse, { status, type, headers, body }: Reply, headOnly: boolean): void {
  if (body === undefined) {
    response.writeHead(status, { ...securityHeaders, ...headers }).end();
    return;
  }
  const [bytes, natural] = serialized(body);
  response.writeHead(status, {
    ...securityHeaders,
    'Content-Type': type ?? natural,
    'Content-Length': bytes.length,
    ...headers,
  });
  response.end(headOnly ? undefined : bytes);
}

function serialized(body: unknown): readonly [bytes: Buffer, type: string] {
  if (Buffer.isBuffer(body)) return [body, 'application/vnd.tcpdump.pcap'];
  if (typeof body === 'string') return [Buffer.from(body), 'text/plain; charset=utf-8'];
  return [Buffer.from(`${JSON.stringify(body, undefined, 2)}\n`), 'application/json'];
}

/** Compared as hashes of equal length, so that time tells nothing. */
function isAuthorized(header: string | undefined, key: string | undefined): boolean {
  const credential = /^bearer +(\S+)$/i.exec(header ?? '')?.[1];
  if (credential === undefined || key === undefined) return false;
  const given = createHash('sha256').update(credential).digest();
  const wanted = Buffer.from(key, 'hex');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function isLoopback(address: string | undefined): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address ?? '');
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
