import { expect } from 'chai';
import { parseBlock } from '../../../lib/config/values.js';
import { msrpReach } from '../../../lib/gateway/network/msrp-reach.js';
import { offer, RawPhone, tagOf } from '../../end-to-end/raw-phone.js';
import { startWorld } from '../../end-to-end/world.js';

function reach(connectTo: readonly string[], trustedPeers: readonly string[]): (address: string) => boolean {
  const blocks = (texts: readonly string[]) => texts.flatMap((text) => parseBlock(text) ?? []);
  return msrpReach({ connectTo: blocks(connectTo), trustedPeers: blocks(trustedPeers) });
}

const near = [
  ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '169.254.169.254', '224.0.0.1', '255.255.255.255', '::1', '::'],
  ...['fe80::1', 'ff02::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:169.254.169.254'],
];
const far = ['192.0.2.1', '10.0.0.5', '2001:db8::1', '::ffff:192.0.2.1'];

describe('where MSRP may connect to', () => {
  it('without a list: not to this host, its link, or everybody', () => {
    const allowed = reach([], ['192.0.2.1/32']);
    for (const address of near) expect(allowed(address), address).to.equal(false);
    for (const address of far) expect(allowed(address), address).to.equal(true);
  });

  it('without a list: to this host where a trusted peer is on it', () => {
    const allowed = reach([], ['127.0.0.0/8', '::1/128']);
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) expect(allowed(address), address).to.equal(true);
    expect(allowed('169.254.169.254')).to.equal(false);
  });

  it('with a list: there and nowhere else', () => {
    const allowed = reach(['192.0.2.0/24'], ['127.0.0.0/8']);
    expect(['192.0.2.1', '::ffff:192.0.2.9', '10.0.0.5', '127.0.0.1'].map(allowed)).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
  });

  it('an offer that names another address: the call ends, and nobody is called', async () => {
    const world = await startWorld({ config: { msrp: { connectTo: ['192.0.2.0/24'] } } });
    const phone = await RawPhone.of(world);
    try {
      const body = offer().replace('a=setup:active', 'a=setup:passive');
      const callId = 'not-reachable';
      const answer = await phone.invite({ callId, body });
      if (answer.status === 200) {
        phone.ack(callId, tagOf(answer));
        expect(await phone.requested('BYE')).to.contain(callId);
      } else expect(answer.status).to.be.within(400, 699);
    } finally {
      phone.close();
      await world.stop();
    }
  });
});
