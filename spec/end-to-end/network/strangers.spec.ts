/** Who is not in sip.trustedPeers or msrp.trustedPeers is not heard, whichever engine speaks SIP. */
import { expect } from 'chai';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { KeptLog } from '../kept-log.js';
import { cpim, offer, RawPhone } from '../raw-phone.js';
import { startWorld, type World } from '../world.js';

describe('a stranger to sip.trustedPeers [IWF-1712]', () => {
  let world: World;
  let phone: RawPhone;
  let log: KeptLog;
  before(async () => {
    log = new KeptLog();
    world = await startWorld({ log, engine: 'drachtio', config: { sip: { trustedPeers: ['192.0.2.0/24'] } } });
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
    expect(await log.waitFor('peer refused')).to.deep.equal({ list: 'sip.trustedPeers', times: 1, who: '127.0.0.1' });
  });
});

describe('a stranger to sip.trustedPeers of the embedded engine', () => {
  for (const protocol of ['udp', 'tcp'] as const) {
    it(`(${protocol}) hears nothing, and the log says who he is`, async () => {
      const log = new KeptLog();
      const world = await startWorld({ log, config: { sip: { trustedPeers: ['192.0.2.0/24'] } } });
      const knock = protocol === 'udp' ? datagram : stream;
      await knock(world.ports.sip);
      const told = await log.waitFor('peer refused');
      expect(told).to.deep.equal({ list: 'sip.trustedPeers', times: 1, who: '127.0.0.1' });
      await world.stop();
    });
  }

  async function datagram(port: number): Promise<void> {
    const socket = createSocket('udp4');
    await new Promise((resolve) => socket.send('OPTIONS sip:x SIP/2.0\r\n\r\n', port, '127.0.0.1', resolve));
    socket.close();
  }

  async function stream(port: number): Promise<void> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    await once(socket, 'close');
  }
});

describe('a peer that speaks TLS to a port of SIP without', () => {
  it('is cut off at once, and the log says so', async () => {
    const log = new KeptLog();
    const world = await startWorld({ log });
    const socket = connectTls({ port: world.ports.sip, host: '127.0.0.1' });
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).to.equal('ECONNRESET');
    expect(await log.waitFor('sip connection cut')).to.deep.equal({ reason: 'unframed', times: 1, who: '127.0.0.1' });
    await world.stop();
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
