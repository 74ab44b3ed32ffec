import { expect } from 'chai';
import type { KeptLetter, LetterQuery } from '../../../lib/notify/delivery/dead-letters.js';
import type { Notify, NotifyDeps } from '../../../lib/notify/notify.js';
import { printNotification } from '../../../lib/resources/notification.js';
import type { Subscription, SubscriptionRequest } from '../../../lib/resources/subscription.js';
import type { Store } from '../../../lib/store/store.js';
import { FakeClock } from '../../support/fake-clock.js';
import {
  bot,
  chatMessage,
  countingMetrics,
  notifyOver,
  silent,
  startPlatform,
  status,
  subscriptionRequest,
  tellOf,
  until,
  volatileStore,
  type Platform,
} from '../harness.js';

describe('dead letters', () => {
  let platform: Platform;
  let clock: FakeClock;
  let store: Store;
  let notify: Notify;
  let metrics: ReturnType<typeof countingMetrics>;

  const begin = async (more: Partial<NotifyDeps> = {}): Promise<void> => {
    notify = await notifyOver(store, {
      clock,
      metrics,
      print: (notification, context) => JSON.stringify(printNotification(notification, context)),
      ...more,
      options: { deadLetterTtlMs: 1_000_000, ...more.options },
    });
    notify.start();
  };
  const subscribe = async (more: Partial<SubscriptionRequest> = {}, name = 'a'): Promise<Subscription> =>
    (await notify.subscriptions.create(bot(name), 'chat', subscriptionRequest(platform.url, more))).subscription;
  const drained = (): Promise<void> => until(async () => (await store.depth('notify')) === 0);
  const die = async (text: string, name = 'a'): Promise<void> => {
    platform.answer = status(400);
    await tellOf(notify, store, chatMessage(text, { bot: bot(name).uri }));
    await drained();
  };
  const all = async (query: Partial<LetterQuery> = {}): Promise<readonly KeptLetter[]> =>
    (await notify.deadLetters.list({ fits: () => true, limit: 100, ...query })).letters;
  const only = async (): Promise<KeptLetter> => {
    const [letter, ...more] = await all();
    if (!letter || more.length > 0) throw new Error(`${more.length} too many`);
    return letter;
  };

  beforeEach(async () => {
    platform = await startPlatform();
    clock = new FakeClock();
    store = volatileStore(clock);
    metrics = countingMetrics();
  });

  afterEach(async () => {
    await notify.stop();
    await store.close();
    await platform.close();
  });

  it('are listed as they came, in pages, of one bot where asked', async () => {
    await begin();
    await subscribe();
    await subscribe({}, 'b');
    for (const text of ['1', '2', '3']) {
      await die(text);
      await clock.advance(10);
      await die(`b${text}`, 'b');
      await clock.advance(10);
    }
    const { letters, next } = await notify.deadLetters.list({ fits: () => true, limit: 4 });
    const rest = await all({ after: next });
    expect([...letters, ...rest].map(({ about }) => about.messageId)).to.deep.equal(
      ['1', 'b1', '2', 'b2', '3', 'b3'].map((text) => `m-${text}`),
    );
    const ofB = await all({ fits: (uri) => uri === bot('b').uri });
    expect(ofB.map(({ about }) => about.messageId)).to.deep.equal(['m-b1', 'm-b2', 'm-b3']);
    expect(letters[0]).to.include({ reason: 'refused', status: 400, attempts: 0 });
    expect(JSON.stringify(letters)).not.to.include('"text"');
    expect(notify.deadLetters.count).to.equal(6);
  });

  it('are replayed as they were, under the same id, and are letters no more', async () => {
    await begin();
    const { id } = await subscribe({ callbackData: 'mine' });
    await die('hello');
    const letter = await only();
    platform.answer = status(204);
    expect(await notify.deadLetters.replay(letter.id)).to.deep.equal({ kind: 'replayed', subscriptionId: id });
    await drained();
    const [first, second] = platform.calls;
    expect(second?.body).to.equal(first?.body);
    expect(second?.headers['webhook-id']).to.equal(first?.headers['webhook-id']);
    expect(await all()).to.deep.equal([]);
    expect(await store.list('audit')).to.deep.equal([]);
    expect(notify.deadLetters.count).to.equal(0);
    expect(metrics.counts.get('notify_dead_letters_replayed')).to.equal(1);
    expect(await notify.deadLetters.replay(letter.id)).to.deep.equal({ kind: 'unknown' });
  });

  it('are sent once by two replays at the same time', async () => {
    await begin();
    await subscribe();
    await die('hello');
    const { id } = await only();
    platform.answer = status(204);
    const kinds = await Promise.all([notify.deadLetters.replay(id), notify.deadLetters.replay(id)]);
    expect(kinds.map(({ kind }) => kind).sort()).to.deep.equal(['replayed', 'unknown']);
    await drained();
    expect(platform.calls).to.have.length(2);
  });

  it('have a new validity when they are replayed, and may die again', async () => {
    await begin({ options: { validityMs: 5_000, backoff: { baseMs: 1_000, factor: 1, maxMs: 1_000, jitter: 0 } } });
    await subscribe();
    platform.answer = status(503);
    const expiresAtMs = clock.now() + 500;
    await store.commit({ enqueue: notify.notifications.items(chatMessage('late'), { expiresAtMs }) });
    await platform.received(1);
    await until(async () => ((await store.nextDueMs('notify')) ?? 0) > clock.now());
    await clock.advance(500);
    await drained();
    const { id, reason } = await only();
    expect(reason).to.equal('expired');
    await notify.deadLetters.replay(id);
    await platform.received(2);
    await clock.advance(6_000);
    await drained();
    expect(await only()).to.nested.include({ reason: 'expired', 'about.replayed': true });
  });

  it('of a subscription that is gone go to the one that is named, in its name and form', async () => {
    await begin();
    await subscribe({ callbackData: 'old' });
    platform.answer = status(410);
    await tellOf(notify, store, chatMessage('moved'));
    await drained();
    const letter = await only();
    expect(letter.reason).to.equal('gone');
    expect(await notify.deadLetters.replay(letter.id)).to.deep.equal({ kind: 'astray', subscriptionIds: [] });

    const next = await subscribe({ callbackData: 'new', notificationFormat: 'XML' });
    const other = await subscribe({}, 'b');
    const astray = { kind: 'astray', subscriptionIds: [next.id] };
    expect(await notify.deadLetters.replay(letter.id)).to.deep.equal(astray);
    expect(await notify.deadLetters.replay(letter.id, other.id)).to.deep.equal(astray);
    platform.answer = status(204);
    const before = platform.calls.length;
    expect(await notify.deadLetters.replay(letter.id, next.id)).to.include({ kind: 'replayed' });
    await drained();
    const call = platform.calls[before];
    expect(call?.headers['content-type']).to.equal('application/xml');
    expect(call?.headers['webhook-id']).to.equal(letter.notificationId);
    expect(call?.body)
      .to.include('<callbackData>new</callbackData>')
      .and.to.include(`/subscriptions/${next.id}"`)
      .and.not.to.include(letter.subscriptionId);
  });

  it('are removed by their id', async () => {
    await begin();
    await subscribe();
    await die('hello');
    const { id } = await only();
    expect(await notify.deadLetters.remove(id)).to.include({ id });
    expect(await notify.deadLetters.remove(id)).to.equal(undefined);
    expect(await store.list('audit')).to.deep.equal([]);
    expect(notify.deadLetters.count).to.equal(0);
  });

  it('are counted one by one, whatever is asked of those that are not there', async () => {
    await begin();
    await subscribe();
    for (const text of ['1', '2', '3', '4']) await die(text);
    const [first] = await all();
    await notify.deadLetters.remove(first!.id);
    expect(notify.deadLetters.count).to.equal(3);
    expect(await notify.deadLetters.remove(first!.id)).to.equal(undefined);
    expect(notify.deadLetters.count).to.equal(3);
  });

  it('are in the order in which they came also within a millisecond', async () => {
    await begin();
    await subscribe();
    const texts = Array.from({ length: 12 }, (_, at) => String(at));
    for (const text of texts) await die(text);
    expect((await all()).map(({ about }) => about.messageId)).to.deep.equal(texts.map((text) => `m-${text}`));
  });

  it('are counted again every hour, though the store failed once, and no more after the stop', async () => {
    const warned: string[] = [];
    const log = { ...silent, warn: (event: string) => void warned.push(event) };
    await begin({ log, options: { deadLetterTtlMs: 5_400_000 } });
    await subscribe();
    await die('hello');
    const list = store.list.bind(store);
    store.list = () => Promise.reject(new Error('disk'));
    await clock.advance(3_600_000);
    store.list = list;
    expect(warned).to.include('dead letters not counted');
    expect(notify.deadLetters.count).to.equal(1);
    await clock.advance(3_600_000);
    expect(notify.deadLetters.count).to.equal(0);
    await notify.stop();
    let asked = 0;
    store.list = (...query) => {
      asked++;
      return list(...query);
    };
    await clock.advance(7_200_000);
    expect(asked).to.equal(0);
  });

  it('are forgotten, content and all, at the end of their retention', async () => {
    await begin();
    await subscribe();
    await die('hello');
    await clock.advance(999_000);
    expect(await all()).to.have.length(1);
    await clock.advance(1_001);
    expect(await all()).to.deep.equal([]);
    expect(await store.list('audit')).to.deep.equal([]);
    await clock.advance(3_600_000);
    expect(notify.deadLetters.count).to.equal(0);
  });

  it('beyond their limit are counted and not kept [notify.maxDeadLetters]', async () => {
    await begin({ options: { maxDeadLetters: 2 } });
    await subscribe();
    for (const text of ['1', '2', '3']) await die(text);
    expect((await all()).map(({ about }) => about.messageId)).to.deep.equal(['m-1', 'm-2']);
    expect(metrics.counts.get('limit_reached_total notify.maxDeadLetters')).to.equal(1);
    expect(metrics.counts.get('notify_dead_letters refused')).to.equal(3);
    await notify.stop();
    await begin({ options: { maxDeadLetters: 2 } });
    expect(notify.deadLetters.count).to.equal(2);
  });
});
