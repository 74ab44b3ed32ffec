/** One HTTP exchange as two trace events; texts are made only when somebody reads them. */
import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import type { TraceEvent } from '../../trace/trace.js';
import type { Written } from './answer.js';

export interface TracedExchange {
  readonly request: IncomingMessage;
  /** Whose it is. */
  readonly client: string;
  readonly key: string;
  readonly status: number;
  readonly written: Written;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

export function traceExchange(trace: (event: TraceEvent) => void, exchange: TracedExchange): void {
  const { request, client, status, written, startedAtMs, endedAtMs } = exchange;
  const { remoteAddress = '', remotePort = '' } = request.socket;
  const key = exchange.key.length > maxKeyLength ? cut(exchange.key, maxKeyLength) : exchange.key;
  // The port is of the connection: behind a proxy it says nothing of the client.
  const host = isIPv6(client) ? `[${client}]` : client;
  const peer = client === remoteAddress ? `${host}:${remotePort}` : host;
  const requestText = keptText(request);
  const answerHeaders = () => Object.entries(written.headers).map(([name, value]) => `${name}: ${String(value)}`);
  const answerText = () => [`HTTP/1.1 ${status}`, ...answerHeaders(), '', `[${written.bytes} bytes]`].join('\r\n');
  trace({ atMs: startedAtMs, border: 'http', direction: 'in', peer, key, text: requestText });
  trace({ atMs: endedAtMs, border: 'http', direction: 'out', peer, key, text: answerText });
}

/** Of what a request keeps in memory, characters: who has no credential is traced, too. */
const maxKeptLength = 4096;
/** Two addresses. */
const maxKeyLength = 2048;

/** Two functions, for what one closure needs another one beside it would keep, too. */
function keptText(request: IncomingMessage): () => string {
  const length = request.rawHeaders.reduce((sum, part) => sum + part.length, request.url?.length ?? 0);
  const text = textOf(request);
  return length <= maxKeptLength ? text : saying(`${cut(text(), maxKeptLength)}\r\n[cut]\r\n`);
}

function textOf({ method = '', url = '', rawHeaders }: IncomingMessage): () => string {
  return () => [`${method} ${url} HTTP/1.1`, ...lines(rawHeaders), '', ''].join('\r\n');
}

function saying(text: string): () => string {
  return () => text;
}

/** A copy: what was cut off is not kept with it. */
function cut(text: string, length: number): string {
  return Buffer.from(text.slice(0, length)).toString();
}

/** Header lines as they came, credentials masked. */
function lines(rawHeaders: readonly string[]): string[] {
  const printed: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const secret = /^(?:proxy-)?authorization$|^cookie$/i.test(name);
    printed.push(`${name}: ${secret ? '***' : (rawHeaders[at + 1] ?? '')}`);
  }
  return printed;
}
