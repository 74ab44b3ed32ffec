import { expect } from 'chai';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { parseBlock } from '../../../lib/config/values.js';
import { msrpReach } from '../../../lib/gateway/network/reach.js';
import { KeptLog } from '../../end-to-end/kept-log.js';
import { offer, RawPhone, tagOf } from '../../end-to-end/raw-phone.js';
import { bot, key, startWorld } from '../../end-to-end/world.js';

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

describe('where SIP may connect to', () => {
  it('without a next hop: not to another address of this host, which a bot names as its contact', async () => {
    const near = createServer((socket) => socket.destroy());
    let calls = 0;
    near.on('connection', () => calls++);
    await once(near.listen(0, '127.0.0.77'), 'listening');
    const { port } = near.address() as AddressInfo;
    const log = new KeptLog();
    const world = await startWorld({ log, config: { sip: { trustedPeers: ['127.0.0.1/32'], nextHop: undefined } } });
    try {
      const contact = encodeURIComponent(`sip:a@127.0.0.77:${port};transport=tcp`);
      const path = `/chat/v1/${encodeURIComponent(bot)}/oneToOne/${contact}/adhoc/messages`;
      const answer = await fetch(`${world.serverRoot}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ chatMessage: { contentType: 'text/plain', bodyText: 'hello' } }),
      });
      expect(answer.status).to.equal(201);
      expect(await log.waitFor('message waits')).to.include({ reason: 'SIP 503 Service Unavailable' });
      expect(calls).to.equal(0);
    } finally {
      near.close();
      await world.stop();
    }
  });
});
