/** What one platform, bot or user may take up: each limit is an answer, and a number in the metrics. */
import { expect } from 'chai';
import { until } from '../../notify/harness.js';
import { adminClient } from '../../support/admin-client.js';
import { linkReportContentType } from '../../../lib/wire/rcs/link-report.js';
import { privacyContentType } from '../../../lib/wire/rcs/privacy.js';
import { spamReportContentType } from '../../../lib/wire/rcs/spam-report.js';
import { refusalOf, subscribe as subscribeTo } from '../messages/documents.js';
import { icsiSession, RawPhone } from '../raw-phone.js';
import { bot, contact, otherBot, otherKey, startWorld, type World } from '../world.js';
import { SimulatedPlatform } from '../../../lib/sim/platform.js';

const second = 'sip:second@botplatform.example.net';
const patient = { chat: { backoff: { baseMs: 3_600_000, factor: 1, maxMs: 3_600_000, jitter: 0 } } };

describe('limits of a platform [IWF-1723]', () => {
  let world: World;

  afterEach(() => world.stop());

  const subscribe = (of = bot, by = world.platform): ReturnType<SimulatedPlatform['request']> =>
    by.request('POST', `/chat/v1/${encodeURIComponent(of)}/subscriptions`, {
      chatNotificationSubscription: { callbackReference: { notifyURL: world.platform.notifyURL } },
    });
  const channel = (of = bot): ReturnType<SimulatedPlatform['request']> =>
    world.platform.request('POST', `/notificationchannel/v1/${encodeURIComponent(of)}/channels`, {
      notificationChannel: { channelType: 'LongPolling' },
    });
  const reached = async (limit: string): Promise<number> => {
    const { body } = await adminClient(() => world.gateway.ports.admin).ask('GET', '/metrics');
    const line = new RegExp(`^iwf_limit_reached_total\\{limit="${limit}"\\} (\\d+)$`, 'm').exec(String(body));
    return Number(line?.[1] ?? 0);
  };
  const statuses = (answers: readonly { readonly status: number }[]): readonly number[] =>
    answers.map(({ status }) => status);

  it('subscriptions of a bot and of a platform, its own before those of all', async () => {
    world = await startWorld({
      subscribe: false,
      config: { limits: { subscriptionsPerBot: 1, subscriptionsPerPlatform: 100 } },
      platform: {
        chatbots: [{ uri: bot }, { uri: second }],
        limits: { subscriptionsPerBot: 2, subscriptionsPerPlatform: 3 },
      },
    });
    expect(statuses([await subscribe(), await subscribe(), await subscribe()])).to.deep.equal([201, 201, 403]);
    expect(statuses([await subscribe(second), await subscribe(second)])).to.deep.equal([201, 403]);
    const other = new SimulatedPlatform({ serverRoot: world.serverRoot, key: otherKey, bot: otherBot });
    expect(statuses([await subscribe(otherBot, other), await subscribe(otherBot, other)])).to.deep.equal([201, 403]);
    expect(await reached('limits.subscriptionsPerBot')).to.equal(2);
    expect(await reached('limits.subscriptionsPerPlatform')).to.equal(1);
  });

  it('channels of a platform', async () => {
    world = await startWorld({
      subscribe: false,
      platform: { chatbots: [{ uri: bot }, { uri: second }], limits: { channelsPerPlatform: 2 } },
    });
    const refused = [await channel(), await channel(second), await channel()];
    expect(statuses(refused)).to.deep.equal([201, 201, 403]);
    expect(refused[2]?.body).to.have.nested.property('requestError.policyException.messageId', 'POL0001');
    expect(await reached('limits.channelsPerPlatform')).to.equal(1);
  });

  it('what waits of one bot: 503 to the bot, 480 to the network, and another bot is free', async () => {
    world = await startWorld({ config: patient, platform: { limits: { queuedPerBot: 3 } } });
    const { phone, platform } = world;
    phone.refuseWith = 480;
    for (const text of ['1', '2', '3']) expect((await platform.send(contact, { text })).status).to.equal(201);
    const refused = await platform.send(contact, { text: 'too many' });
    expect(refused.status).to.equal(503);
    expect(refused.body).to.have.nested.property('requestError.serviceException.messageId', 'SVC1000');
    const why = (error: unknown): string => String(error);
    expect(await phone.sendPager(bot, 'not now').catch(why)).to.include('480');
    expect(await phone.send(bot, 'not now').catch(why)).to.include('480');
    expect(await reached('limits.queuedPerBot')).to.be.at.least(3);
    const other = new SimulatedPlatform({ serverRoot: world.serverRoot, key: otherKey, bot: otherBot });
    expect((await other.send(contact, { text: 'another bot is free' })).status).to.equal(201);
  });

  it('messages of users to one bot a second: 480 to them, and another bot is free; receipts are not counted', async () => {
    world = await startWorld({
      config: { limits: { messagesPerS: 1000 } },
      platform: { chatbots: [{ uri: bot }, { uri: second }], limits: { messagesPerS: 1 } },
    });
    const { phone, platform } = world;
    await subscribe(second);
    const sent = await Promise.all(
      Array.from({ length: 8 }, (_, n) => refusalOf(phone.sendPager(bot, `message ${n}`).then(() => undefined))),
    );
    const taken = sent.filter((status) => status === undefined);
    expect(taken.length).to.be.within(1, 4);
    expect(sent.filter((status) => status === 480)).to.have.length(8 - taken.length);
    expect(await reached('limits.messagesPerS')).to.equal(8 - taken.length);
    await phone.sendPager(second, 'to another');
    await platform.send(contact, { text: 'how are you?', reportRequest: ['Delivered', 'Displayed'] });
    await phone.until(() => phone.inbox.length === 1);
    for (const status of ['delivered', 'displayed'] as const)
      await phone.sendReceipt(bot, phone.inbox[0]?.messageId ?? '', status);
    for (const status of ['Delivered', 'Displayed']) await platform.waitFor(({ body }) => body['status'] === status);
  });

  it('what waits for the callbacks of one user: 480 to him, and to nobody else', async () => {
    world = await startWorld({
      platform: { limits: { laneLength: 2 } },
      config: { notify: { backoff: { baseMs: 3_600_000, factor: 1, maxMs: 3_600_000, jitter: 0 } } },
    });
    const { phone, platform } = world;
    platform.answer = () => 503;
    await phone.sendPager(bot, 'one');
    await phone.sendPager(bot, 'two');
    expect(await phone.sendPager(bot, 'three').catch((error: unknown) => String(error))).to.include('480');
    expect(await reached('limits.laneLength')).to.equal(1);
    expect((await platform.send(contact, { text: 'the bot may still write' })).status).to.equal(201);
    await phone.until(() => phone.inbox.length === 1);
  });

  it('documents of a user wait no longer than his messages do: 480 to him; and what OPTIONS says is not told', async () => {
    world = await startWorld({
      platform: { limits: { laneLength: 2 } },
      config: { notify: { backoff: { baseMs: 3_600_000, factor: 1, maxMs: 3_600_000, jitter: 0 } } },
    });
    const { phone, platform } = world;
    for (const api of ['spamreport', 'aliasmgmt', 'capabilitydiscovery'] as const) await subscribeTo(world, api);
    platform.answer = () => 503;
    const statusesOf = async (type: string, text: (id: string) => string): Promise<unknown> => {
      const told: unknown[] = [];
      for (const id of ['1', '2', '3']) told.push(await refusalOf(phone.sendDocument(bot, type, text(id))));
      return told;
    };
    const refused = [undefined, undefined, 480];
    expect(
      await statusesOf(
        spamReportContentType,
        (id) => `<SR><Chatbot>${bot}</Chatbot><Message-ID>${id}</Message-ID></SR>`,
      ),
    ).to.deep.equal(refused);
    expect(
      await statusesOf(
        privacyContentType,
        (id) => `<AM><Command-ID>${id}</Command-ID><action>FetchSettings</action></AM>`,
      ),
    ).to.deep.equal(refused);
    // Of the number 9: the lane is that of whom it speaks.
    expect(
      await statusesOf(linkReportContentType, (id) => `<L id="${id}"><user>tel:+15550100009</user></L>`),
    ).to.deep.equal(refused);
    expect(await reached('limits.laneLength')).to.equal(3);
    const raw = await RawPhone.of(world);
    let at = 0;
    await until(async () => {
      const tag = at++ % 2 === 0 ? '' : ';+g.gsma.rcs.msgrevoke';
      const lines = [`Contact: <sip:x@127.0.0.1>;${icsiSession}${tag}`];
      expect((await raw.ask('OPTIONS', { lines })).status).to.equal(200);
      return (await reached('limits.laneLength')) > 3;
    });
    raw.close();
  });

  it('room comes back with what is delivered', async () => {
    world = await startWorld({
      config: { chat: { backoff: { baseMs: 30, factor: 1, maxMs: 30, jitter: 0 } } },
      platform: { limits: { queuedPerBot: 1 } },
    });
    const { phone, platform } = world;
    phone.refuseWith = 480;
    expect((await platform.send(contact, { text: 'first' })).status).to.equal(201);
    expect((await platform.send(contact, { text: 'second' })).status).to.equal(503);
    phone.refuseWith = undefined;
    await phone.until(() => phone.inbox.length === 1);
    await until(async () => (await platform.send(contact, { text: 'third' })).status === 201);
  });

  it('contacts asked for, messages that wait for one user, and sessions of a bot, its own before those of all', async () => {
    world = await startWorld({
      config: { ...patient, limits: { contactsPerHour: 100, laneLength: 100, sessionsPerBot: 100 } },
      platform: { limits: { contactsPerHour: 1, laneLength: 2, sessionsPerBot: 1 } },
    });
    const ask = (user: string): ReturnType<SimulatedPlatform['request']> =>
      world.platform.request(
        'GET',
        `/capabilitydiscovery/v1/${encodeURIComponent(bot)}/contactCapabilities/${encodeURIComponent(user)}`,
      );
    expect((await ask(contact)).status).to.equal(200);
    expect((await ask('tel:+15550100002')).status).to.equal(429);
    expect(await reached('limits.contactsPerHour')).to.equal(1);

    world.phone.refuseInvitesWith = 480;
    expect(statuses([await world.platform.send(contact, { text: '1' })])).to.deep.equal([201]);
    expect(statuses([await world.platform.send(contact, { text: '2' })])).to.deep.equal([201]);
    expect(statuses([await world.platform.send(contact, { text: '3' })])).to.deep.equal([429]);
    expect(await reached('limits.laneLength')).to.equal(1);

    const phone = await RawPhone.of(world);
    await phone.chat({ callId: 'first', user: 'sip:+15550100011@ims.example.net;user=phone' });
    const refused = await phone.invite({ callId: 'second', user: 'sip:+15550100012@ims.example.net;user=phone' });
    expect(refused.status).to.equal(480);
    expect(refused.header('Retry-After')).to.equal('5');
    expect(await reached('limits.sessionsPerBot')).to.equal(1);
    phone.close();
  });
});
