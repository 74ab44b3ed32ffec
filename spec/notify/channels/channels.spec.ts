import { expect } from 'chai';
import type { ChannelSocket } from '../../../lib/notify/channels/channel-feed.js';
import type { Notify, NotifyDeps } from '../../../lib/notify/notify.js';
import { type ChannelOptions, notifyDefaults } from '../../../lib/notify/options.js';
import { ApiError } from '../../../lib/resources/api-error.js';
import type { ChannelRequest } from '../../../lib/resources/channel.js';
import { channelCallbackUrl } from '../../../lib/resources/urls.js';
import type { Store } from '../../../lib/store/store.js';
import { FakeClock } from '../../support/fake-clock.js';
import {
  bot,
  chatMessage,
  countingMetrics,
  notifyOver,
  subscriptionRequest,
  tellOf,
  until,
  volatileStore,
} from '../harness.js';

const polling: ChannelRequest = { channelType: 'LongPolling', maxWaitTime: 0 };

describe('notification channels', () => {
  let clock: FakeClock;
  let store: Store;
  let notify: Notify;
  let metrics: ReturnType<typeof countingMetrics>;

  const begin = async (channels: Partial<ChannelOptions> = {}, more: Partial<NotifyDeps> = {}): Promise<void> => {
    metrics = countingMetrics();
    const options = { channels: { ...notifyDefaults.channels, ...channels } };
    notify = await notifyOver(store, { clock, metrics, options, ...more });
    notify.start();
  };
  const make = async (request: ChannelRequest = polling, owner = bot()): Promise<string> => {
    const { channel } = await notify.channels.create(owner, request);
    return channel.id;
  };
  const subscribe = async (id: string, owner = bot()): Promise<void> => {
    const url = channelCallbackUrl({ serverRoot: 'https://gw.example', bot: bot().uri }, id);
    await notify.subscriptions.create(owner, 'chat', subscriptionRequest(url));
  };
  const tell = (text: string, user = 'tel:+15550100001'): Promise<void> =>
    tellOf(notify, store, chatMessage(text, { senderAddress: user }));
  const textsOf = (bodies: readonly string[]): readonly string[] =>
    bodies.map((body) => (JSON.parse(body) as { chatMessage: { text: string } }).chatMessage.text);
  const poll = async (id: string, signal = new AbortController().signal): Promise<readonly string[]> => {
    // A wait of no time ends with the clock's next step.
    const polled = notify.channels.poll(bot(), id, { signal });
    await clock.advance(0);
    return textsOf((await polled)?.bodies ?? []);
  };
  const handedOver = (): Promise<void> => until(async () => (await store.depth('notify')) === 0);
  const refusalOf = async (work: Promise<unknown>): Promise<string> => {
    const error: unknown = await work.catch((caught: unknown) => caught);
    return error instanceof ApiError ? error.id : String(error);
  };

  beforeEach(() => {
    clock = new FakeClock(1_000_000);
    store = volatileStore(clock);
  });
  afterEach(async () => {
    await notify.stop();
    await store.close();
  });

  it('acknowledges an answer with the next poll, and not one that did not arrive', async () => {
    await begin();
    const id = await make();
    await subscribe(id);
    await tell('one');
    await handedOver();
    const { signal } = new AbortController();
    const lost = await notify.channels.poll(bot(), id, { signal });
    expect(textsOf(lost?.bodies ?? [])).to.deep.equal(['one']);
    lost?.lost();
    expect(await poll(id)).to.deep.equal(['one']);
    expect(await poll(id)).to.deep.equal([]);
    expect(await store.list('channel', 'item|')).to.have.length(0);
  });

  it('takes no more than it may hold: the rest waits in the queue and comes once there is room [notify.channels.maxItemsPerChannel]', async () => {
    await begin({ maxItemsPerChannel: 2 });
    const id = await make();
    await subscribe(id);
    for (const text of ['1', '2', '3', '4']) await tell(text);
    await until(() => metrics.counts.has('limit_reached_total notify.channels.maxItemsPerChannel'));
    expect(await store.list('channel', 'item|')).to.have.length(2);
    expect(await poll(id)).to.deep.equal(['1', '2']);
    expect(await poll(id)).to.deep.equal([]);
    await handedOver();
    expect(await poll(id)).to.deep.equal(['3', '4']);
  });

  it('holds several lanes, each in its order', async () => {
    await begin();
    const id = await make();
    await subscribe(id);
    for (let n = 0; n < 30; n++) await tell(String(n), `tel:+1555010000${n % 3}`);
    await handedOver();
    const texts = (await poll(id)).map(Number);
    expect(texts).to.have.length(30);
    for (const user of [0, 1, 2]) {
      const ofUser = texts.filter((n) => n % 3 === user);
      expect(ofUser).to.deep.equal([...ofUser].sort((a, b) => a - b));
    }
  });

  it('gives up what is too old, and says so', async () => {
    const dead: string[] = [];
    await begin({}, { onDead: ({ reason }) => void dead.push(reason) });
    const id = await make();
    await subscribe(id);
    await tell('old');
    await handedOver();
    notify.channels.close();
    await clock.advance(notifyDefaults.validityMs + 1);
    expect(dead).to.deep.equal([]);
    await notify.stop();
    await begin({}, { onDead: ({ reason }) => void dead.push(reason) });
    expect(await poll(id)).to.deep.equal([]);
    expect(dead).to.deep.equal(['expired']);
  });

  it('ends when it is not used for its life, with the subscriptions that go there and all that it holds', async () => {
    const dead: string[] = [];
    await begin({}, { onDead: ({ reason }) => void dead.push(reason) });
    const id = await make({ ...polling, channelLifetime: 60 });
    await subscribe(id);
    await tell('never fetched');
    await handedOver();
    await clock.advance(59_000);
    expect(notify.channels.get(bot(), id)?.remainingS).to.equal(1);
    expect(await poll(id)).to.deep.equal(['never fetched']);
    await clock.advance(59_000);
    expect(notify.channels.get(bot(), id)).to.include({ remainingS: 1 });
    await clock.advance(10_000);
    await until(async () => (await store.list('channel')).length === 0);
    expect(dead).to.deep.equal(['ended']);
    expect(notify.notifications.wanted(bot().uri, 'chatMessage')).to.equal(false);
  });

  it('is neither shown nor listed from the moment that its life is over', async () => {
    await begin({ sweepMs: 3_600_000 });
    const id = await make({ ...polling, channelLifetime: 60 });
    const listed = (): readonly string[] => notify.channels.list(bot()).map(({ channel }) => channel.id);
    await clock.advance(59_999);
    expect(listed()).to.deep.equal([id]);
    await clock.advance(1);
    expect(notify.channels.get(bot(), id)).to.equal(undefined);
    expect(listed()).to.deep.equal([]);
  });

  it('is made anew by its correlator from the moment that its life is over, and once', async () => {
    await begin({ sweepMs: 60_000 });
    const request = { ...polling, clientCorrelator: 'c', channelLifetime: 10 };
    const make = async (): Promise<string> => {
      const made = await notify.channels.create(bot(), request, { correlator: 'c', fingerprint: 'f' });
      expect(made.remainingS).to.equal(10);
      return made.channel.id;
    };
    const first = await make();
    expect(await make()).to.equal(first);
    await clock.advance(10_000);
    const second = await make();
    expect(second).to.not.equal(first);
    // The sweep ends the first one, and leaves the correlator to the second.
    for (let n = 0; n < 10; n++) {
      await clock.advance(5_000);
      expect(await poll(second)).to.deep.equal([]);
    }
    await until(async () => (await store.list('channel')).length === 1);
    expect(await make()).to.equal(second);
  });

  it('begins its life anew when the gateway does', async () => {
    await begin();
    const id = await make({ ...polling, channelLifetime: 60 });
    await notify.stop();
    await clock.advance(3_600_000);
    await begin();
    expect(notify.channels.get(bot(), id)?.remainingS).to.equal(60);
  });

  it('is of its own bot and platform alone', async () => {
    await begin();
    const id = await make();
    const [sibling, stranger] = [bot('b'), bot('c', 'other')];
    expect(notify.channels.get(sibling, id)).to.equal(undefined);
    expect(await notify.channels.remove(stranger, id)).to.equal(false);
    expect(await notify.channels.setLifetime(sibling, id, 60)).to.equal(undefined);
    expect(await refusalOf(subscribe(id, stranger))).to.equal('SVC0002');
    await subscribe(id, sibling);
  });

  it('is refused beyond the number that a bot may have, also in a burst', async () => {
    await begin({ maxPerBot: 2 });
    const all = await Promise.all([make(), make(), refusalOf(make())]);
    expect(all[2]).to.equal('POL0001');
    await make(polling, bot('b'));
  });

  it('has the limits of the gateway where a client asks for more [notify.channels.maxNotifications] [notify.channels.maxWaitS] [notify.channels.maxLifetimeS]', async () => {
    await begin({ maxNotifications: 5, maxWaitMs: 20_000, maxLifetimeS: 100 });
    const asked = { maxNotifications: 9_000, maxWaitTime: 9_000, channelLifetime: 9_000 };
    const { channel } = await notify.channels.create(bot(), { channelType: 'LongPolling', ...asked });
    expect(channel).to.include({ maxNotifications: 5, maxWaitTime: 20, channelLifetime: 100 });
  });

  it('gives no more octets at once than the limit, and one notification whatever its size [notify.channels.maxBytes]', async () => {
    await begin({ maxBytes: 2_000 });
    const id = await make();
    await subscribe(id);
    for (const size of [5_000, 600, 600, 5_000]) await tell('x'.repeat(size));
    await handedOver();
    const lengths = async (): Promise<readonly number[]> => (await poll(id)).map(({ length }) => length);
    expect(await lengths()).to.deep.equal([5_000]);
    expect(await lengths()).to.deep.equal([600, 600]);
    expect(await lengths()).to.deep.equal([5_000]);
  });

  it('lets every listener go when the gateway stops', async () => {
    await begin();
    const id = await make({ channelType: 'LongPolling', maxWaitTime: 60 });
    const other = await make({ channelType: 'WebSockets' });
    const closed: string[] = [];
    const socket: ChannelSocket = { send: () => undefined, close: (reason) => void closed.push(reason) };
    notify.channels.attach(bot(), other, socket);
    const hanging = notify.channels.poll(bot(), id, { signal: new AbortController().signal });
    notify.channels.close();
    expect((await hanging)?.bodies).to.deep.equal([]);
    expect(closed).to.deep.equal(['closing']);
    expect(notify.channels.attach(bot(), other, socket)).to.equal(undefined);
  });

  it('does not acknowledge a notification twice, nor one it has not sent', async () => {
    const delivered: string[] = [];
    await begin({}, { onDelivered: ({ notificationId }) => void delivered.push(notificationId) });
    const id = await make({ channelType: 'WebSockets' });
    await subscribe(id);
    const sent: string[] = [];
    const socket: ChannelSocket = { send: (text) => void sent.push(text), close: () => undefined };
    const feed = notify.channels.attach(bot(), id, socket);
    await tell('one');
    await until(() => sent.length === 1);
    const [one] = (JSON.parse(sent[0]!) as { notificationList: { notificationId: string }[] }).notificationList;
    const ids = [one!.notificationId, one!.notificationId, 'unknown'];
    await Promise.all([feed?.acknowledge(ids), feed?.acknowledge(ids)]);
    expect(delivered).to.deep.equal([one!.notificationId]);
  });

  it('counts a notification once that is acknowledged over two connections, and holds no more than it may [notify.channels.maxItemsPerChannel]', async () => {
    const delivered: string[] = [];
    await begin(
      { maxItemsPerChannel: 3 },
      { onDelivered: ({ notificationId }) => void delivered.push(notificationId) },
    );
    const id = await make({ channelType: 'WebSockets', maxNotifications: 2 });
    await subscribe(id);
    const sent: string[][] = [[], []];
    const open = (texts: string[]): ReturnType<Notify['channels']['attach']> =>
      notify.channels.attach(bot(), id, { send: (text) => void texts.push(text), close: () => undefined });
    const first = open(sent[0]!);
    for (const text of ['1', '2', '3', '4', '5', '6', '7', '8']) await tell(text);
    await until(() => metrics.counts.has('limit_reached_total notify.channels.maxItemsPerChannel'));
    const second = open(sent[1]!);
    await until(() => sent[1]!.length > 0);
    const ids = sent[1]!.flatMap((text) =>
      (JSON.parse(text) as { notificationList: { notificationId: string }[] }).notificationList.map(
        ({ notificationId }) => notificationId,
      ),
    );
    // What the client said on the one that is being closed crosses what it hears on the other.
    await Promise.all([first?.acknowledge(ids), second?.acknowledge(ids)]);
    await clock.advance(10_000);
    await until(async () => (await store.list('channel', 'item|')).length >= 3);
    await clock.advance(60_000);
    expect(await store.list('channel', 'item|')).to.have.length(3);
    expect(delivered).to.deep.equal(ids);
  });
});
