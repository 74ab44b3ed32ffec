/** MSRP frames out of a stream of octets, however it is cut (RFC 4975 §9). */
import { DecodeError } from '../decode-error.js';
import type { ContinuationFlag, Frame, Request } from './frame.js';
import { readHead, type Head } from './head.js';

export interface ParserLimits {
  /** First line and headers of one frame. */
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
  /** Body of one frame; a longer one is passed over and its request marked `oversized`. */
  readonly maxBodyBytes: number;
}

/** Where the parser stands in the frame at hand. */
type Stage = 'head' | 'body' | 'passing-over';

const CR = 13;
const LF = 10;
const DASH = 45;
/** At the beginning of an end-line. */
const dashes = 7;
const magic = 'MSRP ';
const emptyBuffer = Buffer.alloc(0);

/**
 * `push` returns the frames that the chunk completes. Bodies are views of the chunk where a frame arrived in one piece.
 * Throws DecodeError on what is not MSRP; where whole frames came before it in the same chunk these are returned,
 * `failure` is set, and the next push throws.
 */
export class FrameParser {
  failure: DecodeError | undefined;
  private readonly limits: ParserLimits;
  private bytes: Buffer = emptyBuffer;
  /** Octets of `bytes` that are filled: `held` ones may have room behind them. */
  private end = 0;
  /** First octet still needed: of the frame in stage head, of the CRLF before the body later on. */
  private at = 0;
  /** First octet not looked at yet. */
  private scan = 0;
  private lineStart = 0;
  private lines = 0;
  private stage: Stage = 'head';
  private head: Head | undefined;
  private endMark = '';
  private noRoom = false;

  constructor(limits: ParserLimits) {
    this.limits = limits;
  }

  /** Octets kept for the frame that is not whole yet. */
  get heldBytes(): number {
    return this.end - this.at;
  }

  /** Lets go of the body that is under way, and of the rest of it: its request is marked `noRoom`. False: there is none. */
  passOver(): boolean {
    if (this.stage !== 'body') return false;
    this.noRoom = true;
    this.stage = 'passing-over';
    this.at = this.scan;
    this.keepRest();
    return true;
  }

  push(chunk: Buffer): Frame[] {
    if (this.failure) throw this.failure;
    this.append(chunk);
    const frames: Frame[] = [];
    try {
      for (let frame = this.next(); frame; frame = this.next()) frames.push(frame);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.failure = error;
      if (frames.length === 0) throw error;
    }
    this.keepRest();
    return frames;
  }

  private append(chunk: Buffer): void {
    if (this.end === 0) {
      this.bytes = chunk;
      this.end = chunk.length;
      return;
    }
    const wanted = this.end + chunk.length;
    if (wanted > this.bytes.length) {
      // Doubling keeps the copying linear however small the pieces are.
      const grown = Buffer.allocUnsafe(Math.max(wanted, this.bytes.length * 2));
      this.bytes.copy(grown, 0, 0, this.end);
      this.bytes = grown;
    }
    chunk.copy(this.bytes, this.end);
    this.end = wanted;
  }

  /** What is left moves to a buffer of its own: bodies already handed out may be views of the old one. */
  private keepRest(): void {
    const rest = this.end - this.at;
    if (rest === 0) {
      this.bytes = emptyBuffer;
    } else if (this.at > 0 || this.bytes.length === this.end) {
      const own = Buffer.allocUnsafe(Math.max(1024, rest * 2));
      this.bytes.copy(own, 0, this.at, this.end);
      this.bytes = own;
    } else {
      return;
    }
    this.scan -= this.at;
    this.lineStart -= this.at;
    this.at = 0;
    this.end = rest;
  }

  private next(): Frame | undefined {
    if (this.stage === 'head') {
      const bodiless = this.scanHead();
      if (bodiless) return bodiless;
    }
    return this.head ? this.scanBody(this.head) : undefined;
  }

  /** Reads lines; a frame that ends before a blank line is whole, after one the body follows. */
  private scanHead(): Frame | undefined {
    const { bytes, end } = this;
    this.skipEmptyLines();
    this.checkMagic();
    for (let i = this.scan; i < end; i++) {
      if (bytes[i] !== LF) continue;
      if (i - this.at >= this.limits.maxHeaderBytes) throw this.error(i, 'headers too long');
      if (bytes[i - 1] !== CR) throw this.error(i, 'line feed without carriage return');
      const lineStart = this.lineStart;
      this.scan = this.lineStart = i + 1;
      if (lineStart === i - 1) {
        this.headDone(i + 1);
        return undefined;
      }
      if (bytes[lineStart] === DASH) return this.bodiless(lineStart, i + 1);
      if (++this.lines > this.limits.maxHeaders + 1) throw this.error(i, 'too many headers');
    }
    if (end - this.at > this.limits.maxHeaderBytes) throw this.error(end, 'headers too long');
    this.scan = end;
    return undefined;
  }

