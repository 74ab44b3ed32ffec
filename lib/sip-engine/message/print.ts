/** Messages of our own making: start line, header lines, Content-Length, body (RFC 3261 §7, §20.14). */
import type { HeaderLine } from '../api.js';
import { isToken } from './grammar.js';
import { longName } from './header-names.js';
import { asBinary, WireMessage, type StartLine } from './message.js';

const NOTHING = Buffer.alloc(0);

/** `Name: value`, one character per byte. Throws Error on what would break the line: nobody writes headers through values. */
export function headerLine(name: string, value: string): string {
  if (!isToken(name)) throw new Error('not a header name');
  if (/[\r\n\0]/.test(value)) throw new Error(`line break in the value of ${name}`);
  return `${name}: ${asBinary(value)}`;
}

/** The draft's lines but for those named (long, lower case). */
export function linesBut(headers: readonly HeaderLine[], left: ReadonlySet<string>): string[] {
  const lines: string[] = [];
  for (const [name, value] of headers) if (!left.has(longName(name))) lines.push(headerLine(name, value));
  return lines;
}

/** First value of the draft's header; `long` in lower case. */
export function draftHeader(headers: readonly HeaderLine[], long: string): string | undefined {
  return headers.find(([name]) => longName(name) === long)?.[1];
}

/** `lines` one character per byte, without Content-Length. */
export function makeMessage(start: StartLine, lines: readonly string[], body: Buffer = NOTHING): WireMessage {
  const head = `${startText(start)}\r\n${lines.join('\r\n')}\r\nContent-Length: ${body.length}`;
  const bytes = Buffer.allocUnsafe(head.length + 4 + body.length);
  bytes.write(head, 0, 'latin1');
  bytes.write('\r\n\r\n', head.length, 'latin1');
  body.copy(bytes, head.length + 4);
  return new WireMessage(start, { bytes, head, body: bytes.subarray(head.length + 4) });
}

function startText(start: StartLine): string {
  if (start.status !== undefined) return `SIP/2.0 ${start.status} ${oneLine(start.reason ?? '')}`;
  if (!isToken(start.method ?? '') || !/^[^\s\0]+$/.test(start.uri ?? '')) throw new Error('not a request line');
  return `${start.method ?? ''} ${asBinary(start.uri ?? '')} SIP/2.0`;
}

function oneLine(reason: string): string {
  if (/[\r\n\0]/.test(reason)) throw new Error('line break in the reason phrase');
  return asBinary(reason);
}

/** RFC 3261 §21 and its extensions. */
const REASONS: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  181: 'Call Is Being Forwarded',
  182: 'Queued',
  183: 'Session Progress',
  200: 'OK',
  202: 'Accepted',
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Moved Temporarily',
  305: 'Use Proxy',
  380: 'Alternative Service',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  410: 'Gone',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Unsupported URI Scheme',
  420: 'Bad Extension',
  421: 'Extension Required',
  422: 'Session Interval Too Small',
  423: 'Interval Too Brief',
  433: 'Anonymity Disallowed',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  482: 'Loop Detected',
  483: 'Too Many Hops',
  484: 'Address Incomplete',
  485: 'Ambiguous',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  491: 'Request Pending',
  493: 'Undecipherable',
  500: 'Server Internal Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Server Time-out',
  505: 'Version Not Supported',
  513: 'Message Too Large',
  580: 'Precondition Failure',
  600: 'Busy Everywhere',
  603: 'Decline',
  604: 'Does Not Exist Anywhere',
  606: 'Not Acceptable',
};

/** Whether it is one of those that have a name here. */
export function isNamed(status: number): boolean {
  return status in REASONS;
}

export function reasonOf(status: number): string {
  return REASONS[status] ?? (status < 200 ? 'Progress' : status < 300 ? 'OK' : 'Refused');
}
