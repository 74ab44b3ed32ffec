/** Deliveries on a clock that stands still until the spec moves it; the sockets are real. */
import type { Notify, NotifyDeps } from '../../lib/notify/notify.js';
import type { Store } from '../../lib/store/store.js';
import { FakeClock } from '../support/fake-clock.js';
import {
  bot,
  chatMessage,
  notifyOver,
  startPlatform,
  subscriptionRequest,
  tellOf,
  until,
  volatileStore,
  type Platform,
} from './harness.js';

const backoff = { baseMs: 1_000, factor: 2, maxMs: 900_000, jitter: 0 };

export class Scene {
  readonly clock = new FakeClock();
  readonly store: Store = volatileStore(this.clock);
  readonly platform: Platform;
  private running: Notify | undefined;

  private constructor(platform: Platform) {
    this.platform = platform;
  }

  static async open(): Promise<Scene> {
    return new Scene(await startPlatform());
  }

  get notify(): Notify {
    if (!this.running) throw new Error('not begun');
    return this.running;
  }

  async begin(more: Partial<NotifyDeps> = {}): Promise<void> {
    this.running = await notifyOver(this.store, {
      clock: this.clock,
      ...more,
      options: { backoff, ...more.options },
    });
    this.running.start();
  }

  subscribe(name = 'a', path = ''): ReturnType<Notify['subscriptions']['create']> {
    return this.notify.subscriptions.create(bot(name), 'chat', subscriptionRequest(this.platform.url + path));
  }

  async toUsers(count: number, text = 'x'): Promise<void> {
    for (let user = 0; user < count; user++) {
      await tellOf(this.notify, this.store, chatMessage(text, { senderAddress: `tel:+1555010${user}` }));
    }
  }

  drained(): Promise<void> {
    return until(async () => (await this.store.depth('notify')) === 0);
  }

  /** All lanes are given back, and wait. */
  resting(): Promise<void> {
    return until(async () => ((await this.store.nextDueMs('notify')) ?? 0) > this.clock.now());
  }

  async close(): Promise<void> {
    await this.platform.close(); // what hangs fails
    await this.running?.stop();
    await this.store.close();
  }
}
