import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { offer, RawPhone } from '../raw-phone.js';
import { startWorld, type World } from '../world.js';

/** Compact names, no blank behind the colon, lists in one line, as the stack of an IMS core prints where octets count. */
describe('an INVITE in the shortest form', () => {
  let world: World;
  let phone: RawPhone;

  beforeEach(async () => {
    world = await startWorld();
    phone = await RawPhone.of(world);
  });
  afterEach(async () => {
    phone.close();
    await world.stop();
  });

  const written = readFileSync('spec/fixtures/sip/valid/compact-lists.sip', 'latin1').replaceAll(/\r?\n/g, '\r\n');
  const send = (text: string): void => {
    const body = offer();
    phone.send(text.replace('l:0', `l:${body.length}`) + body);
  };

  it('is a chat with the bot, its session timer agreed', async () => {
    send(written);
    const answer = await phone.final();
    expect(answer.status).to.equal(200);
    expect(answer.header('Session-Expires')).to.equal('1800;refresher=uac');
    expect(answer.header('From')).to.equal('"Doe, \\"J\\" <x>"<sip:+15550100003@ims.example.net;user=phone>;tag=lists');
    expect(answer.header('Via')).to.equal('SIP/2.0/TCP 127.0.0.1:5999;branch=z9hG4bKlists');
  });

  it('is refused by what the second of its Accept-Contact says', async () => {
    send(written.replace('#=1', '#=2'));
    expect((await phone.final()).status).to.equal(606);
  });
});
