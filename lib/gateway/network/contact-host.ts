/** What Contact calls us. */
import type { Config } from '../../config.js';
import type { SipSide } from './sip.js';

/** What stands behind the user part where the network is to reach us again (RFC 3261 §8.1.1.8). */
export function contactHost(
  { sip }: Pick<Config, 'sip'>,
  { agent }: { readonly agent: Pick<SipSide['agent'], 'listening'> },
): string {
  // The embedded engine puts in address and transport of the way that the message takes.
  if (sip.engine === 'embedded') return 'localhost';
  const [, protocol = 'udp', host = '127.0.0.1', port = '5060'] = partsOf(ownAddress(sip.nextHop, agent.listening));
  // Without it a numeric host means UDP (RFC 3263 §4.1).
  const transport = protocol === 'udp' ? '' : `;transport=${protocol}`;
  return `${sip.advertise ?? host}:${port}${transport}`;
}

/** A drachtio-server names its addresses in no order: that of the transport that the operator has chosen, which others reach. */
function ownAddress(nextHop = '', listening: readonly string[]): string | undefined {
  const wanted = /;transport=(\w+)/i.exec(nextHop)?.[1]?.toLowerCase();
  const fitting = listening.filter((text) => wanted !== undefined && text.startsWith(`${wanted}/`));
  const among = fitting.length > 0 ? fitting : listening;
  return among.find((text) => !/^\w+\/127\./.test(text)) ?? among[0];
}

function partsOf(address = ''): readonly string[] {
  return /^(\w+)\/(.*):(\d+)$/.exec(address) ?? [];
}
