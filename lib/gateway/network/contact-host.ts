/** What Contact calls us. */
import type { Config } from '../../config.js';
import type { SipSide } from './sip.js';

/** `host:port` where the network reaches us, of the first listening address. */
export function contactHost({ sip }: Config, { agent }: SipSide): string {
  // A dialog that began under TLS stays there: the engine puts in the address and transport of the way taken.
  if (sip.engine === 'embedded' && sip.listen.some(({ protocol }) => protocol === 'tls')) return 'localhost';
  const [, host = '127.0.0.1', port = '5060'] = /^\w+\/(.*):(\d+)$/.exec(agent.listening[0] ?? '') ?? [];
  return `${sip.advertise ?? host}:${port}`;
}
