import { expect } from 'chai';
import type { Notify, NotifyDeps } from '../../lib/notify/notify.js';
import type { Store } from '../../lib/store/store.js';
import { FakeClock } from '../support/fake-clock.js';
import {
  bot,
  chatMessage,
  countingMetrics,
  notifyOver,
  startPlatform,
  status,
  subscriptionRequest,
  tellOf,
  until,
  volatileStore,
  type Platform,
} from './harness.js';

/** On a clock that stands still until the spec moves it; the sockets are real. */
describe('delivery after an outage, or a step of the clock', () => {
  let platform: Platform;
  let clock: FakeClock;
  let store: Store;
  let notify: Notify;

  const begin = async (more: Partial<NotifyDeps> = {}): Promise<void> => {
    const backoff = { baseMs: 1_000, factor: 2, maxMs: 900_000, jitter: 0 };
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

  it('gives up what is late while the circuit is open, and spends no probe on it', async () => {
    const dead: string[] = [];
    const metrics = countingMetrics();
    await begin({
      metrics,
      onDead: ({ reason }) => (dead.push(reason), undefined),
      options: { validityMs: 60_000, leaseMs: 3_000, breaker: { failures: 3, probeMs: 20_000 } },
    });
    await subscribe();
    platform.answer = status(503);
    await toUsers(12);
    await platform.received(3);
    await until(() => metrics.counts.get('notify_circuits open') === 1);
    await resting();
    // All wait for a probe, and the platform stays dead: their end is told in time all the same.
    await clock.advance(59_000);
    const tries = platform.calls.length;
    await toUsers(12, 'new');
    await clock.advance(5_000);
    await until(() => dead.length === 12);
    expect(platform.calls.length - tries).to.be.at.most(1);
    // The next probe finds it well, and all that is not late goes at once.
    platform.answer = status(204);
    await clock.advance(20_000);
    await drained();
    expect(platform.calls.filter(({ text }) => text === 'new')).to.have.length.at.least(12);
  });

  it('goes on trying when the clock is put back, with an open circuit and with a bot that pauses', async () => {
    await begin({ options: { breaker: { failures: 3, probeMs: 5_000 }, leaseMs: 3_000 } });
    await subscribe('a', '/dead');
    await subscribe('b');
    platform.answer = (call, response) =>
      (call.path.endsWith('/dead') ? status(503) : status(429, { 'retry-after': '60' }))(call, response);
    await toUsers(3);
    await tellOf(notify, store, chatMessage('b', { bot: bot('b').uri }));
    await platform.received(4);
    await resting();
    clock.step(-3_600_000);
    platform.answer = status(204);
    await clock.advance(60_000);
    await drained();
  });
});
