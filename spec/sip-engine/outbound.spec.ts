import { expect } from 'chai';
import type { WireMessage } from '../../lib/sip-engine/message/message.js';
import { PEER, requestText, responseText, toTagOf } from './transaction/scripted-transport.js';
import { send, stage, type Asked, type Stage } from './stage.js';

const TEXT = [['Content-Type', 'text/plain']] as const;

/** An INVITE of ours that the peer has accepted; not yet acknowledged. */
async function calling(
  on: Stage,
  lines?: readonly string[],
): Promise<{ id: string; invite: WireMessage; asked: Asked }> {
  const asked = await send(on, { method: 'INVITE', body: Buffer.from('v=0\r\n') });
  const [invite] = on.net.take();
  on.net.receive(responseText(invite!, 200, lines ? { lines } : {}));
  const id = `${invite!.header('Call-ID')!};from-tag=${/tag=(\w+)/.exec(invite!.header('From')!)![1]!}`;
  return { id, invite: invite!, asked };
}

describe('Requests of ours (RFC 3261 §8.1)', () => {
  it('have all that the draft leaves out', async () => {
    const on = await stage();
    const { transaction } = await send(on, { method: 'INVITE', body: Buffer.from('v=0\r\n') });
    const [invite] = on.net.take();
    expect(invite?.header('Via')).to.match(/^SIP\/2\.0\/UDP 192\.0\.2\.1:5060;branch=z9hG4bK[0-9a-f]{16};rport$/);
    expect(invite?.header('Max-Forwards')).to.equal('70');
    expect(invite?.header('From')).to.match(/^<sip:192\.0\.2\.1:5060>;tag=[0-9a-f]{16}$/);
    expect(invite?.header('To')).to.equal('<sip:phone@192.0.2.9>');
    expect(invite?.header('Call-ID')).to.match(/^[0-9a-f]{32}$/);
    expect(invite?.header('CSeq')).to.equal('1 INVITE');
    expect(invite?.header('Contact')).to.equal('<sip:192.0.2.1:5060>');
    expect(invite?.header('Content-Type')).to.equal('application/sdp');
    expect(invite?.header('Content-Length')).to.equal('5');
    expect(transaction.sent.remote).to.deep.equal(PEER);
    expect(transaction.sent.message.bytes).to.deep.equal(invite?.bytes);
  });

  it('keep what the draft says, and name us where it says localhost', async () => {
    const on = await stage();
    await send(on, {
      method: 'INVITE',
      headers: [
        ['From', '"Bot" <sip:bot@localhost>;tag=mine'],
        ['To', '<tel:+15550001>'],
        ['Call-ID', 'own-id'],
        ['CSeq', '42 INVITE'],
        ['Contact', '<sip:bot@localhost>;+g.gsma.rcs.isbot'],
        ['P-Asserted-Identity', '<sip:bot@localhost:5060>'],
        ['Subject', 'bot@localhost'],
        ['Content-Length', '99'],
      ],
    });
    const [invite] = on.net.take();
    expect(invite?.header('From')).to.equal('"Bot" <sip:bot@192.0.2.1:5060>;tag=mine');
    expect(invite?.header('Contact')).to.equal('<sip:bot@192.0.2.1:5060>;+g.gsma.rcs.isbot');
    expect(invite?.header('P-Asserted-Identity')).to.equal('<sip:bot@192.0.2.1:5060>');
    expect(invite?.header('Subject')).to.equal('bot@localhost');
    expect(invite?.header('Call-ID')).to.equal('own-id');
    expect(invite?.header('CSeq')).to.equal('42 INVITE');
    expect(invite?.headers('Content-Length')).to.deep.equal(['0']);
  });

  it('go where nextHop says, else where the first Route says', async () => {
    const on = await stage();
    on.net.refused.clear();
    await send(on, { method: 'OPTIONS', nextHop: 'sip:198.51.100.5:5080;transport=tcp' });
    await send(on, { method: 'OPTIONS', headers: [['Route', '<sip:198.51.100.6;lr>']] });
    expect(on.net.opened).to.deep.equal(['tcp 198.51.100.5:5080', 'udp 198.51.100.6:5060']);
    expect(on.net.take()[0]?.header('Via')).to.match(/^SIP\/2\.0\/TCP /);
  });

  for (const [what, draft] of [
    ['a body without type', { method: 'MESSAGE', body: Buffer.from('x') }],
    ['a line break in a value', { method: 'MESSAGE', headers: [['X', 'a\r\nb']] as const }],
    ['a space in the Request-URI', { method: 'MESSAGE', uri: 'sip:a b@192.0.2.9' }],
    ['ACK', { method: 'ACK' }],
  ] as const) {
    it(`are rejected: ${what}`, async () => {
      const on = await stage();
      const outcome = await send(on, draft).catch((error: unknown) => error);
      expect(outcome).to.be.instanceOf(Error);
      expect(on.net.sent).to.deep.equal([]);
    });
  }

  it('get their responses, the final one once', async () => {
    const on = await stage();
    const { statuses } = await send(on, { method: 'MESSAGE' });
    const [message] = on.net.take();
    for (const status of [100, 200, 200, 480]) on.net.receive(responseText(message!, status));
    expect(statuses).to.deep.equal([100, 200]);
    on.net.receive(responseText(message!, 200).replace('z9hG4bK', 'z9hG4bKstray'));
    expect(on.counted).to.include('sip_stray_responses_total');
  });

  it('get 408 after 64*T1, and 503 at once where the transport knows better', async () => {
    const on = await stage();
    const silent = await send(on, { method: 'MESSAGE' });
    await on.clock.advance(32_000);
    expect(silent.statuses).to.deep.equal([408]);
    const refused = await send(on, { method: 'MESSAGE' });
    on.net.udp.fail();
    await on.clock.advance(0);
    expect(refused.statuses).to.deep.equal([503]);
    on.net.refused.add('udp');
    const unreachable = await send(on, { method: 'MESSAGE' });
    expect(unreachable.statuses).to.deep.equal([]);
    await on.clock.advance(0);
    expect(unreachable.statuses).to.deep.equal([503]);
  });

  it('get 503 where no address is found, or the transport is not ours', async () => {
    const dns = { addresses: () => Promise.reject(new Error('none')), srv: () => Promise.reject(new Error('none')) };
    const on = await stage({ dns });
    for (const uri of [
      'sip:a@nowhere.example.net',
      'sips:a@192.0.2.9;transport=udp',
      'tel:+15550001',
      'sip:a@192.0.2.9;transport=ws',
    ]) {
      const { statuses } = await send(on, { method: 'MESSAGE', uri });
      await on.clock.advance(0);
      expect(statuses, uri).to.deep.equal([503]);
    }
  });

  it('above 1300 bytes go by TCP, and by UDP after all where that is refused (§18.1.1)', async () => {
    const on = await stage();
    const draft = { method: 'MESSAGE', headers: TEXT, body: Buffer.alloc(1300, 'x') };
    await send(on, draft);
    expect(on.net.opened).to.deep.equal(['udp 192.0.2.9:5060', 'tcp 192.0.2.9:5060']);
    expect(on.net.take()[0]?.header('Via')).to.match(/^SIP\/2\.0\/UDP /);
    on.net.refused.clear();
    await send(on, draft);
    expect(on.net.take()[0]?.header('Via'), 'asked again too soon').to.match(/^SIP\/2\.0\/UDP /);
    await on.clock.advance(30_000);
    on.net.take();
    await send(on, draft);
    expect(on.net.take()[0]?.header('Via')).to.match(/^SIP\/2\.0\/TCP /);
  });

  it('that still wait get 503 when the engine closes', async () => {
    const on = await stage();
    const { statuses } = await send(on, { method: 'MESSAGE' });
    await on.engine.close();
    expect(statuses).to.deep.equal([503]);
  });
});

