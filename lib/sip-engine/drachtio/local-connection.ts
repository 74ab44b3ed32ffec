/**
 * A connection within the process. What is written to one end is read from the other later in the same turn of the event
 * loop, without the system: no call of it, and no turn to wait for in a crowd.
 */
import { Socket } from 'node:net';

/** Two ends. They are sockets for those that take no other stream, and have no addresses. */
export function localConnection(): readonly [Socket, Socket] {
  const [one, other] = [new End(), new End()];
  one.peer = other;
  other.peer = one;
  return [one, other];
}

type Done = (error?: Error | null) => void;

interface Piece {
  readonly chunk: Buffer | string;
  readonly encoding: BufferEncoding;
}

class End extends Socket {
  peer: End | undefined;
  /** Of what the peer has taken and has no room to follow. */
  private waiting: Done | undefined;
  private hasEnded = false;

  override _read(): void {
    this.peer?.goOn();
  }

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: Done): void {
    this.deliver(bytesOf({ chunk, encoding }), done);
  }

  override _writev(pieces: Piece[], done: Done): void {
    this.deliver(Buffer.concat(pieces.map(bytesOf)), done);
  }

  override _final(done: Done): void {
    process.nextTick(() => {
      this.peer?.hearEnd();
      done();
    });
  }

  override _destroy(error: Error | null, done: Done): void {
    const { peer, waiting } = this;
    this.peer = undefined;
    this.waiting = undefined;
    waiting?.(error);
    process.nextTick(() => peer?.lose());
    super._destroy(error, done);
  }

  /** Not within the call that writes: whoever writes is not called back by it. */
  private deliver(bytes: Buffer, done: Done): void {
    process.nextTick(() => {
      if (!this.peer) done(new Error('the other end is gone'));
      else if (this.peer.push(bytes)) done();
      else this.waiting = done;
    });
  }

  private goOn(): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.();
  }

  private hearEnd(): void {
    if (this.hasEnded || this.destroyed) return;
    this.hasEnded = true;
    this.push(null);
  }

  /** The peer is gone: what it wrote is still read. */
  private lose(): void {
    this.peer = undefined;
    this.hearEnd();
    this.goOn();
  }
}

function bytesOf({ chunk, encoding }: Piece): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
}
