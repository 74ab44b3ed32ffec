import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import {
  bot,
  chatMessage,
  countingMetrics,
  hang,
  silent,
  status,
  subscriptionRequest,
  tellOf,
  until,
} from './harness.js';
import { Scene } from './scene.js';

describe('delivery to a platform in trouble', () => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await Scene.open();
  });
  afterEach(() => scene.close());

  it('tries after 1, 2, 4 and 8 seconds', async () => {
    await scene.begin();
    await scene.subscribe();
    scene.platform.answer = status(500);
    await scene.toUsers(1);
    let count = 0;
    for (const waitMs of [1_000, 2_000, 4_000, 8_000]) {
      await scene.platform.received(++count);
      await scene.resting();
      expect(await scene.store.nextDueMs('notify')).to.equal(scene.clock.now() + waitMs);
      await scene.clock.advance(waitMs - 1);
      expect(scene.platform.calls).to.have.length(count);
      await scene.clock.advance(1);
    }
    await scene.platform.received(5);
  });

  it('waits as long as Retry-After of a 503 says, within its limit [notify.maxRetryAfterS]', async () => {
    await scene.begin({ options: { maxRetryAfterMs: 60_000 } });
    await scene.subscribe();
    scene.platform.answer = status(503, { 'retry-after': '30' });
    await scene.toUsers(1);
    await scene.resting();
    expect(await scene.store.nextDueMs('notify')).to.equal(scene.clock.now() + 30_000);
    scene.platform.answer = status(503, { 'retry-after': '86400' });
    await scene.clock.advance(30_000);
    await scene.platform.received(2);
    await scene.resting();
    expect(await scene.store.nextDueMs('notify')).to.equal(scene.clock.now() + 60_000);
  });

  it('takes a hang for a failure when its time is over', async () => {
    await scene.begin();
    await scene.subscribe();
    scene.platform.answer = hang;
    await scene.toUsers(1);
    await scene.platform.received(1);
    await scene.clock.advance(10_000);
    await scene.resting();
    scene.platform.answer = status(204);
    await scene.clock.advance(1_000);
    await scene.drained();
  });

  it('opens the circuit after 20 failures in a row, then tries one each 5 seconds [IWF-1715]', async () => {
    const metrics = countingMetrics();
    await scene.begin({ metrics });
    await scene.subscribe('a', '/dead');
    await scene.subscribe('b');
    scene.platform.answer = (call, response) => status(call.path.endsWith('/dead') ? 503 : 204)(call, response);
    await scene.toUsers(20);
    await scene.platform.received(20);
    await until(() => metrics.counts.get('notify_circuits open') === 1);
    expect(scene.notify.health.openCircuits).to.equal(1);
    await scene.resting();
    // No lane is tried for its backoff any more, nor for new items.
    await scene.toUsers(5, 'new');
    await scene.clock.advance(4_900);
    expect(scene.platform.calls).to.have.length(20);
    for (const count of [21, 22, 23]) {
      await scene.clock.advance(200);
      await scene.platform.received(count);
      await scene.clock.advance(4_800);
      expect(scene.platform.calls).to.have.length(count);
    }
    // The same server at another URL is none of its affair.
    await tellOf(scene.notify, scene.store, chatMessage('b', { bot: bot('b').uri }));
    await scene.platform.received(24);
    expect(scene.platform.calls[23]?.text).to.equal('b');
  });

  it('delivers all that waits at once when a probe is taken', async () => {
    const metrics = countingMetrics();
    await scene.begin({ metrics, options: { breaker: { failures: 3, probeMs: 5_000 } } });
    await scene.subscribe();
    scene.platform.answer = status(503);
    await scene.toUsers(10);
    await scene.platform.received(3);
    await until(() => metrics.counts.get('notify_circuits open') === 1);
    for (let minutes = 0; minutes < 10; minutes++) await scene.clock.advance(60_000);
    scene.platform.answer = status(204);
    await scene.clock.advance(5_000);
    await until(() => metrics.counts.get('notify_circuits closed') === 1);
    expect(scene.notify.health.openCircuits).to.equal(0);
    await scene.clock.advance(10);
    await scene.drained();
  });

  for (const [why, answer] of [
    ['the circuit is open', status(503)],
    ['the bot pauses', status(429, { 'retry-after': '900' })],
  ] as const) {
    it(`gives up in time what expires while ${why}`, async () => {
      const dead: string[] = [];
      await scene.begin({
        onDead: ({ reason }) => (dead.push(reason), undefined),
        options: { breaker: { failures: 3, probeMs: 60_000 }, validityMs: 10_000 },
      });
      await scene.subscribe();
      scene.platform.answer = answer;
      await scene.toUsers(10);
      await until(() => scene.platform.calls.length >= 3);
      await scene.resting();
      await scene.clock.advance(9_999);
      expect(dead).to.deep.equal([]);
      await scene.clock.advance(1);
      await scene.drained();
      expect(dead).to.deep.equal(Array.from({ length: 10 }, () => 'expired'));
    });
  }

  it('gives up all of a lane that has expired, and keeps what has not', async () => {
    const dead: string[] = [];
    await scene.begin({
      onDead: ({ about }) => (dead.push(about.messageId ?? ''), undefined),
      options: { breaker: { failures: 1, probeMs: 60_000 }, validityMs: 600_000 },
    });
    await scene.subscribe();
    scene.platform.answer = status(503);
    const expiresAtMs = scene.clock.now() + 5_000;
    const items = ['1', '2', '3'].flatMap((text) =>
      scene.notify.notifications.items(chatMessage(text), { expiresAtMs }),
    );
    await scene.store.commit({ enqueue: [...items, ...scene.notify.notifications.items(chatMessage('4'))] });
    await scene.platform.received(1);
    await scene.resting();
    await scene.clock.advance(5_000);
    await until(async () => (await scene.store.depth('notify')) === 1);
    expect(dead).to.deep.equal(['m-1', 'm-2', 'm-3']);
  });

  it('lets a dead subscription delay no other of the same bot', async () => {
    await scene.begin();
    await scene.subscribe('a', '/dead');
    await scene.subscribe('a');
    scene.platform.answer = (call, response) => (call.path.endsWith('/dead') ? hang : status(204))(call, response);
    await scene.toUsers(30);
    await until(() => scene.platform.calls.filter(({ path }) => path === '/cb').length === 30);
    await until(async () => (await scene.store.depth('notify')) === 30);
  });

  it('lets a bot be called while more bots than there are places hang [notify.parallel.total]', async () => {
    await scene.begin({ options: { parallel: { total: 8, perPlatform: 4, perOrigin: 2, perBot: 1 } } });
    for (const name of ['h1', 'h2', 'h3', 'h4']) await scene.subscribe(name, '/hangs');
    await scene.subscribe('free');
    scene.platform.answer = (call, response) => (call.path.endsWith('/hangs') ? hang : status(204))(call, response);
    for (const name of ['h1', 'h2', 'h3', 'h4']) {
      for (const user of ['1', '2', '3']) {
        await tellOf(
          scene.notify,
          scene.store,
          chatMessage('x', { bot: bot(name).uri, senderAddress: `tel:+1555010000${user}` }),
        );
      }
    }
    await tellOf(scene.notify, scene.store, chatMessage('through', { bot: bot('free').uri }));
    await until(() => scene.platform.calls.some(({ text }) => text === 'through'));
  });

  it('keeps the lease of a lane while a slow callback runs', async () => {
    await scene.begin({ options: { leaseMs: 3_000, timeoutMs: 60_000 } });
    await scene.subscribe();
    let open: ServerResponse | undefined;
    scene.platform.answer = (_call, response) => (open = response);
    await scene.toUsers(1);
    await scene.platform.received(1);
    await scene.clock.advance(30_000);
    expect(await scene.store.claim('notify', { lanes: 1, perLane: 1, leaseMs: 1_000 })).to.deep.equal([]);
    open?.writeHead(204).end();
    await scene.drained();
    expect(scene.platform.calls).to.have.length(1);
  });

  it('breaks a callback off whose lease was lost, and leaves the lane to its new owner', async () => {
    const metrics = countingMetrics();
    await scene.begin({ metrics, options: { leaseMs: 3_000, timeoutMs: 60_000 } });
    await scene.subscribe();
    let closed = false;
    scene.platform.answer = (_call, response) => response.on('close', () => (closed = true));
    await scene.toUsers(1);
    await scene.platform.received(1);
    const renew = scene.store.renew.bind(scene.store);
    scene.store.renew = () => Promise.resolve(false);
    await scene.clock.advance(1_000);
    await until(() => closed);
    expect([...metrics.counts.keys()]).to.deep.equal(['notify_subscriptions_created chat']);
    scene.store.renew = renew;
    scene.platform.answer = status(204);
    await scene.clock.advance(3_000);
    await scene.drained();
    expect(new Set(scene.platform.calls.map(({ headers }) => headers['webhook-id'])).size).to.equal(1);
  });

  it('goes on when the store was away for a while', async () => {
    await scene.begin();
    await scene.subscribe();
    const claim = scene.store.claim.bind(scene.store);
    scene.store.claim = () => Promise.reject(new Error('connection lost'));
    await scene.toUsers(1);
    await scene.clock.advance(1_000);
    scene.store.claim = claim;
    await scene.clock.advance(1_000);
    await scene.drained();
  });

  it('sends again, with the same id, what could not be acked, and says so', async () => {
    const warned: string[] = [];
    const log = { ...silent, warn: (event: string) => void warned.push(event) };
    await scene.begin({ log, options: { leaseMs: 3_000 } });
    await scene.subscribe();
    const ack = scene.store.ack.bind(scene.store);
    scene.store.ack = () => Promise.reject(new Error('disk full'));
    await scene.toUsers(1);
    await scene.platform.received(1);
    await scene.clock.advance(1);
    scene.store.ack = ack;
    await scene.clock.advance(3_000);
    await scene.platform.received(2);
    await scene.drained();
    expect(
      new Set(scene.platform.calls.map(({ headers, body }) => `${String(headers['webhook-id'])} ${body}`)).size,
    ).to.equal(1);
    expect(warned).to.deep.equal(['lane of notifications not settled']);
  });

  it('ends an expired subscription at once, with what it had queued', async () => {
    const dead: string[] = [];
    await scene.begin({ onDead: ({ reason }) => (dead.push(reason), undefined) });
    await scene.notify.subscriptions.create(bot(), 'chat', subscriptionRequest(scene.platform.url, { duration: 3 }));
    scene.platform.answer = status(500);
    await scene.toUsers(2);
    await scene.platform.received(2);
    await scene.clock.advance(60_000);
    await until(() => dead.length === 2);
    expect(dead).to.deep.equal(['ended', 'ended']);
    expect(scene.platform.calls.filter(({ text }) => text !== undefined).length).to.be.at.most(4);
    // What is left is the notice of its end.
    scene.platform.answer = status(204);
    await scene.clock.advance(900_000);
    await scene.drained();
    expect(dead).to.have.length(2);
  });

  it('settles an item that it cannot read', async () => {
    const metrics = countingMetrics();
    await scene.begin({ metrics });
    await scene.store.commit({ enqueue: [{ queue: 'notify', lane: 'l', id: 'i', value: { strange: true } }] });
    await scene.drained();
    expect(metrics.counts.get('notify_dead_letters unreadable')).to.equal(1);
  });

  it('lives on when a hook throws, and says so', async () => {
    const errors: string[] = [];
    await scene.begin({
      log: { ...silent, error: (event) => void errors.push(event) },
      onDelivered: () => {
        throw new Error('bug');
      },
    });
    await scene.subscribe();
    await scene.toUsers(1);
    await scene.drained();
    expect(errors).to.deep.equal(['hook of a notification failed']);
  });

  it('breaks off what runs longer than the drain time when it stops, and keeps it', async () => {
    await scene.begin({ options: { drainMs: 2_000 } });
    await scene.subscribe();
    scene.platform.answer = hang;
    await scene.toUsers(2);
    await scene.platform.received(2);
    const stopped = scene.notify.stop();
    await scene.clock.advance(2_000);
    await stopped;
    expect(await scene.store.depth('notify')).to.equal(2);
  });
});
