/** Byte-Range: which octets of the message a chunk carries (RFC 4975 §9). */
import { DecodeError } from '../decode-error.js';

export interface ByteRange {
  /** 1-based. */
  readonly start: number;
  /** Of the last octet; `start - 1` for an empty body; undefined for `*`. */
  readonly end: number | undefined;
  readonly total: number | undefined;
}

const form = /^(\d{1,15})-(?:(\d{1,15})|\*)\/(?:(\d{1,15})|\*)$/;

/** Throws DecodeError. */
export function parseByteRange(text: string): ByteRange {
  const match = form.exec(text);
  if (!match) throw new DecodeError('msrp', 'Byte-Range', 'not start-end/total');
  const start = Number(match[1]);
  const end = match[2] === undefined ? undefined : Number(match[2]);
  const total = match[3] === undefined ? undefined : Number(match[3]);
  if (start < 1) throw new DecodeError('msrp', 'Byte-Range', 'starts before the first octet');
  if (end !== undefined && end < start - 1) throw new DecodeError('msrp', 'Byte-Range', 'ends before it starts');
  return { start, end, total };
}

export function printByteRange(range: ByteRange): string {
  return `${range.start}-${range.end ?? '*'}/${range.total ?? '*'}`;
}
