import { expect } from 'chai';
import { send, stage, type Stage } from '../stage.js';
import { requestText, responseText, toTagOf } from '../transaction/scripted-transport.js';

const OK = { status: 200, headers: [] } as const;

/** A call of the peer's that we have answered; not yet acknowledged. Returns our tag. */
function answered(on: Stage): string {
  on.net.receive(requestText({ method: 'INVITE', lines: ['Contact: <sip:phone@192.0.2.9>'] }));
  on.requests[0]?.respond(OK);
  return toTagOf(on.net.take()[0]!);
}

describe('The life of a dialog', () => {
  it('its 2xx is repeated no more once the peer has said BYE', async () => {
    const on = await stage();
    const toTag = answered(on);
    await on.clock.advance(500);
    expect(on.net.takeShort()).to.deep.equal(['200 INVITE']);
    on.net.receive(requestText({ method: 'BYE', toTag, cseq: 2 }));
    on.requests[1]?.respond(OK);
    on.net.take();
    await on.clock.advance(64_000);
    expect(on.net.takeShort()).to.deep.equal([]);
    expect(on.told).to.deep.equal([]);
    expect(on.counted).to.not.include('sip_dialogs_lost_total');
  });

  it('an ACK of another number is none of it (§17.1.1.3)', async () => {
    const on = await stage();
    const toTag = answered(on);
    on.net.receive(requestText({ method: 'ACK', toTag, cseq: 2 }));
    expect(on.told).to.deep.equal([]);
    await on.clock.advance(500);
    expect(on.net.takeShort()).to.deep.equal(['200 INVITE']);
    on.net.receive(requestText({ method: 'ACK', toTag, cseq: 1 }));
    expect(on.told).to.deep.equal(['ACK']);
    await on.clock.advance(64_000);
    expect(on.net.takeShort()).to.deep.equal([]);
  });

  it('what makes no offer is not in the way of one (§14.2, RFC 3311 §5.2)', async () => {
    const on = await stage();
    const toTag = answered(on);
    on.net.receive(requestText({ method: 'ACK', toTag }));
    await send(on, { method: 'INVITE' }, 'call;from-tag=peer');
    expect(on.net.takeShort()).to.deep.equal(['INVITE']);
    let cseq = 1;
    const told = (method: string, body: string): number | undefined => {
      const before = on.requests.length;
      const lines = ['Contact: <sip:phone@192.0.2.9>', ...(body === '' ? [] : ['Content-Type: text/plain'])];
      on.net.receive(requestText({ method, toTag, cseq: ++cseq, body, lines }));
      return on.requests.length > before ? undefined : on.net.take()[0]?.status;
    };
    expect(told('MESSAGE', 'hello'), 'MESSAGE').to.equal(undefined);
    expect(told('UPDATE', ''), 'UPDATE without an offer').to.equal(undefined);
    expect(told('UPDATE', 'v=0\r\n'), 'UPDATE with one').to.equal(491);
    expect(told('INVITE', ''), 'INVITE').to.equal(491);
  });

  it('its route set and target are those of the 2xx, whatever a 180 has said (§13.2.2.4)', async () => {
    const on = await stage();
    await send(on, { method: 'INVITE' });
    const [invite] = on.net.take();
    const id = `${invite!.header('Call-ID')!};from-tag=${/tag=(\w+)/.exec(invite!.header('From')!)![1]!}`;
    const first = ['Record-Route: <sip:192.0.2.50;lr>', 'Contact: <sip:first@192.0.2.9>'];
    on.net.receive(responseText(invite!, 180, { toTag: 'one', lines: first }));
    const second = ['Record-Route: <sip:192.0.2.60;lr>, <sip:192.0.2.61;lr>', 'Contact: <sip:second@192.0.2.9>'];
    on.net.receive(responseText(invite!, 200, { toTag: 'two', lines: second }));
    await on.engine.ack(id, { headers: [] });
    const [ack] = on.net.take();
    expect([ack?.method, ack?.uri, ack?.header('To')]).to.deep.equal([
      ...['ACK', 'sip:second@192.0.2.9', '<sip:phone@192.0.2.9>;tag=two'],
    ]);
    expect(ack?.headers('Route').join(', ')).to.equal('<sip:192.0.2.61;lr>, <sip:192.0.2.60;lr>');
  });

  it('without a session timer has no end of its own; one that is lost to it is counted', async () => {
    const on = await stage();
    const toTag = answered(on);
    on.net.receive(requestText({ method: 'ACK', toTag }));
    await on.clock.advance(86_400_000);
    expect([on.net.takeShort(), on.counted.includes('sip_dialogs_lost_total')]).to.deep.equal([[], false]);
    const timed = await stage();
    timed.net.receive(requestText({ method: 'INVITE' }));
    timed.requests[0]?.respond({ status: 200, headers: [['Session-Expires', '90;refresher=uac']] });
    const tag = toTagOf(timed.net.take()[0]!);
    timed.net.receive(requestText({ method: 'ACK', toTag: tag }));
    await timed.clock.advance(60_000);
    expect(timed.net.takeShort()).to.deep.equal(['BYE']);
    expect(timed.counted).to.include('sip_dialogs_lost_total');
  });
});
