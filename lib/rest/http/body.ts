/** A request's body: its type, size and encoding judged before anything is parsed (RFC 9110 §8). */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../../resources/api-error.js';
import { parseJson } from '../../resources/forms/json-text.js';
import { parseXml } from '../../resources/forms/xml-form.js';
import type { BodyShare } from './body-budget.js';

export type Format = 'JSON' | 'XML';

export interface Body {
  readonly format: Format;
  /** One root element, not yet judged. */
  readonly value: unknown;
}

export interface BodyLimits {
  readonly maxBytes: number;
  /** Of the bytes of all bodies; absent: they are not counted together. */
  readonly share?: Pick<BodyShare, 'take'>;
}

/** 415, with what would be taken in its headers (RFC 9110 §15.5.16). */
export class UnsupportedBody extends ApiError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(what: string, problem: string, headers: UnsupportedBody['headers'] = { Accept: acceptedTypes }) {
    super('POL0011', [what, problem], { status: 415 });
    this.headers = headers;
  }
}

const acceptedTypes = 'application/json, application/xml';

/**
 * Throws ApiError: UnsupportedBody for another type, charset or any compression, 413 beyond `maxBytes`, 503 where all bodies
 * together leave no room, 400 for what cannot be parsed.
 */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Body> {
  const format = formatOf(request);
  const bytes = await readBytes(request, limits);
  if (bytes.length === 0 && format === 'JSON')
    throw new ApiError('SVC0002', [format, 'the body is empty: malformed at position 0']);
  if (!isUtf8(bytes)) throw new ApiError('SVC0002', [format, 'not UTF-8']);
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  return { format, value: format === 'JSON' ? parseJson(text) : parseXml(text) };
}

function formatOf(request: IncomingMessage): Format {
  const coding = request.headers['content-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'identity')
    throw new UnsupportedBody('content encoding', 'must be none', { 'Accept-Encoding': 'identity' });
  const type = request.headers['content-type'] ?? '';
  const charset = /;[ \t]*charset[ \t]*=[ \t]*"?([^";, \t]*)/i.exec(type)?.[1]?.toLowerCase();
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'us-ascii')
    throw new UnsupportedBody('charset', 'must be utf-8');
  const format = namedFormat(type);
  if (format === undefined) throw new UnsupportedBody('content type', 'must be application/json or application/xml');
  return format;
}

/** The form a Content-Type names; undefined for every other type, and for none. */
export function namedFormat(contentType: string): Format | undefined {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/json') return 'JSON';
  return type === 'application/xml' || type === 'text/xml' ? 'XML' : undefined;
}

/** Throws ApiError: 413 beyond `maxBytes`, 503 where all together leave no room. */
export function readBytes(request: IncomingMessage, { maxBytes, share }: BodyLimits): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxBytes) {
    discard(request, maxBytes);
    return Promise.reject(tooLarge(maxBytes));
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      const isTooLarge = size > maxBytes;
      if (!isTooLarge && share?.take(chunk.length) !== false) {
        chunks.push(chunk);
        return;
      }
      request.off('data', take);
      chunks.length = 0;
      discard(request, maxBytes);
      reject(isTooLarge ? tooLarge(maxBytes) : noRoom());
    };
    const left = (): void => reject(gone());
    request.on('data', take);
    request.once('error', left);
    request.once('close', left);
    request.once('end', () => {
      // Every request closes: an error made then for nobody would cost as much as reading the body.
      request.off('close', left);
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    });
  });
}

function tooLarge(maxBytes: number): ApiError {
  return new ApiError('SVC0280', [String(maxBytes)], { status: 413 });
}

function noRoom(): ApiError {
  return new ApiError('SVC1000', [], { retryAfterS: 1 });
}

/** The client left before its request was whole: nobody will read this. */
function gone(): ApiError {
  return new ApiError('SVC0001', ['request incomplete'], { status: 400 });
}

/**
 * Lets the rest of a body that was refused pass unread, so that the client gets to read the answer
 * (closing at once would reset the connection under it); one that goes on for too long is cut.
 */
function discard(request: IncomingMessage, maxBytes: number): void {
  let left = 4 * maxBytes;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.on('error', () => undefined);
}
