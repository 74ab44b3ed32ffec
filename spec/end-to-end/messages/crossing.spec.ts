/** Bot and user invite each other at the same time: both sessions come up, one is spoken in, the other goes. */
import { expect } from 'chai';
import { headerOf } from '../../sip/raw-peer.js';
import { Callee, readMessage } from '../callee.js';
import { cpim, rawContact, type RawChat, RawPhone } from '../raw-phone.js';
import { startWorld, type World } from '../world.js';

/** Characters of a token that sort before and after all that the engine writes. */
const [lower, higher] = ['!their-call', '~their-call'];

describe('INVITEs that cross [IWF-1302]', () => {
  let world: World;
  let callee: Callee;
  let phone: RawPhone;

  beforeEach(async () => {
    callee = await Callee.listen();
    const config = { sip: { nextHop: callee.operator.hop }, chat: { glareSilenceS: 1 } };
    world = await startWorld({ mode: 'session', config });
    phone = await RawPhone.of(world);
  });
  afterEach(async () => {
    phone.close();
    await world.stop();
    await callee.close();
  });

  /** The bot's INVITE rings while the user's is answered. */
  async function cross(callId: string): Promise<{ theirs: RawChat; ours: string }> {
    const usual = callee.operator.answer;
    callee.operator.answer = (text) => (text.startsWith('INVITE ') ? undefined : usual(text));
    await world.platform.send(rawContact, { text: 'from the bot' });
    const ours = await callee.operator.waitFor('INVITE ');
    callee.operator.respond(ours, { statusLine: '180 Ringing' });
    const theirs = await phone.chat({ callId });
    callee.operator.answer = usual;
    return { theirs, ours };
  }

  function pickUp(ours: string): Promise<Awaited<ReturnType<Callee['session']>>> {
    const answer = callee.operator.answer(ours);
    if (answer) callee.operator.respond(ours, answer);
    return callee.session();
  }

  const saw = (start: string): boolean => callee.operator.seen.some((text) => text.startsWith(start));

  it('both are taken up, and neither is cancelled; the lower Call-ID is spoken in, here the bot’s; the other ends in silence', async () => {
    const { theirs, ours } = await cross(higher);
    const peer = await pickUp(ours);
    expect((await readMessage(peer)).body?.toString()).to.include('from the bot');
    expect(await theirs.say(cpim('in mine', { id: 'in-mine' })), 'taken on both').to.equal(200);
    await world.platform.waitFor(({ body }) => body['messageId'] === 'in-mine');
    await world.platform.send(rawContact, { text: 'and again' });
    expect((await readMessage(peer)).body?.toString()).to.include('and again');
    expect(headerOf(await phone.requested('BYE'), 'Call-ID')).to.equal(higher);
    expect(saw('CANCEL')).to.equal(false);
    expect(saw('BYE')).to.equal(false);
  });

  it('where the user’s Call-ID is the lower one his session is spoken in', async () => {
    const { theirs, ours } = await cross(lower);
    const peer = await pickUp(ours);
    await callee.operator.waitFor('ACK ');
    expect((await readMessage(theirs.msrp)).body?.toString()).to.include('from the bot');
    expect(peer.unread, 'nothing on the bot’s own').to.equal(0);
    expect(headerOf(await callee.operator.waitFor('BYE '), 'Call-ID')).to.equal(headerOf(ours, 'Call-ID'));
    expect(saw('CANCEL')).to.equal(false);
  });

  for (const status of [486, 491])
    it(`what waits for the bot’s goes in the user’s where his phone refuses with ${status}`, async () => {
      const { theirs, ours } = await cross(higher);
      callee.operator.respond(ours, { statusLine: `${status} No` });
      expect((await readMessage(theirs.msrp)).body?.toString()).to.include('from the bot');
    });
});
