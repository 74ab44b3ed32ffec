/** Who is heard, or believed: peers by their address (`sip.trustedPeers`, `msrp.trustedPeers`, `rest.trustedProxies`). */
import { BlockList, isIP } from 'node:net';
import type { Config } from '../../config.js';

/** Whether an address is in one of them; one of IPv4 in the form of IPv6 (`::ffff:192.0.2.1`) counts as itself. */
export function trustedBy(blocks: Config['sip']['trustedPeers']): (address: string) => boolean {
  const list = new BlockList();
  for (const { address, prefix, family } of blocks) list.addSubnet(address, prefix, family);
  return (address) => {
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    return list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  };
}
