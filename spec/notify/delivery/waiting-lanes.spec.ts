/** Lanes that a worker has in hand and cannot run now: what becomes of them while they wait, and when it stops. */
import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import type { Parallel } from '../../../lib/notify/options.js';
import {
  bot,
  chatMessage,
  hang,
  notifyOver,
  status,
  subscriptionRequest,
  tellOf,
  until,
  volatileStore,
} from '../harness.js';
import { Scene } from '../scene.js';

/** One callback of a bot at a time. */
const single: Parallel = { total: 50, perPlatform: 50, perOrigin: 50, perBot: 1 };
const leaseMs = 3_000;

describe('lanes in hand that wait', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await Scene.open();
  });
  afterEach(() => scene.close());

  const textsOf = () => scene.platform.calls.map(({ text }) => text);

  it('keep their lease, and are run once', async () => {
    await scene.begin({ options: { parallel: single, leaseMs, timeoutMs: 60_000 } });
    await scene.subscribe();
    let finish: ServerResponse | undefined;
    scene.platform.answer = (_call, response) => (finish = response);
    await scene.toUsers(1, 'first');
    await scene.platform.received(1);
    scene.platform.answer = status(204);
    await tellOf(scene.notify, scene.store, chatMessage('second', { senderAddress: 'tel:+15550109' }));
    for (let at = 0; at < 4; at++) await scene.clock.advance(leaseMs);
    expect(textsOf()).to.deep.equal(['first']);
    finish?.writeHead(204).end();
    await scene.drained();
    await scene.clock.advance(leaseMs);
    expect(textsOf()).to.deep.equal(['first', 'second']);
  });

  it('for whom there was no room are run as places get free, and not when their lease ends', async () => {
    const options = { parallel: single, maxWaiting: 4, maxWaitingPerBot: 2 };
    await scene.begin({ options });
    await scene.subscribe();
    const startMs = scene.clock.now();
    await scene.toUsers(20);
    await until(async () => {
      await scene.clock.advance(1);
      return (await scene.store.depth('notify')) === 0;
    });
    expect(scene.platform.calls).to.have.length(20);
    expect(scene.clock.now() - startMs).to.be.below(10_000);
  });

  it('are not tried once the circuit of their URL has opened', async () => {
    const breaker = { failures: 1, probeMs: 5_000 };
    await scene.begin({ options: { parallel: single, breaker } });
    await scene.subscribe();
    let fail: ServerResponse | undefined;
    scene.platform.answer = (_call, response) => (fail = response);
    await scene.toUsers(1);
    await scene.platform.received(1);
    await scene.toUsers(5, 'behind');
    await scene.clock.advance(1);
    scene.platform.answer = status(503);
    fail?.writeHead(503).end();
    await until(() => scene.notify.health.openCircuits === 1);
    await scene.clock.advance(4_900);
    expect(scene.platform.calls).to.have.length(1);
  });

  it('are not run by who has lost the lease while he tried the item before', async () => {
    await scene.begin({ options: { leaseMs } });
    await scene.subscribe();
    const ack = scene.store.ack.bind(scene.store);
    let lost = 0;
    scene.store.ack = () => Promise.resolve(++lost === 0);
    // Longer than what is settled waits for the others to be acked with it.
    scene.platform.answer = (call, response) => {
      scene.clock.step(200);
      status(204)(call, response);
    };
    await scene.store.commit({
      enqueue: ['1', '2', '3'].flatMap((text) => scene.notify.notifications.items(chatMessage(text))),
    });
    await until(() => lost === 1);
    scene.store.ack = ack;
    await scene.clock.advance(1);
    expect(textsOf()).to.deep.equal(['1']);
    await scene.clock.advance(leaseMs);
    await scene.drained();
    expect(textsOf()).to.deep.equal(['1', '1', '2', '3']);
  });

  it('leave what was taken before them settled, where they are broken off at the stop', async () => {
    await scene.begin({ options: { drainMs: 2_000 } });
    await scene.subscribe();
    scene.platform.answer = (call, response) => (call.text === 'taken' ? status(204) : hang)(call, response);
    await scene.store.commit({
      enqueue: ['taken', 'hangs'].flatMap((text) => scene.notify.notifications.items(chatMessage(text))),
    });
    await scene.platform.received(2);
    const stopped = Promise.all([scene.notify.stop(), scene.notify.stop()]);
    await scene.clock.advance(2_000);
    await stopped;
    expect(await scene.store.depth('notify')).to.equal(1);
  });

  it('of a subscription that another gateway has made go where it says', async () => {
    const store = volatileStore(scene.clock);
    const ours = await notifyOver(store, { clock: scene.clock });
    const other = await notifyOver(store, { clock: scene.clock });
    await other.subscriptions.create(bot(), 'chat', subscriptionRequest(scene.platform.url));
    ours.start();
    await tellOf(other, store, chatMessage('hello'));
    await scene.platform.received(1);
    expect(textsOf()).to.deep.equal(['hello']);
    await Promise.all([ours.stop(), other.stop()]);
    await store.close();
  });
});
