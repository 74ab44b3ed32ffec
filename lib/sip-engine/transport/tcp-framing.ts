/** Messages out of a byte stream, by Content-Length, whatever the split; CRLF keep-alives (RFC 3261 §18.3, RFC 5626 §3.5.1). */
import { isSpace, sameName } from '../message/grammar.js';
import { lineEnd } from '../message/header-lines.js';
import { MalformedMessage } from '../message/malformed.js';
import { contentLengthOf } from '../message/parse.js';

export interface FramingLimits {
  readonly maxMessageBytes: number;
  readonly maxHeadBytes: number;
}

export type Framed = { readonly kind: 'message'; readonly bytes: Buffer } | { readonly kind: 'ping' };

/** The stream cannot be followed any further; `bytes` begin with the message that is to blame. */
export class FramingError extends MalformedMessage {
  readonly bytes: Buffer;
  /** What came whole before it in the same piece. */
  readonly before: readonly Framed[];

  constructor(cause: MalformedMessage, bytes: Buffer, before: readonly Framed[]) {
    super(cause.message, cause.status, cause.limit);
    this.bytes = bytes;
    this.before = before;
  }
}

const EMPTY = Buffer.alloc(0);
const CR = 13;
const LF = 10;

export class TcpFramer {
  private readonly limits: FramingLimits;
  /** Ours to write into; the first `used` bytes wait for more. */
  private store = EMPTY;
  private used = 0;
  /** So much of the waiting bytes holds no end of a head. */
  private scanned = 0;
  /** Bytes of the waiting message, once its head is whole. */
  private need: number | undefined;
  private emptyLines = 0;

  constructor(limits: FramingLimits) {
    this.limits = limits;
  }

  /** A message has begun and is not whole. */
  get waiting(): boolean {
    return this.used > 0;
  }

  /** Memory that what waits takes up. */
  get heldBytes(): number {
    return this.store.length;
  }

  /** What waits; not to be kept. */
  get unfinished(): Buffer {
    return this.store.subarray(0, this.used);
  }

  /** Throws FramingError; then the connection has to end. */
  push(chunk: Buffer): Framed[] {
    const data = this.used === 0 ? chunk : this.append(chunk);
    const framed: Framed[] = [];
    let at = 0;
    for (;;) {
      const start = this.skipEmptyLines(data, at, framed);
      if (start > at) this.scanned = 0;
      at = start;
      const end = at < data.length ? this.messageEnd(data, at, framed) : undefined;
      if (end === undefined) break;
      framed.push({ kind: 'message', bytes: data.subarray(at, end) });
      at = end;
      this.scanned = 0;
      this.need = undefined;
    }
    this.keep(data, at);
    return framed;
  }

  private skipEmptyLines(data: Buffer, from: number, framed: Framed[]): number {
    let at = from;
    while (data[at] === CR && data[at + 1] === LF) {
      at += 2;
      this.emptyLines++;
      if (this.emptyLines === 2) {
        this.emptyLines = 0;
        framed.push({ kind: 'ping' });
      }
    }
    if (at < data.length && data[at] !== CR) this.emptyLines = 0;
    return at;
  }

  private messageEnd(data: Buffer, at: number, before: readonly Framed[]): number | undefined {
    this.need ??= this.measure(data, at, before);
    return this.need === undefined || data.length - at < this.need ? undefined : at + this.need;
  }

  /** Length of the message at `at`, once its head is whole. */
  private measure(data: Buffer, at: number, before: readonly Framed[]): number | undefined {
    try {
      if (beginsNoMessage(data[at])) throw new MalformedMessage('no SIP');
      const headEnd = data.indexOf('\r\n\r\n', at + Math.max(0, this.scanned - 3), 'latin1');
      this.scanned = data.length - at;
      const headBytes = headEnd < 0 ? this.scanned : headEnd - at;
      if (headBytes > this.limits.maxHeadBytes) throw new MalformedMessage('head too long', 413, 'maxHeadBytes');
      if (headEnd < 0) return undefined;
      const length = headBytes + 4 + declaredLength(data.toString('latin1', at, headEnd));
      if (length > this.limits.maxMessageBytes) throw new MalformedMessage('message too large', 413, 'maxMessageBytes');
      return length;
    } catch (error) {
      throw error instanceof MalformedMessage ? new FramingError(error, data.subarray(at), before) : error;
    }
  }

  /** Waiting bytes and chunk in one piece; room doubles, up to the whole message, so that a trickle costs no more than a flood. */
  private append(chunk: Buffer): Buffer {
    const length = this.used + chunk.length;
    if (length > this.store.length) {
      const doubled = Math.min(this.store.length * 2, this.need ?? Infinity);
      const larger = Buffer.allocUnsafe(Math.max(length, doubled));
      this.store.copy(larger, 0, 0, this.used);
      this.store = larger;
    }
    chunk.copy(this.store, this.used);
    this.used = length;
    return this.store.subarray(0, length);
  }

  private keep(data: Buffer, from: number): void {
    const rest = data.length - from;
    if (rest > 0 && from === 0 && this.used === data.length) return;
    // What was handed out keeps its memory: what waits moves to a place of its own.
    this.store = rest > 0 ? Buffer.allocUnsafe(Math.max(rest, Math.min(this.need ?? 0, 65_536))) : EMPTY;
    data.copy(this.store, 0, from);
    this.used = rest;
  }
}

/** Both start-lines begin with a token (§7.1, §7.2): who speaks TLS to a port of TCP need not be waited for. */
function beginsNoMessage(octet = LF): boolean {
  return octet < 0x20 && octet !== CR && octet !== LF;
}

/** Content-Length of a head; throws MalformedMessage where it is missing (§20.14), twice or no number. */
function declaredLength(head: string): number {
  let declared: number | undefined;
  for (let start = lineEnd(head, 0) + 2; start < head.length; start = lineEnd(head, start) + 2) {
    const initial = head.charCodeAt(start) | 32;
    if (initial !== 108 && initial !== 99) continue;
    const value = lengthValue(head, start);
    if (value === undefined) continue;
    if (declared !== undefined) throw new MalformedMessage('Content-Length twice');
    declared = contentLengthOf(value);
  }
  if (declared === undefined) throw new MalformedMessage('no Content-Length on a stream');
  return declared;
}

/** Value of the line at `start` if it is a Content-Length, folds included. */
function lengthValue(head: string, start: number): string | undefined {
  let end = lineEnd(head, start);
  const colon = head.indexOf(':', start);
  let nameEnd = colon;
  while (nameEnd > start && isSpace(head.charCodeAt(nameEnd - 1))) nameEnd--;
  if (colon < 0 || colon > end) return undefined;
  if (!sameName(head, start, nameEnd, 'content-length') && !sameName(head, start, nameEnd, 'l')) return undefined;
  while (isSpace(head.charCodeAt(end + 2))) end = lineEnd(head, end + 2);
  return head.slice(colon + 1, end).trim();
}
