/**
 * Interim answers 100 that were not asked for: a client must pass by any number of them (RFC 9110 §15.2), undici takes one
 * for a broken connection, and the callback would be sent again as long as it is valid.
 */
import type { Socket } from 'node:net';

/** As undici reads an answer's head; a longer one is its to refuse. */
const maxHeadBytes = 16_384;
const starts = ['HTTP/1.1 100', 'HTTP/1.0 100'];

/** The same socket, whose reader sees no 100 in front of an answer. */
export function withoutContinue<S extends Socket>(socket: S): S {
  const filter = new ContinueFilter();
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
  socket.read = (size?: number): Buffer | null => {
    const chunk = read(size);
    return chunk && filter.pass(chunk);
  };
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = (...args: unknown[]): boolean => {
    filter.expect();
    return write(...args);
  };
  return socket;
}

class ContinueFilter {
  /** Whether an answer's first octet is to come. */
  private awaits = false;
  /** What may become a 100. */
  private held: Buffer = Buffer.alloc(0);

  /** Something was asked. */
  expect(): void {
    this.awaits = true;
  }

  /** What is left of it; null: nothing yet. */
  pass(chunk: Buffer): Buffer | null {
    if (!this.awaits) return chunk;
    let bytes = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    while (mayBeContinue(bytes) && bytes.length <= maxHeadBytes) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) {
        this.held = bytes;
        return null;
      }
      bytes = bytes.subarray(end + 4);
    }
    this.awaits = false;
    this.held = Buffer.alloc(0);
    return bytes;
  }
}

/** Or the beginning of one. */
function mayBeContinue(bytes: Buffer): boolean {
  const text = bytes.toString('latin1', 0, 12);
  return starts.some((start) => start.startsWith(text));
}