  /** Between frames they are no part of any: what keeps a connection of SIP alive (RFC 5626 §4.4.1) is sent on these, too. */
  private skipEmptyLines(): void {
    let { at } = this;
    while (at + 1 < this.end && this.bytes[at] === CR && this.bytes[at + 1] === LF) at += 2;
    if (at > this.at) this.at = this.scan = this.lineStart = at;
  }

  /** Other protocols are known by their first octets, not by what they leave out later. */
  private checkMagic(): void {
    const seen = Math.min(magic.length, this.end - this.at);
    // Half of an empty line.
    if (seen === 1 && this.bytes[this.at] === CR) return;
    for (let i = 0; i < seen; i++) {
      if (this.bytes[this.at + i] !== magic.charCodeAt(i)) throw this.error(this.at + i, 'not an MSRP frame');
    }
  }

  private headDone(bodyStart: number): void {
    this.head = this.readHead(bodyStart - 2);
    this.endMark = `\r\n-------${this.head.transactionId}`;
    this.stage = 'body';
    // Some peers send the blank line and no body: its CRLF is then the one before the end-line.
    this.at = this.scan = bodyStart - 2;
  }

  private bodiless(lineStart: number, after: number): Frame {
    const head = this.readHead(lineStart);
    const flag = this.bytes[after - 3];
    const endLine = this.bytes.toString('latin1', lineStart, after - 3);
    if (endLine !== `-------${head.transactionId}` || !isFlag(flag))
      throw this.error(lineStart, 'not the end-line of this frame');
    return this.complete(head, flag, after, undefined);
  }

  private scanBody(head: Head): Frame | undefined {
    const { bytes, endMark } = this;
    for (;;) {
      const hit = this.find(endMark);
      if (hit < 0) {
        this.scan = Math.max(this.scan, this.end - endMark.length + 1);
        this.passOverIfLong();
        return undefined;
      }
      const flagAt = hit + endMark.length;
      this.scan = hit;
      if (flagAt + 3 > this.end) return undefined;
      const flag = bytes[flagAt];
      if (isFlag(flag) && bytes[flagAt + 1] === CR && bytes[flagAt + 2] === LF) {
        return this.complete(head, flag, flagAt + 3, this.bodyUpTo(hit));
      }
      // Another transaction's end-line inside this body, of which our id is a prefix.
      this.scan = hit + 1;
    }
  }

  /**
   * Where `mark` (CRLF, seven dashes, the transaction id) begins. Every seventh octet is looked at, since one of them is
   * a dash of any seven; never into the room behind, which holds old octets.
   */
  private find(mark: string): number {
    const { bytes, end } = this;
    const last = end - mark.length;
    for (let at = this.scan + 8; at < end; at += dashes) {
      if (bytes[at] !== DASH) continue;
      let first = at;
      while (at - first < dashes - 1 && bytes[first - 1] === DASH) first--;
      const hit = first - 2;
      if (hit >= this.scan && hit <= last && this.isAt(hit, mark)) return hit;
    }
    return -1;
  }

  private isAt(at: number, mark: string): boolean {
    for (let i = 0; i < mark.length; i++) if (this.bytes[at + i] !== mark.charCodeAt(i)) return false;
    return true;
  }

  /** `undefined` where the body is over the limit. */
  private bodyUpTo(hit: number): Buffer | undefined {
    const start = this.at + 2;
    if (this.stage === 'passing-over' || hit - start > this.limits.maxBodyBytes) return undefined;
    return this.bytes.subarray(start, Math.max(start, hit));
  }

  private passOverIfLong(): void {
    if (this.stage === 'body' && this.scan - this.at > this.limits.maxBodyBytes + 2) this.stage = 'passing-over';
    if (this.stage === 'passing-over') this.at = this.scan;
  }

  private complete(head: Head, flag: number, after: number, body: Buffer | undefined): Frame {
    const hadBody = this.stage !== 'head';
    const { noRoom } = this;
    this.noRoom = false;
    this.at = this.scan = this.lineStart = after;
    this.lines = 0;
    this.stage = 'head';
    this.head = undefined;
    const { transactionId, toPath, fromPath, headers } = head;
    const continuation = String.fromCharCode(flag) as ContinuationFlag;
    if (head.kind === 'response') {
      const { status, comment } = head;
      // A response has no body (RFC 4975 §7.2); a peer that adds one is not cut off for it.
      return { kind: 'response', status, comment, transactionId, toPath, fromPath, headers, flag: continuation };
    }
    const { method } = head;
    const request: { -readonly [K in keyof Request]: Request[K] } = {
      kind: 'request',
      method,
      body,
      transactionId,
      toPath,
      fromPath,
      headers,
      flag: continuation,
    };
    if (hadBody && !body) {
      if (noRoom) request.noRoom = true;
      else request.oversized = true;
    }
    return request;
  }

  private readHead(headEnd: number): Head {
    return readHead(this.bytes.toString('latin1', this.at, headEnd));
  }

  private error(at: number, text: string): DecodeError {
    return new DecodeError('msrp', `octet ${at - this.at} of the frame`, text);
  }
}

/** `$`, `+` or `#`. */
function isFlag(octet: number | undefined): octet is number {
  return octet === 0x24 || octet === 0x2b || octet === 0x23;
}
