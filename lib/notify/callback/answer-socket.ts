/**
 * The socket of a callback as undici is to see it. Interim answers 100 that were not asked for are taken out: a client must
 * pass by any number of them (RFC 9110 §15.2), undici takes one for a broken connection, and the callback would be sent
 * again as long as it is valid. And an answer has an end: of interim answers, and of what chunks have beside their data,
 * undici reads as much as comes, and TLS 1.2 makes as many handshakes as the server asks for. And it is told where a connection
 * that was kept for the next request has ended under it.
 */
import type { Socket } from 'node:net';

/** As undici reads an answer's head; a longer one is its to refuse. */
const maxHeadBytes = 16_384;
/** Of an answer beside its body: heads, chunk sizes, trailers. */
const maxFramingBytes = 65_536;
/** Of one answer, after the one that the connection begins with: IIS asks for our certificate in a second one. */
const maxHandshakes = 2;

/** The server ended a connection, as it may at any time, while a request was on its way to it (RFC 9112 §9.3.1). */
export class StaleConnection extends Error {}

/** The same socket, for answers with bodies up to `maxBodyBytes`; a longer one ends it. */
export function answerSocket<S extends Socket>(socket: S, maxBodyBytes: number): S {
  const filter = new AnswerFilter(maxBodyBytes + maxFramingBytes);
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
  socket.read = (size?: number): Buffer | null => {
    const chunk = read(size);
    if (chunk === null || filter.takes(chunk)) return chunk && filter.pass(chunk);
    socket.destroy(new Error('the answer is too long'));
    return null;
  };
  // What Node tells of the keys of TLS is all that it tells of a handshake on this side.
  socket.on('keylog', () => filter.mayShakeHands() || socket.destroy(new Error('too many handshakes')));
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = (...args: unknown[]): boolean => {
    filter.expect();
    return write(...args);
  };
  const destroy = socket.destroy.bind(socket);
  socket.destroy = (error?: Error): S =>
    destroy(error && filter.isStale ? new StaleConnection(error.message, { cause: error }) : error);
  return socket;
}

class AnswerFilter {
  private readonly maxBytes: number;
  /** Of the answer so far. */
  private received = 0;
  /** Since something was asked. */
  private handshakes = 0;
  /** Whether the first octet of the final answer is to come. */
  private awaits = false;
  private hasAnswered = false;
  /** What may become an interim answer. */
  private held: Buffer = Buffer.alloc(0);

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Something was asked. */
  expect(): void {
    this.awaits = true;
    this.hasAnswered ||= this.received > 0;
    this.received = 0;
    this.handshakes = 0;
  }

  /** It has answered before, and nothing of what was asked since. */
  get isStale(): boolean {
    return this.hasAnswered && this.awaits && this.received === 0;
  }

  /** False: there is more of it than may be. */
  takes(chunk: Buffer): boolean {
    this.received += chunk.length;
    return this.received <= this.maxBytes;
  }

  /** One more; false: there were enough of them. */
  mayShakeHands(): boolean {
    this.handshakes++;
    return this.handshakes <= maxHandshakes;
  }

  /** What is left of it; null: nothing yet. */
  pass(chunk: Buffer): Buffer | null {
    if (!this.awaits) return chunk;
    let bytes = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    const passed: Buffer[] = [];
    while (mayBeInterim(bytes)) {
      const end = bytes.indexOf('\r\n\r\n') + 4;
      if (end < 4) break;
      if (!isContinue(bytes)) passed.push(bytes.subarray(0, end));
      bytes = bytes.subarray(end);
    }
    this.awaits = mayBeInterim(bytes) && bytes.length <= maxHeadBytes;
    this.held = this.awaits ? bytes : Buffer.alloc(0);
    if (!this.awaits) passed.push(bytes);
    return passed.length > 0 ? Buffer.concat(passed) : null;
  }
}

/** Or the beginning of one. 101 is none here: it ends what is HTTP of the connection. */
function mayBeInterim(bytes: Buffer): boolean {
  const text = bytes.toString('latin1', 0, 12);
  return /^HTTP\/1\.[01] 1\d\d$/.test(text + 'HTTP/1.1 100'.slice(text.length)) && text.slice(9) !== '101';
}

function isContinue(bytes: Buffer): boolean {
  return bytes.toString('latin1', 9, 12) === '100';
}
