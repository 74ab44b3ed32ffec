/** The answer to a request for another protocol that is not granted (RFC 9110 §7.8, RFC 6455 §4.2.2). */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Answer, securityHeaders } from './answer.js';

/** An ordinary answer instead of 101, and the end of the connection. */
export function refuseUpgrade(request: IncomingMessage, socket: Duplex, answer: Answer): void {
  const body = answer.body === undefined ? '' : JSON.stringify(answer.body);
  const headers = {
    ...securityHeaders,
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
    ...answer.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
  const status = `HTTP/${request.httpVersion} ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`;
  socket.end(`${[status, ...lines].join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
