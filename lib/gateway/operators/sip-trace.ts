/** SIP messages as they cross the border → trace events; what they are found by is looked for at once, nothing else. */
import type { Trace, TraceEvent } from '../../trace/trace.js';

export interface SipCrossing {
  readonly direction: 'in' | 'out';
  /** `udp/192.0.2.7:5060` */
  readonly peer: string;
  readonly bytes: Buffer;
}

/** A request of ours tells its conversation by itself, even where nobody takes it; what comes is the interpreter's to judge. */
export function traceSip(trace: Trace, crossing: SipCrossing, how: { atMs: number; bodies: boolean }): void {
  const event = sipEvent(crossing, how);
  const { direction, bytes } = crossing;
  const conversation = direction === 'out' ? valueOf(bytes.subarray(0, endOfHead(bytes)), conversationId) : '';
  if (conversation !== '') trace.link(event.key, conversation);
  trace.event(event);
}

export function sipEvent(
  { direction, peer, bytes }: SipCrossing,
  { atMs, bodies }: { atMs: number; bodies: boolean },
): TraceEvent {
  const text = bodies ? (): string => bytes.toString('utf8') : headText(bytes);
  return { atMs, border: 'sip', direction, peer, key: valueOf(bytes, callId) || keyOfUnusual(bytes) || peer, text };
}

/** Bodies are the users' secret unless the operator has decided otherwise; what is large is not kept alive either. */
function headText(bytes: Buffer): () => string {
  const kept =
    bytes.length > maxKeptBytes ? Buffer.from(bytes.subarray(0, Math.min(endOfHead(bytes), maxKeptBytes))) : bytes;
  const total = bytes.length;
  return () => {
    const end = endOfHead(kept);
    return kept.toString('utf8', 0, end) + (total > end ? `[${total - end} bytes]` : '');
  };
}

function endOfHead(bytes: Buffer): number {
  const blank = bytes.indexOf('\r\n\r\n');
  return blank < 0 ? bytes.length : blank + 4;
}

const maxKeptBytes = 4096;

const callId = ['\r\nCall-ID:', '\r\ni:', '\r\ncall-id:', '\r\nI:'].map((name) => Buffer.from(name));
/** In any other way to write it (RFC 3261 §7.3.1). What has none is found by who sent it: a malformed datagram, as a rule. */
function keyOfUnusual(bytes: Buffer): string {
  const head = bytes.toString('latin1', 0, Math.min(endOfHead(bytes), maxKeptBytes));
  return /\r\n(?:call-id|i)[ \t]*:[ \t]*([^\r\n]+)/i.exec(head)?.[1]?.trim() ?? '';
}

const conversationId = [Buffer.from('\r\nConversation-ID:')];

/** Of the header that is there first of these; empty: none is. */
function valueOf(bytes: Buffer, names: readonly Buffer[]): string {
  for (const name of names) {
    const at = bytes.indexOf(name);
    if (at < 0) continue;
    const end = bytes.indexOf('\r\n', at + name.length);
    return bytes.toString('latin1', at + name.length, end < 0 ? bytes.length : end).trim();
  }
  return '';
}
