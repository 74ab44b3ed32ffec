import { expect } from 'chai';
import { SimulatedPlatform } from '../../../lib/sim/platform.js';
import { bot, key, startWorld, type World } from '../world.js';

/** Below the twenty failures a second that would open the circuit. */
const patient = { backoff: { baseMs: 200, factor: 1, maxMs: 200, jitter: 0 } };
const quick = { notify: { backoff: { baseMs: 30, factor: 1, maxMs: 30, jitter: 0 } } };

describe('callbacks', () => {
  let world: World;

  afterEach(() => world.stop());

  const textsOf = ({ callbacks }: SimulatedPlatform): readonly unknown[] =>
    callbacks
      .filter(({ kind }) => kind === 'chatMessageNotification')
      .map(({ body }) => (body['chatMessage'] as { text?: string } | undefined)?.text);

  it('fail, recover, and lose neither order nor identity [IWF-1703]', async () => {
    world = await startWorld({ config: quick });
    const { phone, platform } = world;
    const tries = new Map<string, Set<string | undefined>>();
    let failures = 5;
    platform.answer = ({ webhookId, body }) => {
      const messageId = String(body['messageId']);
      tries.set(messageId, (tries.get(messageId) ?? new Set()).add(webhookId));
      return failures-- > 0 ? 503 : 204;
    };
    for (const text of ['one', 'two', 'three']) await phone.send(bot, text);
    await platform.waitFor(({ body }) => (body['chatMessage'] as { text?: string } | undefined)?.text === 'three');
    expect(textsOf(platform)).to.deep.equal(['one', 'two', 'three']);
    for (const ids of tries.values()) expect(ids.size).to.equal(1);
    for (const { webhookId, body } of platform.callbacks) expect(body['notificationId']).to.equal(webhookId);
  });

  it('that are dead delay no other subscription [IWF-1704]', async () => {
    world = await startWorld({ config: quick });
    const { phone, platform } = world;
    const dead = new SimulatedPlatform({ serverRoot: world.serverRoot, key, bot });
    await dead.start();
    expect((await dead.subscribe()).status).to.equal(201);
    await dead.stop();
    const hanging = new SimulatedPlatform({ serverRoot: world.serverRoot, key, bot });
    await hanging.start();
    await hanging.subscribe();
    hanging.answer = () => 500;
    for (const text of ['one', 'two', 'three']) await phone.send(bot, text);
    await platform.waitFor(({ body }) => (body['chatMessage'] as { text?: string } | undefined)?.text === 'three');
    expect(textsOf(platform)).to.deep.equal(['one', 'two', 'three']);
    hanging.answer = () => 204;
    await hanging.waitFor(({ body }) => (body['chatMessage'] as { text?: string } | undefined)?.text === 'three');
    expect(textsOf(hanging)).to.deep.equal(['one', 'two', 'three']);
    await hanging.stop();
  });

  it('that are never taken: the user who asked to know is told that his message failed [IWF-221]', async () => {
    world = await startWorld({ config: { notify: { ...patient, validityS: 1 } } });
    const { phone, platform } = world;
    platform.answer = () => 503;
    const messageId = await phone.send(bot, 'nobody will read this');
    await phone.until(() => phone.receipts.length === 1, 8000);
    expect(phone.receipts[0]).to.include({ messageId, status: 'failed' });
  }).timeout(10_000);

  it('of a message that expires (SIP Expires) are not tried longer than it lives [IWF-1343]', async () => {
    world = await startWorld({ config: { notify: patient } });
    const { phone, platform } = world;
    platform.answer = () => 503;
    const messageId = await phone.sendPager(bot, 'read this at once', { expiresS: 1 });
    await phone.until(() => phone.receipts.length === 1, 8000);
    expect(phone.receipts[0]).to.include({ messageId, status: 'failed' });
  }).timeout(10_000);

  it('of a message that is to come now or never (Expires: 0) are tried once', async () => {
    world = await startWorld({ config: quick });
    const { phone, platform } = world;
    const messageId = await phone.sendPager(bot, 'now', { expiresS: 0 });
    await platform.waitFor(({ body }) => body['messageId'] === messageId);
  });

  it('end with the subscription: then the user’s next session is 480', async () => {
    world = await startWorld({ config: quick });
    const { phone, platform } = world;
    await phone.send(bot, 'taken');
    await platform.waitFor(() => platform.callbacks.length === 1);
    const path = `/chat/v1/${encodeURIComponent(bot)}/subscriptions`;
    const { body } = await platform.request('GET', path);
    const { chatSubscriptionList } = body as {
      chatSubscriptionList: { chatNotificationSubscription: readonly { resourceURL: string }[] };
    };
    for (const { resourceURL } of chatSubscriptionList.chatNotificationSubscription) {
      expect((await platform.request('DELETE', resourceURL)).status).to.equal(204);
    }
    const refused = await phone.sendPager(bot, 'not taken').then(
      () => undefined,
      (error: unknown) => String(error),
    );
    expect(refused).to.include('480');
  });
});
