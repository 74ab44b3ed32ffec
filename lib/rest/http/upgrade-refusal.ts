/** The answer to a request for another protocol that is not granted (RFC 9110 §7.8, RFC 6455 §4.2.2). */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Answer, securityHeaders } from './answer.js';

/** An ordinary answer instead of 101, in our own version whatever the request's was (RFC 9110 §6.2), and the end of the connection. */
export function refuseUpgrade(socket: Duplex, answer: Answer): void {
  const body = answer.body === undefined ? '' : JSON.stringify(answer.body);
  const headers = {
    ...securityHeaders,
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
    ...answer.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
  const status = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`;
  socket.end(`${[status, ...lines].join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
