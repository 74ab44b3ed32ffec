/** What to answer and what to report: a table over the report flags (RFC 4975 §7.1.2, §7.2, §7.3); and what a peer's REPORT says. */
import { DecodeError } from '../wire/decode-error.js';
import { headerOf, type HeaderLine, type Request, type Response } from '../wire/msrp/frame.js';
import type { ReportFlags } from '../wire/msrp/report-flags.js';
import { parseStatus, printStatus } from '../wire/msrp/status.js';

/** Whether a SEND with these flags gets a response of this status at all. */
export function isAnswered(flags: ReportFlags, status: number): boolean {
  switch (flags.failure) {
    case 'yes':
      return true;
    case 'partial':
      return status !== 200;
    case 'no':
      return false;
  }
}

/** Whether a whole message, taken with this status, gets a success REPORT. */
export function isReported(flags: ReportFlags, status: number): boolean {
  return flags.success && status === 200;
}

/** The response goes to the previous hop alone (RFC 4975 §7.2). The comment may be anyone's words: line breaks become blanks. */
export function responseTo(request: Request, status: number, comment: string): Response {
  return {
    kind: 'response',
    transactionId: request.transactionId,
    status,
    comment: comment.replace(/\p{Cc}+/gu, ' '),
    toPath: firstUri(request.fromPath),
    fromPath: request.toPath,
    headers: [],
    flag: '$',
  };
}

export interface Outcome {
  readonly transactionId: string;
  readonly status: number;
  readonly comment: string;
  /** Octets of the message that the report speaks of. */
  readonly bytes: number;
}

/** A REPORT goes the whole way back (RFC 4975 §7.1.2). */
export function reportOn(request: Request, outcome: Outcome): Request {
  const { transactionId, status, comment, bytes } = outcome;
  const headers: readonly HeaderLine[] = [
    ['Message-ID', headerOf(request, 'Message-ID') ?? ''],
    ['Byte-Range', `1-${bytes}/${bytes}`],
    ['Status', printStatus({ namespace: '000', code: status, comment })],
  ];
  const { toPath, fromPath } = request;
  return {
    kind: 'request',
    method: 'REPORT',
    transactionId,
    toPath: fromPath,
    fromPath: toPath,
    headers,
    body: undefined,
    flag: '$',
  };
}

/** What a hop says of a message that it took. */
export interface Report {
  readonly messageId: string;
  readonly status: number;
  readonly comment: string | undefined;
}

/** undefined: it names no message, or no status of MSRP's own (codes of another namespace, RFC 4975 §9). */
export function readReport(request: Request): Report | undefined {
  const messageId = headerOf(request, 'Message-ID');
  const status = readStatus(headerOf(request, 'Status'));
  if (messageId === undefined || status?.namespace !== '000') return undefined;
  return { messageId, status: status.code, comment: status.comment };
}

function readStatus(text: string | undefined): ReturnType<typeof parseStatus> | undefined {
  try {
    return text === undefined ? undefined : parseStatus(text);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function firstUri(path: string): string {
  const blank = path.indexOf(' ');
  return blank < 0 ? path : path.slice(0, blank);
}
