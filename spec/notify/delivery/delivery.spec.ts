import { expect } from 'chai';
import { createHmac } from 'node:crypto';
import type { Notify, NotifyDeps } from '../../../lib/notify/notify.js';
import type { Store } from '../../../lib/store/store.js';
import {
  bot,
  chatMessage,
  countingMetrics,
  hang,
  notifyOver,
  startPlatform,
  status,
  subscriptionRequest,
  tellOf,
  until,
  volatileStore,
  type Platform,
} from '../harness.js';

describe('delivery of notifications', () => {
  let platform: Platform;
  let store: Store;
  let notify: Notify;

  const begin = async (more: Partial<NotifyDeps> = {}): Promise<void> => {
    notify = await notifyOver(store, more);
    notify.start();
  };
  const drained = (): Promise<void> => until(async () => (await store.depth('notify')) === 0);

  beforeEach(async () => {
    platform = await startPlatform();
    store = volatileStore();
  });

  afterEach(async () => {
    await notify.stop();
    await store.close();
    await platform.close();
  });

  it('posts a notification, signed, with its id in header and body', async () => {
    await begin();
    await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(platform.url, { callbackData: 'x' }));
    await tellOf(notify, store, chatMessage('hello'));
    await drained();
    const [call] = platform.calls;
    const { notificationId, callbackData } = JSON.parse(call!.body) as Record<string, string>;
    const id = call!.headers['webhook-id'];
    expect(notificationId)
      .to.equal(id)
      .and.match(/^[0-9a-f-]{36}$/);
    expect(callbackData).to.equal('x');
    expect(call!.headers['content-type']).to.equal('application/json');
    const signed = `${String(id)}.${String(call!.headers['webhook-timestamp'])}.${call!.body}`;
    const signature = createHmac('sha256', 'secret').update(signed).digest('base64');
    expect(call!.headers['webhook-signature']).to.equal(`v1,${signature}`);
  });

  it('repeats the same octets and the same id until it is taken [IWF-1703]', async () => {
    await begin();
    await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(platform.url));
    platform.answer = (call, response) => status(platform.calls.length < 4 ? 503 : 200)(call, response);
    await tellOf(notify, store, chatMessage('again'));
    await drained();
    expect(platform.calls).to.have.length(4);
    expect(new Set(platform.calls.map(({ body }) => body)).size).to.equal(1);
    expect(new Set(platform.calls.map(({ headers }) => headers['webhook-id'])).size).to.equal(1);
  });

  it('keeps the order of a lane, whatever fails [IWF-1703]', async () => {
    await begin();
    await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(platform.url));
    const taken: string[] = [];
    let count = 0;
    platform.answer = (call, response) => {
      const fate = count++ % 7;
      if (fate === 1) {
        status(500)(call, response);
      } else if (fate === 4) {
        response.destroy();
      } else {
        taken.push(call.text ?? '');
        status(204)(call, response);
      }
    };
    const texts = Array.from({ length: 60 }, (_, index) => String(index));
    for (const text of texts) await tellOf(notify, store, chatMessage(text));
    await drained();
    expect(taken).to.deep.equal(texts);
  });

  it('lets a hanging callback of one bot delay no other [IWF-1704]', async () => {
    await begin();
    const [a, b] = [bot('a'), bot('b')];
    await notify.subscriptions.create(a, 'chat', subscriptionRequest(`${platform.url}/hangs`));
    await notify.subscriptions.create(b, 'chat', subscriptionRequest(platform.url));
    platform.answer = (call, response) => (call.path.endsWith('/hangs') ? hang : status(204))(call, response);
    for (let user = 0; user < 2_000; user++) {
      await tellOf(notify, store, chatMessage('hung', { bot: a.uri, senderAddress: `tel:+1555010${user}` }));
    }
    await tellOf(notify, store, chatMessage('free', { bot: b.uri }));
    await until(() => platform.calls.some(({ text }) => text === 'free'));
    expect(platform.calls.filter(({ text }) => text === 'hung').length).to.be.at.most(64);
  });

  it('has one connection at work per lane, and no more than its bounds in all [notify.parallel.perBot]', async () => {
    await begin({ options: { parallel: { total: 8, perPlatform: 8, perOrigin: 8, perBot: 3 } } });
    await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(platform.url));
    const open = new Set<() => void>();
    platform.answer = (_call, response) => void open.add(() => response.writeHead(204).end());
    for (let user = 0; user < 30; user++) {
      await tellOf(notify, store, chatMessage('x', { senderAddress: `tel:+1555010${user}` }));
    }
    let most = 0;
    await until(async () => {
      most = Math.max(most, open.size);
      if (open.size === 3) for (const finish of open) open.delete(finish) && finish();
      return (await store.depth('notify')) === 0;
    });
    expect(most).to.equal(3);
  });

  it('makes an item a dead letter at once on 4xx, tells its owner in the same commit, and goes on [IWF-1714]', async () => {
    const metrics = countingMetrics();
    await begin({
      metrics,
      onDead: (letter) => ({
        put: [{ kind: 'message', key: `dead ${letter.about.messageId ?? ''}`, value: letter.reason }],
      }),
      onDelivered: (letter) => ({ put: [{ kind: 'message', key: `done ${letter.about.messageId ?? ''}`, value: 1 }] }),
    });
    await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(platform.url));
    platform.answer = (call, response) => status(call.text === 'bad' ? 400 : 204)(call, response);
    for (const text of ['bad', 'good']) await tellOf(notify, store, chatMessage(text));
    await drained();
    expect((await store.get('message', 'dead m-bad'))?.value).to.equal('refused');
    expect((await store.get('message', 'done m-good'))?.value).to.equal(1);
    const [letter] = await store.list('audit', 'dead-letter|');
    expect(letter?.value).to.deep.include({ reason: 'refused', status: 400 });
    const [content] = await store.list('audit', 'dead-letter-content|');
    expect(content?.value).to.deep.equal({ body: platform.calls[0]!.body });
    expect(metrics.counts.get('notify_dead_letters refused')).to.equal(1);
  });

  it('ends the subscription on 410 and makes all that it had queued dead letters [IWF-1716]', async () => {
    await begin();
    const { subscription } = await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(platform.url));
    platform.answer = (call, response) => status(410)(call, response);
    const told = [0, 1, 2, 3, 4].flatMap((user) =>
      ['1', '2', '3'].map((text) => chatMessage(text, { senderAddress: `tel:+1555010${user}` })),
    );
    await store.commit({ enqueue: told.flatMap((each) => notify.notifications.items(each)) });
    await drained();
    expect(await notify.subscriptions.get(bot(), 'chat', subscription.id)).to.be.undefined;
    expect(notify.notifications.wanted(bot().uri, 'chatMessage')).to.be.false;
    const letters = await store.list('audit', 'dead-letter|');
    expect(letters).to.have.length(15);
    expect((await store.get('audit', `subscription-end|${subscription.id}`))?.value).to.include({ reason: 'gone' });
  });

  it('drops what a removed subscription had queued', async () => {
    await begin();
    const { subscription } = await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(platform.url));
    platform.answer = status(503);
    for (const text of ['1', '2']) await tellOf(notify, store, chatMessage(text));
    await platform.received(1);
    await notify.subscriptions.remove(bot(), 'chat', subscription.id);
    await drained();
    expect(await store.list('audit')).to.deep.equal([]);
  });

  it('gives an item up when its validity ends, and says so', async () => {
    const dead: string[] = [];
    await begin({ options: { validityMs: 120 }, onDead: ({ reason }) => (dead.push(reason), undefined) });
    await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(platform.url));
    platform.answer = status(500);
    await tellOf(notify, store, chatMessage('late'));
    await drained();
    expect(dead).to.deep.equal(['expired']);
    expect(platform.calls.length).to.be.greaterThan(1);
  });

  it('pauses the whole bot on 429, as long as Retry-After says, and no other bot [IWF-1716]', async () => {
    await begin();
    const [a, b] = [bot('a'), bot('b')];
    for (const each of [a, b]) await notify.subscriptions.create(each, 'chat', subscriptionRequest(platform.url));
    const times: number[] = [];
    platform.answer = (call, response) => {
      if (call.text === 'a') times.push(Date.now());
      status(call.text === 'a' && times.length === 1 ? 429 : 204, { 'retry-after': '1' })(call, response);
    };
    await tellOf(notify, store, chatMessage('a', { bot: a.uri }));
    await platform.received(1);
    for (const user of ['1', '2']) {
      await tellOf(notify, store, chatMessage('a', { bot: a.uri, senderAddress: `tel:+1555010000${user}` }));
    }
    await tellOf(notify, store, chatMessage('b', { bot: b.uri }));
    await platform.received(2);
    expect(platform.calls[1]!.text).to.equal('b');
    await drained();
    expect(times).to.have.length(4);
    expect(times[1]! - times[0]!).to.be.at.least(990);
  });

  it('loses nothing when the worker is started anew over the same store', async () => {
    await begin();
    await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(platform.url));
    platform.answer = status(503);
    const texts = ['1', '2', '3'];
    for (const text of texts) await tellOf(notify, store, chatMessage(text));
    await platform.received(2);
    await notify.stop();
    const before = platform.calls.length;
    platform.answer = status(204);
    await begin();
    await drained();
    expect(platform.calls.slice(before).map(({ text }) => text)).to.deep.equal(texts);
  });

  it('leaves what waits in the store when it stops, and finishes what is under way', async () => {
    await begin({ options: { parallel: { total: 2, perPlatform: 2, perOrigin: 2, perBot: 1 } } });
    await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(platform.url));
    let finish: (() => void) | undefined;
    platform.answer = (_call, response) => (finish = () => response.writeHead(204).end());
    for (let user = 0; user < 3; user++) {
      await tellOf(notify, store, chatMessage('x', { senderAddress: `tel:+1555010${user}` }));
    }
    await platform.received(1);
    const stopped = notify.stop();
    finish?.();
    await stopped;
    expect(platform.calls).to.have.length(1);
    expect(await store.depth('notify')).to.equal(2);
    await until(async () => (await store.nextDueMs('notify')) !== undefined);
  });
});
