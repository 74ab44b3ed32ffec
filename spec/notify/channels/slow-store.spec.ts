/** Notification channels over a store that is slow, or fails. */
import { expect } from 'chai';
import type { Notify } from '../../../lib/notify/notify.js';
import { channelCallbackUrl } from '../../../lib/resources/urls.js';
import type { Store } from '../../../lib/store/store.js';
import { FakeClock } from '../../support/fake-clock.js';
import { bot, chatMessage, notifyOver, subscriptionRequest, tellOf, until, volatileStore } from '../harness.js';

describe('a notification channel over a store in trouble', () => {
  let clock: FakeClock;
  let store: Store;
  let notify: Notify;
  let id: string;

  beforeEach(async () => {
    clock = new FakeClock();
    store = volatileStore(clock);
    notify = await notifyOver(store, { clock });
    notify.start();
    const { channel } = await notify.channels.create(bot(), { channelType: 'LongPolling', maxWaitTime: 0 });
    id = channel.id;
  });
  afterEach(async () => {
    await notify.stop();
    await store.close();
  });

  const poll = async (): Promise<readonly string[]> => {
    const polled = notify.channels.poll(bot(), id, { signal: new AbortController().signal });
    await clock.advance(0);
    const { bodies = [] } = (await polled) ?? {};
    return bodies.map((body) => (JSON.parse(body) as { chatMessage: { text: string } }).chatMessage.text);
  };

  it('gives what it holds to the newer of two polls, also where the store was slow to answer the older', async () => {
    const url = channelCallbackUrl({ serverRoot: 'https://gw.example', bot: bot().uri }, id);
    await notify.subscriptions.create(bot(), 'chat', subscriptionRequest(url));
    await tellOf(notify, store, chatMessage('once'));
    await until(async () => (await store.depth('notify')) === 0);
    const list = store.list.bind(store);
    const slow: (() => void)[] = [];
    store.list = async (...query) => {
      await new Promise<void>((resolve) => slow.push(resolve));
      return list(...query);
    };
    const older = poll();
    await until(() => slow.length === 1);
    store.list = list;
    const newer = poll();
    slow[0]?.();
    expect([await older, await newer]).to.deep.equal([[], ['once']]);
  });

  it('is there still where the store fails at its end, and ends by the next try', async () => {
    const commit = store.commit.bind(store);
    store.commit = () => Promise.reject(new Error('disk full'));
    const failed: unknown = await notify.channels.remove(bot(), id).catch(String);
    expect(failed).to.equal('Error: disk full');
    store.commit = commit;
    expect(notify.channels.get(bot(), id)).to.include({ remainingS: 3_600 });
    expect(await notify.channels.remove(bot(), id)).to.equal(true);
    expect(notify.channels.get(bot(), id)).to.equal(undefined);
    expect(await store.list('channel')).to.deep.equal([]);
  });
});
