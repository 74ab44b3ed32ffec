/**
 * The operator's HTTP face, on a port of its own: is it alive, is it ready, its metrics, what crossed its borders.
 *
 * /livez, /readyz and /metrics need no credential on loopback; all else the admin key (Authorization: Bearer).
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import { readiness, type ReadyCheck } from './readiness.js';

/** What is shown of traces, already free of credentials; undefined: unknown conversation. */
export interface TraceView {
  list(limit: number): readonly object[];
  json(name: string): object | undefined;
  ladder(name: string): string | undefined;
  text(name: string): string | undefined;
  /** A capture file for Wireshark. */
  pcap(name: string): Buffer | undefined;
}

export interface AdminDeps {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** SHA-256 (hex) of the credential; absent: only the three open paths answer, and those to loopback alone. */
  readonly key?: string;
  readonly checks: readonly ReadyCheck[];
  readonly metrics: { expose(): Promise<string>; readonly contentType: string };
  readonly trace: TraceView;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface AdminFace {
  readonly port: number;
  /** Idempotent. */
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Texts and bytes as they stand; anything else as JSON. */
  readonly body: unknown;
}

interface Route {
  readonly path: RegExp;
  /** Without credential on loopback. */
  readonly open: boolean;
  /** `name`: what the path's group holds, decoded. */
  answer(deps: AdminDeps, url: URL, name: string): Reply | Promise<Reply>;
}

const routes: readonly Route[] = [
  { path: /^\/livez$/, open: true, answer: () => ({ status: 200, body: { status: 'alive' } }) },
  { path: /^\/readyz$/, open: true, answer: ready },
  { path: /^\/metrics$/, open: true, answer: metrics },
  {
    path: /^\/trace$/,
    open: false,
    answer: ({ trace }) => ({ status: 200, body: { conversations: trace.list(1_000) } }),
  },
  { path: /^\/trace\/([^/]+)$/, open: false, answer: conversation },
];

const securityHeaders = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/** Rejects with the system's error (EADDRINUSE …) where it cannot listen. */
export async function startAdmin(deps: AdminDeps): Promise<AdminFace> {
  const limits = { maxHeaderSize: 8_192, headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 30_000 };
  const server = createServer(limits, (request, response) => void serve(deps, request, response));
  server.maxConnections = 100;
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

async function serve(deps: AdminDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    send(response, await replyTo(deps, request), request.method === 'HEAD');
  } catch (error) {
    deps.log.error('admin request failed', { error });
    send(response, problem(500, 'internal error'), false);
  }
}

async function replyTo(deps: AdminDeps, request: IncomingMessage): Promise<Reply> {
  const target = `http://admin${request.url ?? '/'}`;
  const url = URL.canParse(target) ? new URL(target) : undefined;
  const route = routes.find(({ path }) => url && path.test(url.pathname));
  const open = route?.open === true && isLoopback(request.socket.remoteAddress);
  if (!open && !isAuthorized(request.headers.authorization, deps.key)) return unauthorized;
  if (!route || !url) return problem(404, 'no such path');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { ...problem(405, 'read only'), headers: { Allow: 'GET, HEAD' } };
  }
  const name = decoded(route.path.exec(url.pathname)?.[1] ?? '');
  return name === undefined ? problem(400, 'the path is not percent-encoded') : route.answer(deps, url, name);
}

async function ready({ checks, clock }: AdminDeps): Promise<Reply> {
  const body = await readiness(checks, clock);
  return { status: body.status === 'not ready' ? 503 : 200, body };
}

async function metrics(deps: AdminDeps): Promise<Reply> {
  return { status: 200, type: deps.metrics.contentType, body: await deps.metrics.expose() };
}

function conversation({ trace }: AdminDeps, url: URL, name: string): Reply {
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
  ...problem(401, 'the admin key is needed'),
  headers: { 'WWW-Authenticate': 'Bearer realm="admin"' },
};

function problem(status: number, text: string): Reply {
  return { status, body: { error: text } };
}

function send(response: ServerResponse, { status, type, headers, body }: Reply, headOnly: boolean): void {
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
