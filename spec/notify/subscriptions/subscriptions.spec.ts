import { expect } from 'chai';
import type { Chatbot } from '../../../lib/iwf/actions.js';
import { ApiError } from '../../../lib/resources/api-error.js';
import {
  defaultPlatformLimits,
  notifyDefaults,
  type NotifyOptions,
  type PlatformLimits,
} from '../../../lib/notify/options.js';
import { Subscriptions } from '../../../lib/notify/subscriptions/subscriptions.js';
import type { Store } from '../../../lib/store/store.js';
import { FakeClock } from '../../support/fake-clock.js';
import { bot, countingMetrics, silent, subscriptionRequest, volatileStore } from '../harness.js';

const url = 'https://bot.example.com/cb';
const once = { correlator: 'c1', fingerprint: 'f1' };

describe('subscriptions', () => {
  let clock: FakeClock;
  let store: Store;
  let subscriptions: Subscriptions;

  const open = (options: Partial<NotifyOptions> = {}, limits: Partial<PlatformLimits> = {}): Subscriptions =>
    new Subscriptions({
      store,
      clock,
      log: silent,
      metrics: countingMetrics(),
      options: { ...notifyDefaults, ...options },
      limitsOf: () => ({ ...defaultPlatformLimits, ...limits }),
      verify: () => Promise.resolve(),
      judge: (_bot: Chatbot, notifyURL: string) =>
        notifyURL === url ? Promise.resolve() : Promise.reject(new ApiError('POL0001', [])),
    });
  const failure = (promise: Promise<unknown>): Promise<ApiError> =>
    promise.then(
      () => expect.fail('no error'),
      (error: unknown) => error as ApiError,
    );

  beforeEach(() => {
    clock = new FakeClock();
    store = volatileStore(clock);
    subscriptions = open();
  });

  afterEach(async () => {
    subscriptions.close();
    await store.close();
  });

  it('are kept, listed per API and found by their own bot alone', async () => {
    const { subscription, created } = await subscriptions.create(bot(), 'chat', subscriptionRequest(url));
    expect(created).to.be.true;
    expect(subscription).to.include({ api: 'chat', bot: bot().uri, platformId: 'p', notifyURL: url });
    expect(await subscriptions.list(bot(), 'chat')).to.deep.equal([subscription]);
    expect(await subscriptions.get(bot(), 'chat', subscription.id)).to.deep.equal(subscription);
    for (const [who, api] of [
      [bot('b'), 'chat'],
      [bot(), 'spamreport'],
    ] as const) {
      expect(await subscriptions.list(who, api)).to.deep.equal([]);
      expect(await subscriptions.get(who, api, subscription.id)).to.be.undefined;
      expect(await subscriptions.prolong(who, api, subscription.id, 1)).to.be.undefined;
      expect(await subscriptions.remove(who, api, subscription.id)).to.be.false;
    }
    expect(subscriptions.ofBot(bot().uri, 'chat')).to.have.length(1);
  });

  it('are there again after a restart', async () => {
    const { subscription } = await subscriptions.create(bot(), 'chat', subscriptionRequest(url, { duration: 60 }));
    const next = open();
    await next.load();
    expect(next.ofBot(bot().uri, 'chat')).to.deep.equal([subscription]);
    next.close();
  });

  it('are not made where the URL is refused', async () => {
    const error = await failure(subscriptions.create(bot(), 'chat', subscriptionRequest('https://other.example/')));
    expect(error.id).to.equal('POL0001');
    expect(await store.list('subscription')).to.deep.equal([]);
  });

  it('end for good when they are removed', async () => {
    const { subscription } = await subscriptions.create(bot(), 'chat', subscriptionRequest(url));
    expect(await subscriptions.remove(bot(), 'chat', subscription.id)).to.be.true;
    expect(await subscriptions.remove(bot(), 'chat', subscription.id)).to.be.false;
    expect(await store.list('subscription')).to.deep.equal([]);
    expect(await subscriptions.endOf(subscription.id)).to.be.undefined;
  });

  it('stop at once when their duration is over, and say so [IWF-1508]', async () => {
    const { subscription } = await subscriptions.create(bot(), 'chat', subscriptionRequest(url, { duration: 7_200 }));
    await clock.advance(7_199_999);
    expect(subscriptions.ofBot(bot().uri, 'chat')).to.have.length(1);
    expect((await subscriptions.get(bot(), 'chat', subscription.id))?.duration).to.equal(1);
    await clock.advance(1);
    expect(subscriptions.ofBot(bot().uri, 'chat')).to.deep.equal([]);
    expect(await subscriptions.get(bot(), 'chat', subscription.id)).to.be.undefined;
    expect(await subscriptions.endOf(subscription.id)).to.equal('expired');
    expect(await store.list('subscription')).to.deep.equal([]);
  });

  it('show what remains of their duration, and are prolonged from now on [IWF-1508]', async () => {
    const { subscription } = await subscriptions.create(bot(), 'chat', subscriptionRequest(url, { duration: 100 }));
    await clock.advance(30_500);
    expect((await subscriptions.list(bot(), 'chat'))[0]?.duration).to.equal(70);
    const longer = await subscriptions.prolong(bot(), 'chat', subscription.id, 500);
    expect(longer).to.include({ duration: 500, expiresAtMs: clock.now() + 500_000 });
    await clock.advance(499_999);
    expect(subscriptions.known(subscription.id)).to.not.be.undefined;
    const forEver = await subscriptions.prolong(bot(), 'chat', subscription.id, 0);
    expect(forEver).to.not.have.any.keys('duration', 'expiresAtMs');
    await clock.advance(3_600_000);
    expect(subscriptions.known(subscription.id)).to.deep.equal(forEver);
  });

  it('are made once for one correlator, also at the same time', async () => {
    const request = subscriptionRequest(url, { clientCorrelator: 'c1' });
    const answers = await Promise.all([1, 2, 3].map(() => subscriptions.create(bot(), 'chat', request, once)));
    expect(new Set(answers.map(({ subscription }) => subscription.id)).size).to.equal(1);
    expect(answers.filter(({ created }) => created)).to.have.length(1);
    const again = await subscriptions.create(bot(), 'chat', request, once);
    expect(again.created).to.be.false;
    expect(again.subscription.clientCorrelator).to.equal('c1');
    expect(await store.list('subscription')).to.have.length(1);
  });

  it('refuse a correlator that stands for another request, of the same bot and collection alone', async () => {
    const request = subscriptionRequest(url);
    await subscriptions.create(bot(), 'chat', request, once);
    const other = { ...once, fingerprint: 'f2' };
    const error = await failure(subscriptions.create(bot(), 'chat', request, other));
    expect([error.id, error.status, error.variables]).to.deep.equal(['SVC0005', 409, ['c1', 'clientCorrelator']]);
    expect((await subscriptions.create(bot('b'), 'chat', request, other)).created).to.be.true;
    expect((await subscriptions.create(bot(), 'spamreport', request, other)).created).to.be.true;
  });

  it('give the correlator of one whose time is over to the next, who keeps it', async () => {
    const make = () => subscriptions.create(bot(), 'chat', subscriptionRequest(url, { duration: 60 }), once);
    const first = await make();
    // The clock was set: what ends it has not run yet.
    clock.step(61_000);
    const second = await make();
    expect(second.created).to.be.true;
    await clock.advance(59_000);
    expect(await make()).to.deep.include({ created: false });
    expect((await make()).subscription.id)
      .to.equal(second.subscription.id)
      .and.not.to.equal(first.subscription.id);
    expect(await subscriptions.endOf(first.subscription.id)).to.equal('expired');
  });

  it('forget a correlator after 24 hours, and with the subscription that it stands for', async () => {
    const request = subscriptionRequest(url);
    const { subscription } = await subscriptions.create(bot(), 'chat', request, once);
    await clock.advance(86_400_001);
    const second = await subscriptions.create(bot(), 'chat', request, once);
    expect(second.created).to.be.true;
    expect(subscriptions.known(subscription.id)).to.not.be.undefined;
    await subscriptions.remove(bot(), 'chat', subscription.id);
    expect((await subscriptions.create(bot(), 'chat', request, once)).created).to.be.false;
    await subscriptions.remove(bot(), 'chat', second.subscription.id);
    expect((await subscriptions.create(bot(), 'chat', request, once)).created).to.be.true;
  });

  it('are so many per bot and no more, also at the same time', async () => {
    subscriptions = open({}, { subscriptionsPerBot: 2 });
    const create = (who: Chatbot): Promise<unknown> => subscriptions.create(who, 'chat', subscriptionRequest(url));
    const made = await Promise.allSettled([1, 2, 3, 4].map(() => create(bot())));
    expect(made.filter(({ status }) => status === 'fulfilled')).to.have.length(2);
    expect((await failure(create(bot()))).id).to.equal('POL0001');
    await create(bot('b'));
  });

  it('are so many of all bots of a platform and no more, also at the same time', async () => {
    subscriptions = open({}, { subscriptionsPerPlatform: 3 });
    const create = (who: Chatbot): Promise<unknown> => subscriptions.create(who, 'chat', subscriptionRequest(url));
    const made = await Promise.allSettled([bot('a'), bot('a'), bot('b'), bot('b')].map(create));
    expect(made.filter(({ status }) => status === 'fulfilled')).to.have.length(3);
    expect((await failure(create(bot('c')))).id).to.equal('POL0001');
    await create(bot('x', 'other'));
    const [first] = subscriptions.ofBot(bot('a').uri, 'chat');
    await subscriptions.remove(bot('a'), 'chat', first!.id);
    await create(bot('c'));
  });

  it('are so many in all and no more', async () => {
    subscriptions = open({ maxSubscriptions: 2 });
    for (const name of ['a', 'b']) await subscriptions.create(bot(name), 'chat', subscriptionRequest(url));
    const error = await failure(subscriptions.create(bot('c'), 'chat', subscriptionRequest(url)));
    expect(error.id).to.equal('POL0001');
  });

  it('that another gateway made or removed are seen', async () => {
    const other = open();
    const { subscription } = await other.create(bot(), 'chat', subscriptionRequest(url));
    expect(subscriptions.known(subscription.id)).to.be.undefined;
    expect(await subscriptions.find(subscription.id)).to.deep.equal(subscription);
    subscriptions = open({ refreshMs: 5_000 });
    await subscriptions.load();
    await other.remove(bot(), 'chat', subscription.id);
    const { subscription: second } = await other.create(bot(), 'chat', subscriptionRequest(url));
    await clock.advance(5_000);
    expect(subscriptions.ofBot(bot().uri, 'chat')).to.deep.equal([second]);
    other.close();
  });

  it('that the store would not end when their time was over end once it does', async () => {
    const request = subscriptionRequest(url, { duration: 60 });
    const { subscription } = await subscriptions.create(bot(), 'chat', request);
    const commit = store.commit.bind(store);
    store.commit = () => Promise.reject(new Error('disk full'));
    await clock.advance(60_000);
    expect(subscriptions.ofBot(bot().uri, 'chat')).to.deep.equal([]);
    store.commit = commit;
    expect(await store.list('subscription')).to.have.length(1);
    await clock.advance(10_000);
    expect(await store.list('subscription')).to.deep.equal([]);
    expect(await subscriptions.endOf(subscription.id)).to.equal('expired');
  });

  it('without a duration are waited for by no timer, nor any after the close', async () => {
    const before = clock.pending;
    await subscriptions.create(bot(), 'chat', subscriptionRequest(url));
    expect(clock.pending).to.equal(before);
    await subscriptions.create(bot(), 'chat', subscriptionRequest(url, { duration: 60 }));
    expect(clock.pending).to.equal(before + 1);
    subscriptions.close();
    await subscriptions.create(bot(), 'chat', subscriptionRequest(url, { duration: 60 }));
    expect(clock.pending).to.equal(before);
  });

  it('are read again after the store has failed to', async () => {
    const other = open();
    subscriptions = open({ refreshMs: 5_000 });
    await subscriptions.load();
    const { subscription } = await other.create(bot(), 'chat', subscriptionRequest(url));
    const list = store.list.bind(store);
    store.list = () => Promise.reject(new Error('disk'));
    await clock.advance(5_000);
    store.list = list;
    expect(subscriptions.ofBot(bot().uri, 'chat')).to.deep.equal([]);
    await clock.advance(5_000);
    expect(subscriptions.ofBot(bot().uri, 'chat')).to.deep.equal([subscription]);
    other.close();
  });
});
