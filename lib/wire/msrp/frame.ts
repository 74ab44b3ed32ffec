/** One MSRP frame on the wire (RFC 4975 §9): request or response, its headers, its end-line. */
import { DecodeError } from '../decode-error.js';

/** Name and value. Text is latin1, one character for one octet: what is echoed is echoed octet for octet. */
export type HeaderLine = readonly [name: string, value: string];

/** `$` ends the message, `+` more chunks follow, `#` the message is given up (RFC 4975 §7.1). */
export type ContinuationFlag = '$' | '+' | '#';

interface FrameParts {
  /** `4*31(ALPHANUM / ".-+%=")` after one ALPHANUM. */
  readonly transactionId: string;
  /** URIs separated by a blank, as on the wire. */
  readonly toPath: string;
  readonly fromPath: string;
  /** All others, in the order of the wire. */
  readonly headers: readonly HeaderLine[];
  readonly flag: ContinuationFlag;
}

export interface Request extends FrameParts {
  readonly kind: 'request';
  /** SEND, REPORT, AUTH, NICKNAME or an extension's. */
  readonly method: string;
  /** Absent where the request has no blank line after its headers; empty where it has one and nothing behind it. */
  readonly body: Buffer | undefined;
  /** The body was over the parser's limit and is gone: answer 413. */
  readonly oversized?: true;
  /** The body was passed over since there was no room for it, and is gone: answer 408. */
  readonly noRoom?: true;
}

export interface Response extends FrameParts {
  readonly kind: 'response';
  /** Three digits. */
  readonly status: number;
  readonly comment: string | undefined;
}

export type Frame = Request | Response;

/** The first value of a header, its name compared without case. */
export function headerOf(frame: Frame, name: string): string | undefined {
  for (const line of frame.headers) if (line[0] === name) return line[1];
  const lower = name.toLowerCase();
  for (const line of frame.headers) {
    if (line[0].length === name.length && line[0].toLowerCase() === lower) return line[1];
  }
  return undefined;
}

/** The frame up to its body: first line and headers, each with CRLF, in latin1. Throws DecodeError on a value that would break the line. */
export function printHead(frame: Frame): string {
  let text = `MSRP ${frame.transactionId} ${firstLineRest(frame)}\r\nTo-Path: ${frame.toPath}\r\nFrom-Path: ${frame.fromPath}\r\n`;
  for (const [name, value] of frame.headers) text += `${name}: ${value}\r\n`;
  const lines = frame.headers.length + 3;
  if (countLines(text) !== lines) throw new DecodeError('msrp', 'headers', 'a value holds a line break');
  return text;
}

export function printEndLine(frame: Frame): string {
  return `-------${frame.transactionId}${frame.flag}\r\n`;
}

/** A whole frame without body as latin1 text. */
export function printBodiless(frame: Frame): string {
  return printHead(frame) + printEndLine(frame);
}

/** The frame's octets. Throws DecodeError on a value that would break a line. */
export function printFrame(frame: Frame): Buffer {
  if (frame.kind === 'response' || !frame.body) return Buffer.from(printBodiless(frame), 'latin1');
  const head = `${printHead(frame)}\r\n`;
  const end = `\r\n${printEndLine(frame)}`;
  const out = Buffer.allocUnsafe(head.length + frame.body.length + end.length);
  out.write(head, 0, 'latin1');
  frame.body.copy(out, head.length);
  out.write(end, head.length + frame.body.length, 'latin1');
  return out;
}

function firstLineRest(frame: Frame): string {
  if (frame.kind === 'request') return frame.method;
  if (frame.comment === undefined) return String(frame.status).padStart(3, '0');
  return `${String(frame.status).padStart(3, '0')} ${encodeUtf8(frame.comment)}`;
}

/** CRs and LFs must come in pairs, one for each line that we meant. */
function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
  for (let at = text.indexOf('\r'); at >= 0; at = text.indexOf('\r', at + 1)) if (text[at + 1] !== '\n') return -1;
  return lines;
}

const ascii = /^[ -~\t]*$/;

/** A comment is utf8text (RFC 4975 §9), headers are octets. */
export function encodeUtf8(text: string): string {
  return ascii.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** Octets of the wire, one for each character, read as UTF-8. */
export function decodeUtf8(octets: string): string {
  return ascii.test(octets) ? octets : Buffer.from(octets, 'latin1').toString('utf8');
}
