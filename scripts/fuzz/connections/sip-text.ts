/** One SIP request of a hostile phone, whole and well-formed; what spoils it comes after. */
import type { Random } from '../random.js';
import { bots } from './names.js';

export type Wire = 'sip-udp' | 'sip-tcp';

/** Who calls whom; the same for all requests of a script. */
export interface Call {
  readonly wire: Wire;
  readonly bot: string;
  readonly number: string;
  /** Parts Call-IDs of one script. */
  readonly at: number;
}

export interface Asking {
  readonly cseq?: number;
  readonly branch?: string;
  /** Inside the dialog that the last answer made. */
  readonly inside?: boolean;
  readonly lines?: readonly string[];
  readonly type?: string;
  readonly body?: string;
}

export function callOf(wire: Wire, random: Random): Call {
  const bot = random.pick([bots.session, bots.session, bots.standalone, bots.confirmed]);
  // A user's new chat ends his old one: most have a number of their own, some meet.
  const number = `+1555010${String(random.below(random.oneIn(4) ? 20 : 10_000)).padStart(4, '0')}`;
  return { wire, bot, number, at: random.below(1e6) };
}

export function requestText(method: string, { wire, bot, number, at }: Call, asking: Asking = {}): string {
  const {
    cseq = 1,
    branch = `z9hG4bK{{nonce}}${at}${method}${cseq}`,
    inside = false,
    lines = [],
    type,
    body = '',
  } = asking;
  const user = `sip:${number}@ims.example.net;user=phone`;
  return [
    `${method} ${inside ? '{{target}}' : bot} SIP/2.0`,
    `Via: SIP/2.0/${wire === 'sip-udp' ? 'UDP' : 'TCP'} 127.0.0.1:5060;rport;branch=${branch}`,
    'Max-Forwards: 70',
    `From: <${user}>;tag=raw`,
    `To: <${bot}>${inside ? ';tag={{tag}}' : ''}`,
    `Call-ID: {{nonce}}-${at}`,
    `CSeq: ${cseq} ${method}`,
    `P-Asserted-Identity: <${user}>`,
    `Contact: <sip:${number}@127.0.0.1:9;transport=tcp>`,
    ...lines,
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

/** Nobody asked for it; or somebody did: our requests have such branches. */
export function responseText(status: number, method: string, { wire, bot, number, at }: Call): string {
  return [
    `SIP/2.0 ${status} Whatever`,
    `Via: SIP/2.0/${wire === 'sip-udp' ? 'UDP' : 'TCP'} 127.0.0.1:5060;branch=z9hG4bK{{nonce}}${at}`,
    `From: <${bot}>;tag={{tag}}`,
    `To: <sip:${number}@ims.example.net;user=phone>;tag=raw`,
    `Call-ID: {{nonce}}-${at}`,
    `CSeq: 1 ${method}`,
    `Contact: <sip:${number}@127.0.0.1:9;transport=tcp>`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

/** Where our end connects to the gateway. */
export function offer(setup = 'active'): string {
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    'm=message 9 TCP/MSRP *',
    `a=setup:${setup}`,
    'a=accept-types:message/cpim application/im-iscomposing+xml',
    'a=accept-wrapped-types:*',
    'a=path:msrp://127.0.0.1:9/phone{{nonce}};tcp',
    '',
  ].join('\r\n');
}
