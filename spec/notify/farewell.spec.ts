/** Subscriptions that end other than by their bot's wish say so, where the notice can be read (OMA REST NetAPI Chat, chatSubscriptionCancellationNotification). */
import { expect } from 'chai';
import { join } from 'node:path';
import { systemClock } from '../../lib/clock.js';
import { openStore } from '../../lib/store/open.js';
import { loadSqlite } from '../../lib/store/sqlite/sqlite-file.js';
import { quietLog, temporaryFolder } from '../store/harness.js';
import { bot, chatMessage, notifyOver, platformOfAll, status, subscriptionRequest, tellOf, until } from './harness.js';
import { Scene } from './scene.js';

const notice = 'chatSubscriptionCancellation';

describe('the end of a subscription', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await Scene.open();
  });
  afterEach(() => scene.close());

  const subscribe = (api: 'chat' | 'spamreport' = 'chat', duration = 60): Promise<unknown> =>
    scene.notify.subscriptions.create(bot(), api, subscriptionRequest(scene.platform.url, { duration }));

  it('is told where its duration is over, once [IWF-1728]', async () => {
    await scene.begin();
    await subscribe();
    await scene.clock.advance(59_999);
    expect(scene.platform.calls).to.have.length(0);
    await scene.clock.advance(1);
    await scene.platform.received(1);
    await scene.drained();
    expect(scene.platform.calls).to.have.length(1);
    const [call] = scene.platform.calls;
    expect(call?.body).to.include(notice);
    expect(call?.headers['webhook-id']).to.match(/^[0-9a-f-]{36}$/);
  });

  it('is told again until it is heard, over a restart as well', async () => {
    await scene.begin();
    await subscribe();
    scene.platform.answer = status(503);
    await scene.clock.advance(60_000);
    await scene.platform.received(1);
    await scene.resting();
    await scene.notify.stop();
    scene.platform.answer = status(204);
    await scene.begin();
    await scene.clock.advance(1_000);
    await scene.platform.received(2);
    await scene.drained();
    expect(new Set(scene.platform.calls.map(({ headers }) => headers['webhook-id'])).size).to.equal(1);
  });

  it('is told once where it ended while the gateway was down, however many users were waited for', async () => {
    await scene.begin();
    await subscribe();
    scene.platform.answer = status(503);
    await scene.toUsers(5);
    await scene.platform.received(5);
    await scene.resting();
    await scene.notify.stop();
    const before = scene.platform.calls.length;
    await scene.clock.advance(60_000);
    scene.platform.answer = status(204);
    const ended: string[] = [];
    await scene.begin({ onSubscriptionEnded: (_subscription, reason) => ended.push(reason) });
    await scene.clock.advance(1_000);
    await scene.drained();
    expect(ended).to.deep.equal(['expired']);
    expect(scene.platform.calls.slice(before).map(({ body }) => body.includes(notice))).to.deep.equal([true]);
  });

  it('is told where its platform is suspended, and what was queued for it is given up [IWF-1728]', async () => {
    await scene.begin();
    await subscribe('chat', 0);
    scene.platform.answer = status(503);
    await tellOf(scene.notify, scene.store, chatMessage('too late'));
    await scene.platform.received(1);
    await scene.resting();
    await scene.notify.stop();
    scene.platform.answer = status(204);
    const ended: string[] = [];
    await scene.begin({
      platform: () => ({ ...platformOfAll, suspended: true }),
      onSubscriptionEnded: (_subscription, reason) => ended.push(reason),
    });
    await scene.clock.advance(1_000);
    await scene.drained();
    expect(ended).to.deep.equal(['suspended']);
    expect(scene.platform.calls.slice(1).map(({ body }) => body.includes(notice))).to.deep.equal([true]);
    expect(scene.notify.subscriptions.ofBot(bot().uri, 'chat')).to.deep.equal([]);
  });

  it('is not waited for by the start, however long the store takes; nothing is delivered before it', async () => {
    const folder = await temporaryFolder();
    const path = join(folder.path, 'iwf.db');
    const store = await openStore({ kind: 'sqlite', path, allowVolatile: false, clock: systemClock, log: quietLog });
    const before = await notifyOver(store);
    const names = Array.from({ length: 20 }, (_, at) => `n${at}`);
    const request = subscriptionRequest(scene.platform.url, { duration: 0 });
    for (const name of names) await before.subscriptions.create(bot(name), 'chat', request);
    await before.stop();
    const ended: string[] = [];
    const other = new (await loadSqlite())(path);
    other.exec('BEGIN IMMEDIATE');
    const notify = await notifyOver(store, {
      platform: () => ({ ...platformOfAll, suspended: true }),
      onSubscriptionEnded: (_subscription, reason) => ended.push(reason),
    });
    notify.start();
    expect(ended).to.deep.equal([]);
    expect(scene.platform.calls).to.deep.equal([]);
    other.close();
    await until(() => ended.length === names.length);
    await scene.platform.received(names.length);
    expect(scene.platform.calls.every(({ body }) => body.includes(notice))).to.equal(true);
    await notify.stop();
    await store.close();
    await folder.remove();
  });

  it('is no dead letter where nobody heard it: played again, it would end the subscription made since [IWF-1728]', async () => {
    await scene.begin();
    await subscribe();
    scene.platform.answer = status(400);
    await scene.clock.advance(60_000);
    await scene.platform.received(1);
    await scene.drained();
    expect(scene.notify.deadLetters.count).to.equal(0);
  });

  it('is not told where its URL is gone, nor where its API has no such notice [IWF-1728]', async () => {
    await scene.begin();
    await subscribe('spamreport');
    await scene.clock.advance(60_000);
    await until(async () => (await scene.store.list('subscription')).length === 0);
    expect(await scene.store.depth('notify')).to.equal(0);
    await subscribe('chat', 0);
    scene.platform.answer = status(410);
    await tellOf(scene.notify, scene.store, chatMessage('nobody there'));
    await scene.drained();
    expect(scene.platform.calls).to.have.length(1);
  });
});
