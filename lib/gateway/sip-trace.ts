/** A SIP message as it crosses the border → trace event; only its Call-ID is looked for at once. */
import type { TraceEvent } from '../trace/trace.js';

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
  return {
    atMs,
    border: 'sip',
    direction,
    peer: `${remote.protocol}/${remote.host}:${remote.port}`,
    key: callIdOf(bytes),
    text: () => (bodies ? bytes.toString('utf8') : withoutBody(bytes)),
  };
}

/** Bodies are the users' secret unless the operator has decided otherwise. */
function withoutBody(bytes: Buffer): string {
  const blank = bytes.indexOf('\r\n\r\n');
  const end = blank < 0 ? bytes.length : blank + 4;
  const rest = bytes.length - end;
  return bytes.toString('utf8', 0, end) + (rest > 0 ? `[${rest} bytes]` : '');
}

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
