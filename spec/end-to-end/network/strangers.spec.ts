/** Who is not in sip.trustedPeers or msrp.trustedPeers is not heard, whichever engine speaks SIP. */
import { expect } from 'chai';
import { once } from 'node:events';
import { connect } from 'node:net';
import { KeptLog } from '../kept-log.js';
import { cpim, offer, RawPhone } from '../raw-phone.js';
import { startWorld, type World } from '../world.js';

describe('a stranger to sip.trustedPeers [IWF-1712]', () => {
  let world: World;
  let phone: RawPhone;
  before(async () => {
    world = await startWorld({ engine: 'drachtio', config: { sip: { trustedPeers: ['192.0.2.0/24'] } } });
    phone = await RawPhone.of(world);
  });
  after(async () => {
    phone.close();
    await world.stop();
  });

  it('reaches no bot by way of a drachtio-server, whatever identity it asserts, and is counted', async () => {
    const asserted = { lines: ['P-Asserted-Identity: <tel:+15550100009>'] };
    const messages = [
      await phone.ask('MESSAGE', { ...asserted, type: 'message/cpim', body: cpim('hello').toString() }),
      await phone.ask('INVITE', { ...asserted, type: 'application/sdp', body: offer() }),
      await phone.ask('OPTIONS', asserted),
    ];
    expect(messages.map(({ status }) => status)).to.deep.equal([403, 403, 403]);
    const answer = await fetch(`http://127.0.0.1:${world.gateway.ports.admin}/metrics`);
    expect(await answer.text()).to.include('iwf_sip_untrusted_total{protocol="tcp"} 3\n');
  });
});

describe('a stranger to msrp.trustedPeers', () => {
  it('has his connection closed, and the log says so, however well his SIP is known', async () => {
    const log = new KeptLog();
    const world = await startWorld({ log, config: { msrp: { trustedPeers: ['192.0.2.0/24'] } } });
    const phone = await RawPhone.of(world);
    expect((await phone.invite()).status).to.equal(200);
    const media = connect(world.ports.msrp, '127.0.0.1');
    media.on('error', () => undefined).resume();
    await once(media, 'close');
    expect(await log.waitFor('peer refused')).to.deep.equal({ list: 'msrp.trustedPeers', times: 1, who: '127.0.0.1' });
    phone.close();
    await world.stop();
  });
});
