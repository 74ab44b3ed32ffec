import { expect } from 'chai';
import { Handsets } from '../../../scripts/crash/handsets.js';
import { cpim, RawPhone } from '../raw-phone.js';
import { bot, contact, startWorld, type World } from '../world.js';

const never = { baseMs: 3_600_000, factor: 1, maxMs: 3_600_000, jitter: 0 };

describe('a gateway that stops and starts again', () => {
  let world: World;

  afterEach(() => world.stop());

  it('keeps subscriptions, messages that wait, callbacks that wait, and what receipts need [IWF-1706]', async () => {
    const soon = { baseMs: 300, factor: 1, maxMs: 300, jitter: 0 };
    world = await startWorld({ config: { chat: { backoff: never }, notify: { backoff: soon } } });
    const { phone, platform } = world;
    platform.answer = () => 503;
    const inbound = await phone.sendPager(bot, 'nobody takes this yet');
    phone.refuseWith = 480;
    const sent = await platform.send(contact, { text: 'you are away', reportRequest: ['Delivered'] });
    await phone.until(() => phone.refused > 0);
    expect(phone.inbox).to.have.length(0);
    expect(platform.callbacks).to.have.length(0);

    await world.restart();
    platform.answer = () => 204;
    phone.refuseWith = undefined;
    await phone.askCapabilities(bot);
    await phone.until(() => phone.inbox.length === 1);
    expect(sent.location?.endsWith(`/${phone.inbox[0]?.messageId ?? ''}`)).to.equal(true);
    await platform.waitFor(({ body }) => body['messageId'] === inbound);
    await phone.sendReceipt(bot, phone.inbox[0]?.messageId ?? '', 'delivered');
    const told = await platform.waitFor(({ body }) => body['status'] === 'Delivered');
    expect(told.body).to.include({ messageId: phone.inbox[0]?.messageId, callbackData: 'the data' });
    expect((await platform.putStatus(contact, inbound, 'Displayed')).status).to.equal(204);
    await phone.until(() => phone.receipts.length === 1);
  });

  it('knows a user’s message again, and a correlator [IWF-1601]', async () => {
    world = await startWorld();
    const { platform } = world;
    const body = cpim('only once', { id: 'known-again' }).toString();
    const send = async (): Promise<number> => {
      const phone = await RawPhone.of(world);
      const { status } = await phone.ask('MESSAGE', { type: 'message/cpim', body });
      phone.close();
      return status;
    };
    const post = () => platform.send(contact, { text: 'once', clientCorrelator: 'the-same' });
    expect(await send()).to.equal(200);
    const first = await post();
    await platform.waitFor(({ body: { messageId } }) => messageId === 'known-again');
    await world.restart();
    expect(await send()).to.equal(200);
    expect((await post()).location).to.equal(first.location);
    const id = await world.phone.sendPager(bot, 'something else');
    await platform.waitFor(({ body: { messageId } }) => messageId === id);
    expect(platform.callbacks.filter(({ body: { messageId } }) => messageId === 'known-again')).to.have.length(1);
  });

  describe('while it stops [IWF-1705]', () => {
    it('ends its sessions with BYE', async () => {
      world = await startWorld();
      const { phone, platform } = world;
      await platform.send(contact, { text: 'hello' });
      await phone.until(() => phone.inbox.length === 1);
      expect(phone.inSession(bot)).to.equal(true);
      await world.restart();
      expect(phone.inSession(bot)).to.equal(false);
    });

    it('finishes the message that is under way, and refuses new calls with 503', async () => {
      const handsets = new Handsets();
      await handsets.start();
      world = await startWorld({ config: { sip: { nextHop: handsets.nextHop } } });
      const caller = await RawPhone.of(world);
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      let reached = (): void => undefined;
      const isHeld = new Promise<void>((resolve) => (reached = resolve));
      handsets.hold = () => {
        reached();
        return held;
      };
      const { location = '' } = await world.platform.send(contact, { text: 'under way' });
      await isHeld;
      const stopping = world.restart();
      const refused = await caller.invite();
      expect(refused.status).to.equal(503);
      expect(refused.header('Retry-After')).to.match(/^\d+$/);
      handsets.hold = undefined;
      release();
      await stopping;
      expect(handsets.arrivals.filter(({ content }) => content.toString() === 'under way')).to.have.length(1);
      const { body } = await world.platform.request('GET', `${location}/status`);
      expect(body).to.have.nested.property('messageStatusReport.status', 'Sent');
      expect(handsets.requests.some((request) => request.startsWith('BYE'))).to.equal(true);
      caller.close();
      handsets.stop();
    });

    it('leaves a message whose peer never answers in the store, and is gone within its time', async () => {
      const handsets = new Handsets();
      await handsets.start();
      world = await startWorld({ config: { sip: { nextHop: handsets.nextHop }, drain: { timeoutS: 2 } } });
      let reached = (): void => undefined;
      const isHeld = new Promise<void>((resolve) => (reached = resolve));
      handsets.hold = () => {
        reached();
        return new Promise(() => undefined);
      };
      await world.platform.send(contact, { text: 'never answered' });
      await isHeld;
      const startedMs = Date.now();
      const restarted = world.restart();
      await handsets.until(() => handsets.requests.some((request) => request.startsWith('BYE')));
      handsets.hold = undefined;
      await restarted;
      // 2 s, and what a busy machine takes besides; the peer would be waited for for half a minute.
      expect(Date.now() - startedMs).to.be.below(8000);
      await handsets.until(() => handsets.arrivals.length >= 1);
      handsets.stop();
    });
  });
});
