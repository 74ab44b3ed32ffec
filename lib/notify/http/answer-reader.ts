/** One HTTP/1.1 answer out of a stream of octets, however it is cut (RFC 9112). Its body is passed on as it comes. */

export interface AnswerHead {
  readonly status: number;
  /** Undefined where it is absent, or stands there more than once. */
  readonly retryAfter: string | undefined;
}

export interface AnswerSink {
  /** Once, of the final answer. */
  onHead(head: AnswerHead): void;
  /** A view, to be read now. */
  onData(octets: Buffer): void;
  /** The answer is complete. */
  onEnd(): void;
}

/** What is no HTTP/1.1, or more than we take of it. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}

/**
 * ```
 *         1xx
 *        ┌───┐
 *        v   │      ┌─ length, until-close ──────────────────────────┐
 *        head ──────┼─ chunk-size ─▶ chunk-data ─▶ chunk-end ─┐      ├──▶ done
 *                   │      ▲  └─ 0 ─▶ trailer ────────────────│──────┤
 *                   │      └──────────────────────────────────┘      │
 *                   └─ no body ──────────────────────────────────────┘
 * ```
 */
type Stage = 'head' | 'length' | 'until-close' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailer' | 'done';

/** All headers of an answer together, and the same of its trailers. */
const maxHeadBytes = 16_384;
const maxChunkLineBytes = 1_024;

