/** What goes back: an answer as a value, the one place that writes it, and every error as its requestError. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Logger } from '../../log.js';
import { ApiError } from '../../resources/api-error.js';
import { printRequestError } from '../../resources/request-error.js';
import { printXml } from '../../resources/forms/xml-form.js';
import { type Format, UnsupportedBody } from './body.js';

export interface Answer {
  readonly status: number;
  /** One root element; absent: no body. */
  readonly body?: object;
  readonly headers?: Readonly<OutgoingHttpHeaders>;
  /** What the trace knows the exchange by, where the answer says it better than the path. */
  readonly traceKey?: string;
  /** Who asks too much: told so slowly, where it is told often. One of a bounded set. */
  readonly delayed?: string;
}

/** In every answer: nothing of ours is to be guessed at, kept by a cache, or framed. */
export const securityHeaders: Readonly<OutgoingHttpHeaders> = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
};

export interface Written {
  readonly headers: Readonly<OutgoingHttpHeaders>;
  /** Of the body. */
  readonly bytes: number;
}

/** Writes head and body at once. */
export function writeAnswer(response: ServerResponse, answer: Answer, format: Format): Written {
  const text = answer.body === undefined ? undefined : printBody(answer.body, format);
  const bytes = text === undefined ? 0 : Buffer.byteLength(text);
  const headers = {
    ...securityHeaders,
    ...(text === undefined ? {} : { 'Content-Type': mediaTypes[format], 'Content-Length': bytes }),
    ...answer.headers,
  };
  response.writeHead(answer.status, headers);
  response.end(text);
  return { headers, bytes };
}

const mediaTypes: Readonly<Record<Format, string>> = {
  JSON: 'application/json; charset=utf-8',
  XML: 'application/xml; charset=utf-8',
};

function printBody(body: object, format: Format): string {
  switch (format) {
    case 'JSON':
      return JSON.stringify(body);
    case 'XML':
      return printXml(body);
  }
}

/** The answer to an error; what is none of ours is a bug: logged with its stack, told as 500 and nothing more. */
export function errorAnswer(error: unknown, log: Logger): Answer {
  const known = error instanceof ApiError ? error : unexpected(error, log);
  return {
    status: known.status,
    body: printRequestError(known),
    headers: headersOf(known),
  };
}

function headersOf(error: ApiError): Readonly<OutgoingHttpHeaders> {
  if (error instanceof UnsupportedBody) return error.headers;
  return error.retryAfterS === undefined ? {} : { 'Retry-After': String(error.retryAfterS) };
}

/** `problem`: what to do. */
export function unauthorized(challenge: string, problem: string): Answer {
  return {
    status: 401,
    body: printRequestError(new ApiError('POL0001', ['unauthorized', problem])),
    headers: challenge === '' ? {} : { 'WWW-Authenticate': challenge },
  };
}

/** A token for other APIs (RFC 6750 §3.1). */
export function insufficientScope(scope: string): Answer {
  return {
    status: 403,
    body: printRequestError(new ApiError('POL0001', ['insufficient scope'])),
    headers: { 'WWW-Authenticate': `Bearer realm="maap-iwf", error="insufficient_scope", scope="${scope}"` },
  };
}

export function methodNotAllowed(allow: readonly string[]): Answer {
  return {
    status: 405,
    body: printRequestError(new ApiError('SVC0001', ['method not allowed', `this resource takes ${allow.join(', ')}`])),
    headers: { Allow: allow.join(', ') },
  };
}

function unexpected(error: unknown, log: Logger): ApiError {
  // What the path's percent-encoding breaks reaches us from the router as a URIError.
  if (error instanceof URIError) return new ApiError('SVC0002', ['path', 'malformed percent-encoding']);
  log.error('rest request failed', { stack: error instanceof Error ? error.stack : String(error) });
  return new ApiError('SVC0001', ['internal error']);
}
