/** One frame of the drachtio application protocol on a byte stream: `<decimal byte length>#<payload>`, back to back. */

/** What the reader found: a whole payload, or the beginning of one that is over the limit and is being skipped. */
export type Frame =
  | { readonly kind: 'frame'; readonly payload: Buffer }
  | { readonly kind: 'oversize'; readonly head: Buffer; readonly bytes: number };

/** The stream is no longer in step (no length where one must be): nothing that follows can be trusted. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

const HASH = 0x23;
const ZERO = 0x30;
/** 9,999,999,999 is far above every limit and far below where a number loses its digits. */
const MAX_LENGTH_DIGITS = 10;
/** Enough of an oversize payload to find the id that the refusal must name. */
const HEAD_BYTES = 64;

/** `text` followed by `sip`, as one frame; the length counts bytes. */
export function printFrame(text: string, sip?: Uint8Array): Buffer {
  const textBytes = Buffer.byteLength(text);
  const length = `${textBytes + (sip?.length ?? 0)}#`;
  const frame = Buffer.allocUnsafe(length.length + textBytes + (sip?.length ?? 0));
  frame.write(length, 0, 'latin1');
  frame.write(text, length.length, 'utf8');
  if (sip) frame.set(sip, length.length + textBytes);
  return frame;
}

type State =
  | { kind: 'length'; digits: number; value: number }
  | { kind: 'payload'; missing: number; parts: Buffer[] }
  | { kind: 'skip'; missing: number; bytes: number; head: Buffer[]; headMissing: number };

/** Bytes in at any split, frames out. Holds at most one payload of `maxBytes`. */
export class FrameReader {
  private maxBytes: number;
  private state: State = { kind: 'length', digits: 0, value: 0 };

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** For the frames whose length has not been read yet. */
  setLimit(maxBytes: number): void {
    this.maxBytes = maxBytes;
  }

  /** Throws FrameError where a length is not one; the reader is of no use after that. */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let at = 0;
    while (at < chunk.length) {
      switch (this.state.kind) {
        case 'length':
          at = this.readLength(chunk, at);
          break;
        case 'payload':
          at = this.readPayload(this.state, chunk, at, frames);
          break;
        case 'skip':
          at = this.skipPayload(this.state, chunk, at, frames);
          break;
      }
    }
    return frames;
  }

  private readLength(chunk: Buffer, from: number): number {
    let { digits, value } = this.state as State & { kind: 'length' };
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (byte === HASH) {
        if (value === 0) throw new FrameError('a frame without a length');
        this.state = this.startPayload(value);
        return at + 1;
      }
      if (byte < ZERO || byte > ZERO + 9 || ++digits > MAX_LENGTH_DIGITS)
        throw new FrameError('the length is not a number');
      value = value * 10 + (byte - ZERO);
    }
    this.state = { kind: 'length', digits, value };
    return chunk.length;
  }

  private startPayload(bytes: number): State {
    if (bytes <= this.maxBytes) return { kind: 'payload', missing: bytes, parts: [] };
    return { kind: 'skip', missing: bytes, bytes, head: [], headMissing: Math.min(HEAD_BYTES, bytes) };
  }

  private readPayload(state: State & { kind: 'payload' }, chunk: Buffer, from: number, frames: Frame[]): number {
    const to = Math.min(chunk.length, from + state.missing);
    const part = chunk.subarray(from, to);
    state.missing -= part.length;
    if (state.missing > 0) {
      state.parts.push(part);
      return to;
    }
    const payload = state.parts.length === 0 ? part : Buffer.concat([...state.parts, part]);
    frames.push({ kind: 'frame', payload });
    this.state = { kind: 'length', digits: 0, value: 0 };
    return to;
  }

  private skipPayload(state: State & { kind: 'skip' }, chunk: Buffer, from: number, frames: Frame[]): number {
    const to = Math.min(chunk.length, from + state.missing);
    if (state.headMissing > 0) {
      // a copy: the chunk need not live as long as the frame that is skipped
      const head = Buffer.from(chunk.subarray(from, Math.min(to, from + state.headMissing)));
      state.head.push(head);
      state.headMissing -= head.length;
    }
    state.missing -= to - from;
    if (state.missing === 0) {
      frames.push({ kind: 'oversize', head: Buffer.concat(state.head), bytes: state.bytes });
      this.state = { kind: 'length', digits: 0, value: 0 };
    }
    return to;
  }
}
