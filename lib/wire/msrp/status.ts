/** The Status header of a REPORT: namespace, code, comment (RFC 4975 §9). */
import { DecodeError } from '../decode-error.js';
import { decodeUtf8, encodeUtf8 } from './frame.js';

export interface Status {
  /** Three digits; `000` is MSRP's own. */
  readonly namespace: string;
  readonly code: number;
  readonly comment: string | undefined;
}

const form = /^(\d{3}) (\d{3})(?: (.*))?$/;

/** Throws DecodeError. */
export function parseStatus(text: string): Status {
  const match = form.exec(text);
  if (!match) throw new DecodeError('msrp', 'Status', 'not namespace, code and comment');
  const [, namespace = '', code, comment] = match;
  return { namespace, code: Number(code), comment: comment === undefined ? undefined : decodeUtf8(comment) };
}

export function printStatus(status: Status): string {
  const code = String(status.code).padStart(3, '0');
  return `${status.namespace} ${code}${status.comment === undefined ? '' : ` ${encodeUtf8(status.comment)}`}`;
}