describe('CANCEL of ours (RFC 3261 §9.1)', () => {
  it('waits for a provisional response', async () => {
    const on = await stage();
    const { transaction, statuses } = await send(on, { method: 'INVITE' });
    const [invite] = on.net.take();
    const cancel = transaction.cancel([['Reason', 'SIP;cause=200']]);
    expect(on.net.takeShort()).to.deep.equal([]);
    on.net.receive(responseText(invite!, 180));
    const [left] = on.net.take();
    expect(left?.bytes).to.deep.equal(cancel?.message.bytes);
    expect(left?.header('Via')).to.equal(invite?.header('Via'));
    expect(left?.header('CSeq')).to.equal('1 CANCEL');
    expect(left?.header('Reason')).to.equal('SIP;cause=200');
    on.net.receive(responseText(left!, 200));
    on.net.receive(responseText(invite!, 487));
    expect(on.net.takeShort()).to.deep.equal(['ACK']);
    expect(statuses).to.deep.equal([180, 487]);
    expect(transaction.cancel()).to.be.undefined;
  });

  it('is nothing to another method', async () => {
    const on = await stage();
    expect((await send(on, { method: 'MESSAGE' })).transaction.cancel()).to.be.undefined;
  });
});

describe('Dialogs as the calling side (RFC 3261 §13.2) [IWF-1802]', () => {
  it('acknowledge on the application’s word, again at every repetition of the 2xx', async () => {
    const on = await stage();
    const { id, invite } = await calling(on, [
      'Contact: <sip:phone@198.51.100.1>',
      'Record-Route: <sip:192.0.2.71;lr>, <sip:192.0.2.70;lr>',
    ]);
    expect(on.net.takeShort()).to.deep.equal([]);
    const sent = await on.engine.ack(id, { headers: [] });
    expect(sent?.message.header('CSeq')).to.equal('1 ACK');
    const [ack] = on.net.take();
    expect(ack?.uri).to.equal('sip:phone@198.51.100.1');
    expect(ack?.headers('Route')).to.deep.equal(['<sip:192.0.2.70;lr>', '<sip:192.0.2.71;lr>']);
    on.net.receive(responseText(invite, 200));
    expect(on.net.sent).to.deep.equal([ack?.bytes]);
    expect(await on.engine.ack(id, { headers: [] })).to.be.undefined;
    expect(await on.engine.ack('nobody', { headers: [] })).to.be.undefined;
  });

  it('a second 2xx of a fork is acknowledged and ended by the engine', async () => {
    const on = await stage();
    const { invite, id, asked } = await calling(on);
    const fork = responseText(invite, 200, { toTag: 'fork', lines: ['Contact: <sip:other@192.0.2.9>'] });
    on.net.receive(fork);
    await on.clock.advance(0);
    const left = on.net.take();
    expect(left.map((message) => message.method)).to.deep.equal(['ACK', 'BYE']);
    expect(left.every((message) => message.uri === 'sip:other@192.0.2.9' && toTagOf(message) === 'fork')).to.be.true;
    on.net.receive(fork);
    await on.clock.advance(0);
    expect(on.net.takeShort()).to.deep.equal(['ACK']);
    expect(asked.statuses).to.deep.equal([200]);
    expect((await on.engine.ack(id, { headers: [] }))?.message.uri).to.equal('sip:phone@192.0.2.9');
  });

  it('end where the 2xx has no Contact that can be reached: no ACK, nothing is left, and it is counted', async () => {
    const errors: unknown[] = [];
    const on = await stage({ onError: (error) => void errors.push(error) });
    const { id } = await calling(on, ['Contact: <tel:+15550100001>']);
    expect(await on.engine.ack(id, { headers: [] })).to.be.undefined;
    expect(on.net.takeShort()).to.deep.equal([]);
    expect(on.counted).to.include('sip_dialogs_lost_total');
    expect(errors).to.deep.equal([]);
    expect(await send(on, { method: 'BYE' }, id).catch((error: unknown) => error)).to.be.instanceOf(Error);
  });

  for (const [what, line] of [
    ['a Contact', 'Contact: <sip:a phone@192.0.2.9>'],
    ['a Contact of nothing but spaces', 'Contact: < \t >'],
    ['a Record-Route', 'Record-Route: <sip:a proxy@192.0.2.8>'],
    ['a loose Record-Route', 'Record-Route: <sip:a proxy@192.0.2.8;lr>'],
  ] as const) {
    it(`whose 2xx has ${what} that no request line can have: ACK and BYE leave without it`, async () => {
      const errors: unknown[] = [];
      const on = await stage({ onError: (error) => void errors.push(error) });
      const { id } = await calling(on, [line]);
      expect(await on.engine.ack(id, { headers: [] })).not.to.be.undefined;
      await send(on, { method: 'BYE' }, id);
      expect(on.net.takeShort()).to.deep.equal(['ACK', 'BYE']);
      expect(errors).to.deep.equal([]);
    });
  }

  it('take requests of the peer, and end with his BYE', async () => {
    const on = await stage();
    const { id, invite } = await calling(on);
    await on.engine.ack(id, { headers: [] });
    on.net.take();
    const tag = /tag=(\w+)/.exec(invite.header('From')!)![1]!;
    on.net.receive(requestText({ method: 'BYE', callId: invite.header('Call-ID')!, fromTag: 'remote', toTag: tag }));
    expect(on.requests[0]?.dialogId).to.equal(id);
    on.requests[0]?.respond({ status: 200, headers: [] });
    expect(on.net.takeShort()).to.deep.equal(['200 BYE']);
  });

  it('end with our BYE, whatever its answer', async () => {
    const on = await stage();
    const { id } = await calling(on);
    await on.engine.ack(id, { headers: [] });
    const { statuses } = await send(on, { method: 'BYE' }, id);
    const bye = on.net.take().at(-1)!;
    expect(bye.header('CSeq')).to.equal('2 BYE');
    on.net.receive(responseText(bye, 481));
    expect(statuses).to.deep.equal([481]);
    expect(on.told).to.deep.equal([]);
    expect(await send(on, { method: 'BYE' }, id).catch((error: unknown) => error)).to.be.instanceOf(Error);
  });

  for (const status of [408, 481]) {
    it(`are ended by the engine after a ${status} within them (§12.2.1.2)`, async () => {
      const on = await stage();
      const { id } = await calling(on);
      await on.engine.ack(id, { headers: [] });
      on.net.take();
      const { statuses } = await send(on, { method: 'MESSAGE' }, id);
      on.net.receive(responseText(on.net.take()[0]!, status));
      await on.clock.advance(0);
      expect(statuses).to.deep.equal([status]);
      expect(on.net.takeShort()).to.deep.equal(['BYE']);
      expect(on.told).to.deep.equal([`own BYE in ${id}`]);
    });
  }

  it('refused: ACK by the engine, nothing left', async () => {
    const on = await stage();
    const { statuses } = await send(on, { method: 'INVITE' });
    const [invite] = on.net.take();
    on.net.receive(responseText(invite!, 180));
    on.net.receive(responseText(invite!, 486));
    const [ack] = on.net.take();
    expect(ack?.method).to.equal('ACK');
    expect(ack?.header('Via')).to.equal(invite?.header('Via'));
    expect(toTagOf(ack!)).to.equal('remote');
    expect(statuses).to.deep.equal([180, 486]);
  });

  it('are ended by the session timer, for the peer does not refresh (RFC 4028)', async () => {
    const on = await stage();
    const { id } = await calling(on, ['Contact: <sip:phone@192.0.2.9>', 'Session-Expires: 90;refresher=uas']);
    await on.engine.ack(id, { headers: [] });
    await on.clock.advance(60_000);
    expect(on.told).to.deep.equal([`own BYE in ${id}`]);
  });
});
