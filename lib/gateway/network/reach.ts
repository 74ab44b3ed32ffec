/** Where MSRP and SIP may connect to: what SDP, a Contact or a platform names is a stranger's word, and must not reach into this machine or its link. */
import type { Config } from '../../config.js';
import { trustedBy } from './trusted-peers.js';

/** This host, its link, everybody at once, and nobody (RFC 6890). */
const near: Config['msrp']['connectTo'] = [
  ...(['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4'] as const).map(blockOf('ipv4')),
  ...(['::/128', '::1/128', 'fe80::/10', 'ff00::/8'] as const).map(blockOf('ipv6')),
];

interface Blocks {
  readonly connectTo: Config['msrp']['connectTo'];
  readonly trustedPeers: Config['msrp']['trustedPeers'];
}

/** Listed addresses alone; without a list all but the near ones, and of these the trusted peers' own. */
export function msrpReach({ connectTo, trustedPeers }: Blocks): (address: string) => boolean {
  return connectTo.length > 0 ? trustedBy(connectTo) : sipReach(trustedPeers);
}

/** All but the near ones, and of these the trusted peers' own. */
export function sipReach(trustedPeers: Config['sip']['trustedPeers']): (address: string) => boolean {
  const trusted = trustedBy(trustedPeers);
  const isNear = trustedBy(near);
  return (address) => trusted(address) || !isNear(address);
}

function blockOf(family: 'ipv4' | 'ipv6') {
  return (text: string): Config['msrp']['connectTo'][number] => {
    const [address = '', prefix] = text.split('/');
    return { address, prefix: Number(prefix), family };
  };
}
