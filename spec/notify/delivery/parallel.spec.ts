/** How many callbacks are under way at once, and how much is taken from the store for them, whatever waits. */
import { expect } from 'chai';
import type { Parallel } from '../../../lib/notify/options.js';
import type { Notify } from '../../../lib/notify/notify.js';
import type { Store } from '../../../lib/store/store.js';
import {
  bot,
  chatMessage,
  notifyOver,
  volatileStore,
  startPlatform,
  subscriptionRequest,
  tellOf,
  until,
  type Platform,
} from '../harness.js';

const wide: Parallel = { total: 50, perPlatform: 50, perOrigin: 50, perBot: 50 };
const users = 12;

/** Until a count has stood still for many turns of the event loop, far more than a request takes on the loopback. */
async function quiet(count: () => number): Promise<void> {
  let before = count();
  for (let turn = 0; turn < 100; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (count() !== before) turn = 0;
    before = count();
  }
}

describe('callbacks under way', () => {
  let platform: Platform;
  let store: Store;
  let notify: Notify;
  beforeEach(async () => {
    platform = await startPlatform();
    store = volatileStore();
  });
  afterEach(async () => {
    await notify.stop();
    await store.close();
    await platform.close();
  });

  // One bot alone has half of the places that it shares.
  const gates: readonly (readonly [key: string, bounds: Parallel])[] = [
    ['notify.parallel.total', { ...wide, total: 4 }],
    ['notify.parallel.perPlatform', { ...wide, perPlatform: 4 }],
    ['notify.parallel.perOrigin', { ...wide, perOrigin: 4 }],
    ['notify.parallel.perBot', { ...wide, perBot: 2 }],
  ];
  /** The most that were under way at once, where each is answered only once no more come. */
  async function mostAtOnce(parallel: Parallel): Promise<number> {
    notify = await notifyOver(store, { options: { parallel } });
    await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(platform.url));
    const open = new Set<() => void>();
    let most = 0;
    platform.answer = (_call, response) => {
      open.add(() => response.writeHead(204).end());
      most = Math.max(most, open.size);
    };
    for (let user = 0; user < users; user++)
      await tellOf(notify, store, chatMessage('x', { senderAddress: `tel:+155501000${user}` }));
    notify.start();
    await until(async () => {
      await quiet(() => platform.calls.length);
      for (const finish of open) open.delete(finish) && finish();
      return (await store.depth('notify')) === 0;
    });
    expect(platform.calls).to.have.length(users);
    return most;
  }

  for (const [key, parallel] of gates)
    it(`are no more than so many at once [${key}]`, async () => expect(await mostAtOnce(parallel)).to.equal(2));

  it('are as many as there are users to be told of, where nothing bounds them', async () =>
    expect(await mostAtOnce(wide)).to.equal(users));

  it('come from claims of no more items than a lane may give at once [notify.itemsPerLane]', async () => {
    const taken: number[] = [];
    const watched: Store = {
      ...store,
      async claim(queue, terms) {
        const claims = await store.claim(queue, terms);
        taken.push(...claims.map(({ items }) => items.length));
        return claims;
      },
    };
    notify = await notifyOver(watched, { options: { itemsPerLane: 3 } });
    await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(platform.url));
    for (let at = 0; at < 7; at++) await tellOf(notify, watched, chatMessage(String(at)));
    notify.start();
    await platform.received(7);
    expect(Math.max(...taken)).to.equal(3);
    expect(platform.calls.map(({ text }) => text)).to.deep.equal(['0', '1', '2', '3', '4', '5', '6']);
  });
});
