/** One HTTP exchange as two trace events; texts are made only when somebody reads them. */
import type { IncomingMessage } from 'node:http';
import type { TraceEvent } from '../../trace/trace.js';
import type { Written } from './answer.js';

export interface TracedExchange {
  readonly request: IncomingMessage;
  readonly key: string;
  readonly status: number;
  readonly written: Written;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

export function traceExchange(trace: (event: TraceEvent) => void, exchange: TracedExchange): void {
  const { request, key, status, written, startedAtMs, endedAtMs } = exchange;
  const { method = '', url = '', rawHeaders, socket } = request;
  const peer = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? ''}`;
  const requestText = () => [`${method} ${url} HTTP/1.1`, ...lines(rawHeaders), '', ''].join('\r\n');
  const answerHeaders = () => Object.entries(written.headers).map(([name, value]) => `${name}: ${String(value)}`);
  const answerText = () => [`HTTP/1.1 ${status}`, ...answerHeaders(), '', `[${written.bytes} bytes]`].join('\r\n');
  trace({ atMs: startedAtMs, border: 'http', direction: 'in', peer, key, text: requestText });
  trace({ atMs: endedAtMs, border: 'http', direction: 'out', peer, key, text: answerText });
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
