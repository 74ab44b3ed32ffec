/** What of a message an application is handed: its bytes as they stood, unless the client library could not read them. */
import { isUtf8 } from 'node:buffer';
import type { ResponseDraft, ServerTransaction, SipMessage } from '../api.js';

const VERSION = Buffer.from('SIP/2.0');
const CRLF = Buffer.from('\r\n');

/** The version of the start line is case-insensitive (RFC 3261 §7.1), but not to the client library. */
export function passingBytes(message: SipMessage): Buffer {
  const { bytes, method, uri, status, reason } = message;
  const end = bytes.indexOf(CRLF);
  const from = status === undefined ? end - VERSION.length : 0;
  if (end < VERSION.length || bytes.subarray(from, from + VERSION.length).equals(VERSION)) return bytes;
  const line = status === undefined ? `${method ?? ''} ${uri ?? ''} SIP/2.0` : `SIP/2.0 ${status} ${reason ?? ''}`;
  return Buffer.concat([Buffer.from(line), bytes.subarray(end)]);
}

/** Why no application can be handed this request: the answer that it gets instead. */
export function unfitness({ request }: ServerTransaction): ResponseDraft | undefined {
  // the client library decodes bodies as UTF-8: what is none would be altered
  const encoding = request.header('Content-Encoding')?.toLowerCase() ?? 'identity';
  if (encoding !== 'identity' || !isUtf8(request.body))
    return { status: 415, headers: [['Accept-Encoding', 'identity']] };
  // a dialog is named by both, in a line whose tokens are parted by `|`
  if (request.method === 'INVITE' && (request.header('Call-ID')?.includes('|') || fromTag(request).includes('|'))) {
    return { status: 400, reason: 'Bad Call-ID or Tag', headers: [] };
  }
  return undefined;
}

/** Whether the request came outside of any dialog: its To has no tag. */
export function isInitial({ request }: ServerTransaction): boolean {
  return !/;\s*tag\s*=/i.test(afterUri(request.header('To') ?? ''));
}

function fromTag(request: SipMessage): string {
  return /;\s*tag\s*=\s*([^;\s]*)/i.exec(afterUri(request.header('From') ?? ''))?.[1] ?? '';
}

function afterUri(value: string): string {
  return value.slice(value.lastIndexOf('>') + 1);
}
