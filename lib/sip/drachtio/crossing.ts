/** What the frames of a drachtio server say of messages on the wire: those that have come, and the echoes of those that have left. */
import type { SrfClient } from './types.js';

/** A message that has crossed the border; what the server sends of its own accord, or again, is not told. */
export interface Crossing {
  readonly direction: 'in' | 'out';
  /** `udp/192.0.2.7:5060`; the server does not say where it has sent a request: `udp/unknown`. */
  readonly peer: string;
  /** As it stood on the wire, but for octets that are not UTF-8. */
  readonly text: string;
}

/** From now on, of every frame that comes to a client. */
export function tellCrossings(client: SrfClient | undefined, tell: (crossing: Crossing) => void): void {
  client?.wp.on('msg', (_socket, frame) => {
    const crossing = crossingOf(frame);
    if (crossing) tell(crossing);
  });
}

/** undefined: a frame of another kind. `frame`: leader, CRLF, SIP message. */
function crossingOf(frame: string): Crossing | undefined {
  const end = frame.indexOf('\r\n');
  if (end < 0) return undefined;
  const [, kind, ...tokens] = frame.slice(0, end).split('|');
  const text = frame.slice(end + 2);
  if (text === '') return undefined;
  if (kind === 'sip') {
    const [source, , ...from] = tokens;
    return { direction: source === 'network' ? 'in' : 'out', peer: peerOf(from), text };
  }
  const [, verdict, source, , ...at] = tokens;
  if (kind !== 'response' || verdict !== 'OK' || source !== 'application') return undefined;
  // Of a request the server's own address stands there.
  return { direction: 'out', peer: text.startsWith('SIP/2.0 ') ? peerOf(at) : `${at[0] ?? ''}/unknown`, text };
}

function peerOf([protocol = '', host = '', port = '']: readonly string[]): string {
  return `${protocol}/${host.includes(':') ? `[${host}]` : host}:${port}`;
}
