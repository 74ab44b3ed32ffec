/** An answer on a bare connection: to what is not HTTP, and to a wish for another protocol that is not granted (RFC 9110 §7.8). */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Answer, securityHeaders } from './answer.js';

/** In our own version whatever the request's was (RFC 9110 §6.2), and the end of the connection; `nowMs`: wall clock. */
export function endWith(socket: Duplex, answer: Answer, nowMs: number): void {
  const body = answer.body === undefined ? '' : JSON.stringify(answer.body);
  const headers = {
    ...securityHeaders,
    Date: new Date(nowMs).toUTCString(),
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
    ...answer.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
  const status = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`;
  socket.end(`${[status, ...lines].join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
