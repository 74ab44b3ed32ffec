import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import type { Notify, NotifyDeps } from '../../lib/notify/notify.js';
import type { Store } from '../../lib/store/store.js';
import { FakeClock } from '../support/fake-clock.js';
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
} from './harness.js';

const backoff = { baseMs: 1_000, factor: 2, maxMs: 900_000, jitter: 0 };

/** On a clock that stands still until the spec moves it; the sockets are real. */
describe('delivery to a platform in trouble', () => {
  let platform: Platform;
  let clock: FakeClock;
  let store: Store;
  let notify: Notify;

  const begin = async (more: Partial<NotifyDeps> = {}): Promise<void> => {
    notify = await notifyOver(store, { clock, ...more, options: { backoff, ...more.options } });
    notify.start();
  };
  const subscribe = (name = 'a', path = ''): ReturnType<Notify['subscriptions']['create']> =>
    notify.subscriptions.create(bot(name), 'chat', subscriptionRequest(platform.url + path));
  const toUsers = async (count: number, text = 'x'): Promise<void> => {
    for (let user = 0; user < count; user++) {
      await tellOf(notify, store, chatMessage(text, { senderAddress: `tel:+1555010${user}` }));
    }
  };
  const drained = (): Promise<void> => until(async () => (await store.depth('notify')) === 0);
  /** All lanes are given back, and wait. */
  const resting = (): Promise<void> => until(async () => ((await store.nextDueMs('notify')) ?? 0) > clock.now());

  beforeEach(async () => {
    platform = await startPlatform();
    clock = new FakeClock();
    store = volatileStore(clock);
  });

  afterEach(async () => {
    await platform.close(); // what hangs fails
    await notify.stop();
    await store.close();
  });

  it('tries after 1, 2, 4 and 8 seconds', async () => {
    await begin();
    await subscribe();
    platform.answer = status(500);
    await toUsers(1);
    let count = 0;
    for (const waitMs of [1_000, 2_000, 4_000, 8_000]) {
      await platform.received(++count);
      await resting();
      expect(await store.nextDueMs('notify')).to.equal(clock.now() + waitMs);
      await clock.advance(waitMs - 1);
      expect(platform.calls).to.have.length(count);
      await clock.advance(1);
    }
    await platform.received(5);
  });

  it('waits as long as Retry-After of a 503 says, within its limit', async () => {
    await begin({ options: { maxRetryAfterMs: 60_000 } });
    await subscribe();
    platform.answer = status(503, { 'retry-after': '30' });
    await toUsers(1);
    await resting();
    expect(await store.nextDueMs('notify')).to.equal(clock.now() + 30_000);
    platform.answer = status(503, { 'retry-after': '86400' });
    await clock.advance(30_000);
    await platform.received(2);
    await resting();
    expect(await store.nextDueMs('notify')).to.equal(clock.now() + 60_000);
  });

  it('takes a hang for a failure when its time is over', async () => {
    await begin();
    await subscribe();
    platform.answer = hang;
    await toUsers(1);
    await platform.received(1);
    await clock.advance(10_000);
    await resting();
    platform.answer = status(204);
    await clock.advance(1_000);
    await drained();
  });

  it('opens the circuit after 20 failures in a row, then tries one each 5 seconds [IWF-1715]', async () => {
    const metrics = countingMetrics();
    await begin({ metrics });
    await subscribe('a', '/dead');
    await subscribe('b');
    platform.answer = (call, response) => status(call.path.endsWith('/dead') ? 503 : 204)(call, response);
    await toUsers(20);
    await platform.received(20);
    await until(() => metrics.counts.get('notify_circuits open') === 1);
    await resting();
    // No lane is tried for its backoff any more, nor for new items.
    await toUsers(5, 'new');
    await clock.advance(4_900);
    expect(platform.calls).to.have.length(20);
    for (const count of [21, 22, 23]) {
      await clock.advance(200);
      await platform.received(count);
      await clock.advance(4_800);
      expect(platform.calls).to.have.length(count);
    }
    // The same server at another URL is none of its affair.
    await tellOf(notify, store, chatMessage('b', { bot: bot('b').uri }));
    await platform.received(24);
    expect(platform.calls[23]?.text).to.equal('b');
  });

  it('delivers all that waits at once when a probe is taken', async () => {
    const metrics = countingMetrics();
    await begin({ metrics, options: { breaker: { failures: 3, probeMs: 5_000 } } });
    await subscribe();
    platform.answer = status(503);
    await toUsers(10);
    await platform.received(3);
    await until(() => metrics.counts.get('notify_circuits open') === 1);
    for (let minutes = 0; minutes < 10; minutes++) await clock.advance(60_000);
    platform.answer = status(204);
    await clock.advance(5_000);
    await until(() => metrics.counts.get('notify_circuits closed') === 1);
    await clock.advance(10);
    await drained();
  });

  for (const [why, answer] of [
    ['the circuit is open', status(503)],
    ['the bot pauses', status(429, { 'retry-after': '900' })],
  ] as const) {
    it(`gives up in time what expires while ${why}`, async () => {
      const dead: string[] = [];
      await begin({
        onDead: ({ reason }) => (dead.push(reason), undefined),
        options: { breaker: { failures: 3, probeMs: 60_000 }, validityMs: 10_000 },
      });
      await subscribe();
      platform.answer = answer;
      await toUsers(10);
      await until(() => platform.calls.length >= 3);
      await resting();
      await clock.advance(9_999);
      expect(dead).to.deep.equal([]);
      await clock.advance(1);
      await drained();
      expect(dead).to.deep.equal(Array.from({ length: 10 }, () => 'expired'));
    });
  }

  it('gives up all of a lane that has expired, and keeps what has not', async () => {
    const dead: string[] = [];
    await begin({
      onDead: ({ about }) => (dead.push(about.messageId ?? ''), undefined),
      options: { breaker: { failures: 1, probeMs: 60_000 }, validityMs: 600_000 },
    });
    await subscribe();
    platform.answer = status(503);
    const expiresAtMs = clock.now() + 5_000;
    const items = ['1', '2', '3'].flatMap((text) => notify.notifications.items(chatMessage(text), { expiresAtMs }));
    await store.commit({ enqueue: [...items, ...notify.notifications.items(chatMessage('4'))] });
    await platform.received(1);
    await resting();
    await clock.advance(5_000);
    await until(async () => (await store.depth('notify')) === 1);
    expect(dead).to.deep.equal(['m-1', 'm-2', 'm-3']);
  });

  it('lets a dead subscription delay no other of the same bot', async () => {
    await begin();
    await subscribe('a', '/dead');
    await subscribe('a');
    platform.answer = (call, response) => (call.path.endsWith('/dead') ? hang : status(204))(call, response);
    await toUsers(30);
    await until(() => platform.calls.filter(({ path }) => path === '/cb').length === 30);
    await until(async () => (await store.depth('notify')) === 30);
  });

  it('lets a bot be called while more bots than there are places hang', async () => {
    await begin({ options: { parallel: { total: 8, perPlatform: 4, perOrigin: 2, perBot: 1 } } });
    for (const name of ['h1', 'h2', 'h3', 'h4']) await subscribe(name, '/hangs');
    await subscribe('free');
    platform.answer = (call, response) => (call.path.endsWith('/hangs') ? hang : status(204))(call, response);
    for (const name of ['h1', 'h2', 'h3', 'h4']) {
      for (const user of ['1', '2', '3']) {
        await tellOf(notify, store, chatMessage('x', { bot: bot(name).uri, senderAddress: `tel:+1555010000${user}` }));
      }
    }
    await tellOf(notify, store, chatMessage('through', { bot: bot('free').uri }));
    await until(() => platform.calls.some(({ text }) => text === 'through'));
  });

  it('keeps the lease of a lane while a slow callback runs', async () => {
    await begin({ options: { leaseMs: 3_000, timeoutMs: 60_000 } });
    await subscribe();
    let open: ServerResponse | undefined;
    platform.answer = (_call, response) => (open = response);
    await toUsers(1);
    await platform.received(1);
    await clock.advance(30_000);
    expect(await store.claim('notify', { lanes: 1, perLane: 1, leaseMs: 1_000 })).to.deep.equal([]);
    open?.writeHead(204).end();
    await drained();
    expect(platform.calls).to.have.length(1);
  });

  it('breaks a callback off whose lease was lost, and leaves the lane to its new owner', async () => {
    const metrics = countingMetrics();
    await begin({ metrics, options: { leaseMs: 3_000, timeoutMs: 60_000 } });
    await subscribe();
    let closed = false;
    platform.answer = (_call, response) => response.on('close', () => (closed = true));
    await toUsers(1);
    await platform.received(1);
    const renew = store.renew.bind(store);
    store.renew = () => Promise.resolve(false);
    await clock.advance(1_000);
    await until(() => closed);
    expect([...metrics.counts.keys()]).to.deep.equal(['notify_subscriptions_created chat']);
    store.renew = renew;
    platform.answer = status(204);
    await clock.advance(3_000);
    await drained();
    expect(new Set(platform.calls.map(({ headers }) => headers['webhook-id'])).size).to.equal(1);
  });

  it('goes on when the store was away for a while', async () => {
    await begin();
    await subscribe();
    const claim = store.claim.bind(store);
    store.claim = () => Promise.reject(new Error('connection lost'));
    await toUsers(1);
    await clock.advance(1_000);
    store.claim = claim;
    await clock.advance(1_000);
    await drained();
  });

  it('sends again, with the same id, what could not be acked', async () => {
    await begin({ options: { leaseMs: 3_000 } });
    await subscribe();
    const ack = store.ack.bind(store);
    store.ack = () => Promise.reject(new Error('disk full'));
    await toUsers(1);
    await platform.received(1);
    await clock.advance(1);
    store.ack = ack;
    await clock.advance(3_000);
    await platform.received(2);
    await drained();
    expect(
      new Set(platform.calls.map(({ headers, body }) => `${String(headers['webhook-id'])} ${body}`)).size,
    ).to.equal(1);
  });

  it('ends an expired subscription at once, with what it had queued', async () => {
    const dead: string[] = [];
    await begin({ onDead: ({ reason }) => (dead.push(reason), undefined) });
    await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(platform.url, { duration: 3 }));
    platform.answer = status(500);
    await toUsers(2);
    await platform.received(2);
    await clock.advance(60_000);
    await drained();
    expect(dead).to.deep.equal(['ended', 'ended']);
    expect(platform.calls.length).to.be.at.most(4);
  });

  it('settles an item that it cannot read', async () => {
    const metrics = countingMetrics();
    await begin({ metrics });
    await store.commit({ enqueue: [{ queue: 'notify', lane: 'l', id: 'i', value: { strange: true } }] });
    await drained();
    expect(metrics.counts.get('notify_dead_letters unreadable')).to.equal(1);
  });

  it('lives on when a hook throws', async () => {
    await begin({
      onDelivered: () => {
        throw new Error('bug');
      },
    });
    await subscribe();
    await toUsers(1);
    await drained();
  });

  it('breaks off what runs longer than the drain time when it stops, and keeps it', async () => {
    await begin({ options: { drainMs: 2_000 } });
    await subscribe();
    platform.answer = hang;
    await toUsers(2);
    await platform.received(2);
    const stopped = notify.stop();
    await clock.advance(2_000);
    await stopped;
    expect(await store.depth('notify')).to.equal(2);
  });
});
