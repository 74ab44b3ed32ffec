/** Receipts that belong to nothing, over real sockets: acknowledged, counted, dropped. */
import { expect } from 'chai';
import { cpim, imdn, RawPhone } from '../raw-phone.js';
import { startWorld, type World } from '../world.js';

describe('a receipt for a message that is not known', () => {
  let world: World;
  let phone: RawPhone;

  before(async () => {
    world = await startWorld();
    phone = await RawPhone.of(world);
  });
  after(async () => {
    phone.close();
    await world.stop();
  });

  const counted = async (): Promise<Readonly<Record<string, number>>> => {
    const metrics = await (await fetch(`http://127.0.0.1:${world.gateway.ports.admin}/metrics`)).text();
    const lines = metrics.matchAll(
      /^iwf_receipts_total\{direction="inbound",status="(\w+)",result="unknown"\} (\d+)/gm,
    );
    return Object.fromEntries([...lines].map(([, status = '', count]) => [status, Number(count)]));
  };

  it('is answered 200 by MESSAGE and in a session, counted, and told to nobody [IWF-217]', async () => {
    const body = imdn('never-sent', 'delivered').toString();
    expect((await phone.ask('MESSAGE', { type: 'message/cpim', body })).status).to.equal(200);
    const chat = await phone.chat();
    expect(await chat.say(imdn('never-sent', 'displayed'))).to.equal(200);
    expect(await counted()).to.deep.equal({ delivered: 1, displayed: 1 });
    expect(await chat.say(cpim('after', { id: 'after-unknown' }))).to.equal(200);
    await world.platform.waitFor(({ body: { messageId } }) => messageId === 'after-unknown');
    expect(world.platform.callbacks).to.have.length(1);
  });
});
