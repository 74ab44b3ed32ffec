/** Frames as a drachtio-server reads them: 8,192 octets at a time into a ring of 12,228, whose oldest octets give way without a word. */
const READ_BYTES = 8192;
const RING_BYTES = 12_228;
const LENGTH_DIGITS = 5;

export class RingReader {
  private ring = Buffer.alloc(0);
  private length = 0;

  /** Frames that are whole; undefined: what stands at the head is no length, and the server hangs up. */
  push(chunk: Buffer): readonly string[] | undefined {
    const frames: string[] = [];
    for (let at = 0; at < chunk.length; at += READ_BYTES) {
      this.ring = Buffer.concat([this.ring, chunk.subarray(at, at + READ_BYTES)]);
      this.ring = this.ring.subarray(Math.max(0, this.ring.length - RING_BYTES));
      if (!this.take(frames)) return undefined;
    }
    return frames;
  }

  private take(frames: string[]): boolean {
    for (;;) {
      if (this.length === 0 && !this.readLength()) return false;
      if (this.length === 0 || this.ring.length < this.length) return true;
      frames.push(this.ring.subarray(0, this.length).toString());
      this.ring = this.ring.subarray(this.length);
      this.length = 0;
    }
  }

  private readLength(): boolean {
    const mark = this.ring.indexOf('#');
    const digits = this.ring.subarray(0, mark < 0 ? LENGTH_DIGITS + 1 : mark).toString('latin1');
    if (!/^\d*$/.test(digits) || digits.length > LENGTH_DIGITS) return false;
    if (mark < 0) return true;
    this.length = Number(digits);
    this.ring = this.ring.subarray(mark + 1);
    return true;
  }
}
