/** SIP as plain text over a stream, for peers that need no stack: framing by Content-Length, responses by copying. */
import type { Socket } from 'node:net';

/** Calls back with each whole message, octets as latin1. */
export function readMessages(socket: Socket, onMessage: (text: string) => void): void {
  let buffered: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
    for (;;) {
      const end = buffered.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(headerOf(buffered.toString('latin1', 0, end), 'Content-Length') ?? 0);
      if (buffered.length < end + 4 + length) return;
      onMessage(buffered.toString('latin1', 0, end + 4 + length));
      buffered = buffered.subarray(end + 4 + length);
    }
  });
}

export function headerOf(text: string, name: string): string | undefined {
  return new RegExp(`^${name}:[ \t]*(.*)$`, 'im').exec(text)?.[1]?.trim();
}

export interface ResponseParts {
  readonly tag?: string;
  readonly lines?: readonly string[];
  readonly body?: string;
}

/** Via, From, To, Call-ID and CSeq are the request's (RFC 3261 §8.2.6). */
export function respondTo(request: string, statusLine: string, parts: ResponseParts = {}): string {
  const { tag = 'peer', lines = [], body = '' } = parts;
  const copied = request
    .slice(0, request.indexOf('\r\n\r\n'))
    .split('\r\n')
    .filter((line) => /^(via|from|to|call-id|cseq|record-route):/i.test(line))
    .map((line) => (/^to:/i.test(line) && !line.includes(';tag=') ? `${line};tag=${tag}` : line));
  return messageText(`SIP/2.0 ${statusLine}`, [...copied, ...lines], body);
}

export function messageText(start: string, lines: readonly string[], body = ''): string {
  return [start, ...lines, `Content-Length: ${Buffer.byteLength(body, 'latin1')}`, '', body].join('\r\n');
}