const statusLine = /^HTTP\/1\.([01]) (\d{3})(?: |$)/;
const fieldName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const chunkSize = /^([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?$/;
/** CR and LF come in pairs, NUL not at all: anything else is read in two ways by two programs. */
const strayOctet = /\r(?!\n)|(?<!\r)\n|\0/;

export class AnswerReader {
  private readonly sink: AnswerSink;
  private stage: Stage = 'head';
  /** Of the head, or of the line at hand, what has come. */
  private text = '';
  /** Octets of the body, or of the chunk, that are still to come. */
  private left = 0;
  private trailerBytes = 0;
  private persistent = true;
  private keepAliveS: number | undefined;

  constructor(sink: AnswerSink) {
    this.sink = sink;
  }

  get isDone(): boolean {
    return this.stage === 'done';
  }

  /** Whether the connection may carry another exchange; to be asked at the end of the answer. */
  get keepsAlive(): boolean {
    return this.persistent;
  }

  /** How long the other side says that it keeps the connection (`Keep-Alive: timeout=`), seconds. */
  get hintS(): number | undefined {
    return this.keepAliveS;
  }

  /** Throws AnswerError. */
  read(octets: Buffer): void {
    let at = 0;
    while (at < octets.length && this.stage !== 'done') at = this.step(octets, at);
    // What comes behind the answer is none to a question of ours.
    if (at < octets.length) this.persistent = false;
  }

  /** The other side has closed. */
  close(): void {
    this.persistent = false;
    if (this.stage === 'until-close') this.end();
  }

  private step(octets: Buffer, at: number): number {
    switch (this.stage) {
      case 'head':
        return this.readHead(octets, at);
      case 'length':
      case 'chunk-data':
        return this.readBody(octets, at);
      case 'until-close':
        this.sink.onData(at === 0 ? octets : octets.subarray(at));
        return octets.length;
      case 'chunk-size':
      case 'chunk-end':
      case 'trailer':
        return this.readLine(octets, at);
      case 'done':
        return octets.length;
    }
  }

  private readHead(octets: Buffer, at: number): number {
    const before = this.text.length;
    const text = this.text + octets.toString('latin1', at, Math.min(octets.length, at + maxHeadBytes + 4));
    const end = text.indexOf('\r\n\r\n', Math.max(0, before - 3));
    if (end < 0) {
      if (text.length > maxHeadBytes) throw new AnswerError('headers too long');
      if (!'HTTP/1.'.startsWith(text.slice(0, 7))) throw new AnswerError('no HTTP/1.1');
      this.text = text;
      return octets.length;
    }
    this.text = '';
    this.takeHead(text.slice(0, end));
    return at + end + 4 - before;
  }

  private takeHead(text: string): void {
    if (text.length > maxHeadBytes) throw new AnswerError('headers too long');
    if (strayOctet.test(text)) throw new AnswerError('a line that is broken');
    const lineEnd = text.indexOf('\r\n');
    const match = statusLine.exec(lineEnd < 0 ? text : text.slice(0, lineEnd));
    if (!match) throw new AnswerError('no HTTP/1.1');
    const status = Number(match[2]);
    const fields = readFields(text, lineEnd);
    if (status === 101) throw new AnswerError('a protocol that nobody asked for');
    if (status < 200) return;
    this.persistent = isPersistent(match[1] === '1', fields.connection);
    this.keepAliveS = fields.keepAliveS;
    this.sink.onHead({ status, retryAfter: fields.retryAfter });
    this.beginBody(status, fields);
  }

  private beginBody(status: number, { length, isChunked, isCoded }: Fields): void {
    if (status === 204 || status === 304) this.end();
    else if (isChunked) {
      // Both is how answers are smuggled (RFC 9112 §6.3): chunks count, and the connection ends.
      if (length !== undefined) this.persistent = false;
      this.stage = 'chunk-size';
    } else if (isCoded || length === undefined) this.stage = 'until-close';
    else if (length === 0) this.end();
    else {
      this.left = length;
      this.stage = 'length';
    }
  }

  private readBody(octets: Buffer, at: number): number {
    const end = Math.min(octets.length, at + this.left);
    this.left -= end - at;
    this.sink.onData(octets.subarray(at, end));
    if (this.left > 0) return end;
    if (this.stage === 'length') this.end();
    else this.stage = 'chunk-end';
    return end;
  }

  private readLine(octets: Buffer, at: number): number {
    const lf = octets.indexOf(0x0a, at);
    const end = lf < 0 ? octets.length : lf + 1;
    const line = this.text + octets.toString('latin1', at, end);
    if (line.length > maxChunkLineBytes) throw new AnswerError('a line that is too long');
    this.text = lf < 0 ? line : '';
    if (lf >= 0) this.takeLine(line);
    return end;
  }

  private takeLine(line: string): void {
    if (!line.endsWith('\r\n')) throw new AnswerError('a line that is broken');
    const text = line.slice(0, -2);
    if (this.stage === 'chunk-size') this.beginChunk(text);
    else if (this.stage === 'trailer') this.takeTrailer(text);
    else if (text === '') this.stage = 'chunk-size';
    else throw new AnswerError('a chunk that is longer than its size');
  }

  private beginChunk(text: string): void {
    const size = chunkSize.exec(text)?.[1];
    if (size === undefined) throw new AnswerError('no size of a chunk');
    this.left = parseInt(size, 16);
    this.stage = this.left === 0 ? 'trailer' : 'chunk-data';
  }

  private takeTrailer(text: string): void {
    if (text === '') this.end();
    else if ((this.trailerBytes += text.length) > maxHeadBytes) throw new AnswerError('trailers too long');
  }

  private end(): void {
    this.stage = 'done';
    this.sink.onEnd();
  }
}

/** Of the headers, those that say how to go on. */
interface Fields {
  connection: string | undefined;
  keepAliveS: number | undefined;
  length: number | undefined;
  isChunked: boolean;
  /** A transfer coding that is not the chunks: its end is the connection's. */
  isCoded: boolean;
  retryAfter: string | undefined;
}

function readFields(text: string, from: number): Fields {
  const fields: Fields = {
    connection: undefined,
    keepAliveS: undefined,
    length: undefined,
    isChunked: false,
    isCoded: false,
    retryAfter: undefined,
  };
  let retries = 0;
  for (let at = from; at >= 0 && at < text.length;) {
    const next = text.indexOf('\r\n', at + 2);
    const end = next < 0 ? text.length : next;
    const colon = text.indexOf(':', at + 2);
    if (colon < 0 || colon > end) throw new AnswerError('a header without a colon');
    const name = text.slice(at + 2, colon);
    if (!fieldName.test(name)) throw new AnswerError('a name that no header has');
    if (takeField(fields, name, text.slice(colon + 1, end))) retries++;
    at = next;
  }
  if (retries > 1) fields.retryAfter = undefined;
  return fields;
}

/** True: it was Retry-After. */
function takeField(fields: Fields, name: string, value: string): boolean {
  // By its length first: most headers say nothing to us.
  switch (name.length) {
    case 10:
      if (/^connection$/i.test(name)) fields.connection = `${fields.connection ?? ''},${value}`;
      else if (/^keep-alive$/i.test(name)) fields.keepAliveS = timeoutOf(value);
      return false;
    case 11:
      if (!/^retry-after$/i.test(name)) return false;
      fields.retryAfter = value.trim();
      return true;
    case 14:
      if (/^content-length$/i.test(name)) fields.length = lengthOf(value.trim(), fields.length);
      return false;
    case 17:
      if (!/^transfer-encoding$/i.test(name)) return false;
      fields.isCoded = true;
      fields.isChunked = /(?:^|,)[ \t]*chunked[ \t]*$/i.test(value);
      return false;
    default:
      return false;
  }
}

function lengthOf(value: string, before: number | undefined): number {
  const length = /^\d{1,15}$/.test(value) ? Number(value) : undefined;
  if (length === undefined || (before !== undefined && before !== length)) throw new AnswerError('no length of a body');
  return length;
}

function timeoutOf(value: string): number | undefined {
  const seconds = /(?:^|,)[ \t]*timeout[ \t]*=[ \t]*(\d{1,6})[ \t]*(?:,|$)/i.exec(value)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

function isPersistent(isNewer: boolean, connection = ''): boolean {
  if (connection === '') return isNewer;
  const options = connection
    .toLowerCase()
    .split(',')
    .map((option) => option.trim());
  return !options.includes('close') && (isNewer || options.includes('keep-alive'));
}
