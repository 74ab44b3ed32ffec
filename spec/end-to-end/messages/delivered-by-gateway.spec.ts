/** `platforms[].sendDelivered`: once the platform has a message, the gateway tells the user who asked, exactly once (RFC 5438 §7.2.1.1). */
import { expect } from 'chai';
import { SimulatedPlatform } from '../../../lib/sim/platform.js';
import { until } from '../../notify/harness.js';
import { cpim, RawPhone } from '../raw-phone.js';
import { bot, contact, key, startWorld, type World } from '../world.js';

const on = { sendDelivered: true };
const quick = {
  notify: { backoff: { baseMs: 20, factor: 1, maxMs: 20, jitter: 0 } },
  chat: { backoff: { baseMs: 40, factor: 1, maxMs: 40, jitter: 0 } },
};

describe('delivered, told by the gateway [IWF-227]', () => {
  let world: World;

  afterEach(() => world.stop());

  const statusesOf = (messageId: string): readonly string[] =>
    world.phone.receipts.filter((receipt) => receipt.messageId === messageId).map(({ status }) => status);
  /** What is decided in one lane after it: then nothing more comes of what went before. */
  const settled = async (): Promise<void> => {
    const fence = await world.phone.send(bot, 'fence');
    await world.phone.until(() => statusesOf(fence).length === 1);
  };

  it('goes out when the callback is answered 2xx, and not before', async () => {
    world = await startWorld({ platform: on, config: quick });
    const { phone, platform } = world;
    let failures = 3;
    platform.answer = () => (failures-- > 0 ? 503 : 204);
    const messageId = await phone.send(bot, 'hello');
    await phone.until(() => statusesOf(messageId).length === 1);
    expect(platform.callbacks).to.have.length(1);
    expect(statusesOf(messageId)).to.deep.equal(['delivered']);
  });

  it('is not sent again for the bot’s own Delivered, before or after; Displayed is', async () => {
    world = await startWorld({ platform: on, config: quick });
    const { phone, platform } = world;
    const after = await phone.send(bot, 'after');
    await phone.until(() => statusesOf(after).length === 1);
    expect((await platform.putStatus(contact, after, 'Delivered')).status).to.equal(204);
    platform.answer = () => 503;
    const before = await phone.send(bot, 'before');
    expect((await platform.putStatus(contact, before, 'Delivered')).status).to.equal(204);
    platform.answer = () => 204;
    await phone.until(() => statusesOf(before).length === 1);
    expect((await platform.putStatus(contact, after, 'Displayed')).status).to.equal(204);
    await settled();
    expect(statusesOf(after)).to.deep.equal(['delivered', 'displayed']);
    expect(statusesOf(before)).to.deep.equal(['delivered']);
  });

  it('goes out when a poll is acknowledged by the next one', async () => {
    world = await startWorld({ platform: on, subscribe: false });
    const { phone, platform } = world;
    const made = await platform.request('POST', `/notificationchannel/v1/${encodeURIComponent(bot)}/channels`, {
      notificationChannel: { channelType: 'LongPolling', channelData: { maxWaitTime: 0 } },
    });
    const { callbackURL, channelData } = (
      made.body as { notificationChannel: { callbackURL: string; channelData: { channelURL: string } } }
    ).notificationChannel;
    await platform.request('POST', `/chat/v1/${encodeURIComponent(bot)}/subscriptions`, {
      chatNotificationSubscription: { callbackReference: { notifyURL: callbackURL } },
    });
    const messageId = await phone.send(bot, 'polled');
    const poll = async (): Promise<unknown> => (await platform.request('POST', channelData.channelURL)).body;
    await until(async () => JSON.stringify(await poll()).includes(messageId));
    expect(statusesOf(messageId)).to.deep.equal([]);
    await poll();
    await phone.until(() => statusesOf(messageId).length === 1);
    expect(statusesOf(messageId)).to.deep.equal(['delivered']);
  });

  it('is for who asked alone', async () => {
    world = await startWorld({ platform: on });
    const raw = await RawPhone.of(world);
    const chat = await raw.chat();
    expect(await chat.say(cpim('display alone', { id: 'm1', ask: 'display, negative-delivery' }))).to.equal(200);
    expect(await chat.say(cpim('nothing', { id: 'm2' }))).to.equal(200);
    expect(await chat.say(cpim('delivery', { id: 'm3', ask: 'positive-delivery' }))).to.equal(200);
    const told = (await chat.msrp.request()).body?.toString();
    expect(told).to.include('<message-id>m3</message-id>').and.to.include('<delivered/>');
    raw.close();
  });

  it('survives a stop between the callback and the receipt', async () => {
    world = await startWorld({ platform: on, config: quick });
    const { phone } = world;
    phone.refuseWith = 480;
    const messageId = await phone.sendPager(bot, 'kept');
    await phone.until(() => phone.refused > 0);
    await world.restart();
    phone.refuseWith = undefined;
    await phone.until(() => statusesOf(messageId).length === 1);
    await settled();
    expect(statusesOf(messageId)).to.deep.equal(['delivered']);
  });

  it('is the bot’s own affair where nothing is configured', async () => {
    world = await startWorld();
    const { phone, platform } = world;
    const messageId = await phone.send(bot, 'hello');
    await platform.waitFor(({ body }) => body['messageId'] === messageId);
    await platform.putStatus(contact, messageId, 'Displayed');
    await phone.until(() => statusesOf(messageId).length === 1);
    expect(statusesOf(messageId)).to.deep.equal(['displayed']);
  });

  it('is not followed by failed where a second subscription refuses what the first one has', async () => {
    world = await startWorld({ config: quick });
    const { phone, platform } = world;
    const second = new SimulatedPlatform({ serverRoot: world.serverRoot, key, bot });
    await second.start();
    await second.subscribe();
    const refused = new Set<string>();
    second.answer = ({ body }) => {
      const isTaken = platform.callbacks.some((callback) => callback.body['messageId'] === body['messageId']);
      if (isTaken) refused.add(String(body['messageId']));
      return isTaken ? 400 : 503;
    };
    const messageId = await phone.send(bot, 'taken by one');
    await until(() => refused.has(messageId));
    second.answer = () => 204;
    const fence = await phone.send(bot, 'fence');
    await second.waitFor(({ body }) => body['messageId'] === fence);
    await platform.putStatus(contact, fence, 'Displayed');
    await phone.until(() => statusesOf(fence).length === 1);
    expect(statusesOf(messageId)).to.deep.equal([]);
    await second.stop();
  });
});
