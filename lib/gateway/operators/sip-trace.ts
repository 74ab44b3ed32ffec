/** A SIP message as it crosses the border → trace event; only its Call-ID is looked for at once. */
import type { TraceEvent } from '../../trace/trace.js';

interface Place {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
}

export function sipEvent(
  { atMs, bodies }: { atMs: number; bodies: boolean },
  direction: 'in' | 'out',
  _local: Place,
  remote: Place,
  bytes: Buffer,
): TraceEvent {
  const text = bodies ? (): string => bytes.toString('utf8') : headText(bytes);
  return {
    atMs,
    border: 'sip',
    direction,
    peer: `${remote.protocol}/${remote.host}:${remote.port}`,
    key: callIdOf(bytes),
    text,
  };
}

/** Bodies are the users' secret unless the operator has decided otherwise; a large one is not kept alive either. */
function headText(bytes: Buffer): () => string {
  const kept = bytes.length > maxKeptBytes ? Buffer.from(bytes.subarray(0, endOfHead(bytes))) : bytes;
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

const names = ['\r\nCall-ID:', '\r\ni:', '\r\ncall-id:', '\r\nI:'].map((name) => Buffer.from(name));

function callIdOf(bytes: Buffer): string {
  for (const name of names) {
    const at = bytes.indexOf(name);
    if (at < 0) continue;
    const end = bytes.indexOf('\r\n', at + name.length);
    return bytes.toString('latin1', at + name.length, end < 0 ? bytes.length : end).trim();
  }
  return '';
}
