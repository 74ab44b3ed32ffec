/** A subscription that nobody answers for, beside one that somebody does (design §1: a dead one delays no other). */
import { expect } from 'chai';
import { defaultPlatformLimits } from '../../../lib/notify/options.js';
import type { Notify } from '../../../lib/notify/notify.js';
import type { Store } from '../../../lib/store/store.js';
import {
  bot,
  chatMessage,
  countingMetrics,
  notifyOver,
  type Platform,
  startPlatform,
  status,
  subscriptionRequest,
  tellOf,
  until,
  volatileStore,
} from '../harness.js';

const bounds = { ...defaultPlatformLimits, queuedPerBot: 20, laneLength: 5 };
const limits = { ofPlatform: () => bounds, ofBot: () => bounds };
/** It opens with the first failure, and is not tried again in the time of a spec. */
const options = { breaker: { failures: 1, probeMs: 3_600_000 }, leaseMs: 60 };

describe('a subscription that nobody answers for', () => {
  let [alive, dead]: Platform[] = [];
  let store: Store;
  let notify: Notify;
  let metrics: ReturnType<typeof countingMetrics>;
  beforeEach(async () => {
    [alive, dead] = [await startPlatform(), await startPlatform()];
    dead.answer = status(500);
    store = volatileStore();
    metrics = countingMetrics();
    notify = await notifyOver(store, { options, limits, metrics });
    await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(dead.url));
  });
  afterEach(async () => {
    await notify.stop();
    await store.close();
    await Promise.all([alive?.close(), dead?.close()]);
  });

  const user = (at: number): string => `tel:+1555010${String(at).padStart(4, '0')}`;
  const tell = (at: number, senderAddress: string): Promise<void> =>
    tellOf(notify, store, chatMessage(String(at), { senderAddress }));

  it("keeps its share of the bot's room, and the other one is told of everything [limits.queuedPerBot]", async () => {
    await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(alive!.url));
    notify.start();
    for (let at = 0; at < 60; at++) {
      expect(await notify.notifications.room(bot().uri, user(at)), `before message ${at}`).to.equal('free');
      await tell(at, user(at));
      await alive!.received(at + 1);
      await until(async () => (await store.depth('notify')) <= 11);
    }
    const givenUp = (): number => metrics.counts.get('notify_dead_letters surplus') ?? 0;
    await until(async () => (await store.depth('notify')) + givenUp() === 60);
    expect(givenUp()).to.be.at.least(49);
  });

  it("keeps no user's messages from the other one [limits.laneLength]", async () => {
    await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(alive!.url));
    notify.start();
    for (let at = 0; at < 15; at++) {
      expect(await notify.notifications.room(bot().uri, user(1)), `before message ${at}`).to.equal('free');
      await tell(at, user(1));
      await alive!.received(at + 1);
    }
    await until(async () => (await store.depth('notify')) < 5);
    expect(alive!.calls.map(({ text }) => text)).to.deep.equal(Array.from({ length: 15 }, (_, at) => String(at)));
  });

  it('gives nothing up that nobody else is told of: the network keeps what does not fit', async () => {
    notify.start();
    for (let at = 0; at < 20; at++) await tell(at, user(at));
    expect(await notify.notifications.room(bot().uri, user(20))).to.equal('bot is full');
    await dead!.received(1);
    expect(await store.depth('notify')).to.equal(20);
    // One that comes later has heard of none of them.
    await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(alive!.url));
    await tell(20, user(20));
    await alive!.received(1);
    await until(async () => (await store.depth('notify')) === 20);
    expect(metrics.counts.get('notify_dead_letters surplus')).to.equal(1);
  });
});
