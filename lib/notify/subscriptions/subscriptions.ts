/** Subscriptions: made, prolonged and ended durably, the live ones kept in memory (OMA REST NetAPI Chat §6.1, §6.2). */
import type { Clock, Timer } from '../../clock.js';
import type { Chatbot, Idempotency, SubscriptionActions } from '../../iwf/actions.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import type { Subscription, SubscriptionApi, SubscriptionRequest } from '../../resources/subscription.js';
import type { Enqueue, Store } from '../../store/store.js';
import { createLiveSubscriptions, isExpired, lasting } from './live-subscriptions.js';
import type { NotifyOptions } from '../options.js';
import { type Created, type CreationRules, SubscriptionCreation } from './subscription-creation.js';
import * as record from './subscription-record.js';
import type { EndReason, KeptSubscription } from './subscription-record.js';

export interface SubscriptionsDeps extends CreationRules {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly options: Pick<NotifyOptions, 'maxSubscriptions' | 'correlatorTtlMs' | 'validityMs' | 'refreshMs'>;
  /** The notice of its end, to be queued with it; none where it cannot be read, or where its API has none. */
  readonly farewell?: ((subscription: Subscription, reason: EndReason) => readonly Enqueue[]) | undefined;
  /** One has ended other than by its bot's wish. */
  readonly onEnded?: ((subscription: Subscription, reason: EndReason) => void) | undefined;
}

/** A timer holds 2^31 - 1 ms at most; an hour also follows a clock that is set. */
const maxTimerMs = 3_600_000;
/** They go into one write to disk; all at once would not leave the store to others. */
const endedTogether = 256;

export class Subscriptions implements SubscriptionActions {
  private readonly live = createLiveSubscriptions();
  private readonly deps: SubscriptionsDeps;
  private readonly creation: SubscriptionCreation;
  private readonly ending = new Map<string, Promise<void>>();
  private expiry: Timer | undefined;
  private refresh: Timer | undefined;
  private closed = false;

  constructor(deps: SubscriptionsDeps) {
    this.deps = deps;
    const { live } = this;
    this.creation = new SubscriptionCreation({
      ...deps,
      live,
      find: (id) => this.find(id),
      keep: (kept) => this.keep(kept),
    });
  }

  /** Reads what the store holds; before the first use, and again by itself where others write to the store, too. */
  async load(): Promise<void> {
    const { store, options, clock } = this.deps;
    const known = new Set(this.live.ids());
    for (const { id, value } of await record.keptSubscriptions.list(store, { limit: options.maxSubscriptions })) {
      known.delete(id);
      this.live.set(value);
    }
    if (!this.creation.isUnderWay) for (const id of known) this.live.delete(id);
    this.watchExpiry();
    if (options.refreshMs > 0 && !this.closed) {
      this.refresh?.close();
      this.refresh = clock.after(options.refreshMs, () => void this.reload());
    }
  }

  private async reload(): Promise<void> {
    try {
      await this.load();
    } catch (error) {
      this.deps.log.warn('subscriptions not read again', { error: String(error) });
      if (!this.closed) this.refresh = this.deps.clock.after(this.deps.options.refreshMs, () => void this.reload());
    }
  }

  create(
    bot: Chatbot,
    api: SubscriptionApi,
    request: SubscriptionRequest,
    idempotency?: Idempotency,
  ): Promise<Created> {
    return this.creation.create({ bot, api, request, idempotency });
  }

  async list(bot: Chatbot, api: SubscriptionApi): Promise<readonly Subscription[]> {
    return Promise.resolve(this.ofBot(bot.uri, api).map((subscription) => this.withRemaining(subscription)));
  }

  async get(bot: Chatbot, api: SubscriptionApi, id: string): Promise<Subscription | undefined> {
    const subscription = await this.owned(bot, api, id);
    return subscription && this.withRemaining(subscription);
  }

  async prolong(bot: Chatbot, api: SubscriptionApi, id: string, duration: number): Promise<Subscription | undefined> {
    if (!(await this.owned(bot, api, id))) return undefined;
    const kept = await record.keptSubscriptions.get(this.deps.store, id);
    if (!kept) return undefined;
    const longer = { ...kept.value, subscription: lasting(kept.value.subscription, duration, this.deps.clock.now()) };
    const put = record.putSubscription(longer, this.deps.clock.now(), kept.revision);
    // The revision did not hold: it was prolonged or removed meanwhile; look again.
    if (!(await this.deps.store.commit({ put: [put] }))) return this.prolong(bot, api, id, duration);
    this.keep(longer);
    return longer.subscription;
  }

  async remove(bot: Chatbot, api: SubscriptionApi, id: string): Promise<boolean> {
    if (!(await this.owned(bot, api, id))) return false;
    const kept = await this.kept(id);
    if (!kept) return false;
    await this.deps.store.commit({ remove: await record.removalOf(this.deps.store, kept) });
    this.live.delete(id);
    return true;
  }

  /** Live subscriptions of a bot (its URI as configured), from memory. */
  ofBot(bot: string, api: SubscriptionApi): readonly Subscription[] {
    const nowMs = this.deps.clock.now();
    return this.live
      .ofBot(bot, api)
      .map((kept) => kept.subscription)
      .filter((subscription) => !isExpired(subscription, nowMs));
  }

  /** A live one by its id, from memory. */
  known(id: string): Subscription | undefined {
    const subscription = this.live.get(id)?.subscription;
    return subscription && !isExpired(subscription, this.deps.clock.now()) ? subscription : undefined;
  }

  /** A live one by its id; asks the store where memory has none, for another gateway may have made it. */
  async find(id: string): Promise<Subscription | undefined> {
    const subscription = (await this.kept(id))?.subscription;
    return subscription && !isExpired(subscription, this.deps.clock.now()) ? subscription : undefined;
  }

  /**
   * Ends a subscription for a reason other than its bot's wish; the reason is kept as long as items can be queued. Once,
   * though each of its lanes may find it over.
   */
  end(id: string, reason: EndReason): Promise<void> {
    const underWay = this.ending.get(id);
    if (underWay) return underWay;
    const ending = this.endNow(id, reason).finally(() => this.ending.delete(id));
    this.ending.set(id, ending);
    return ending;
  }

  private async endNow(id: string, reason: EndReason): Promise<void> {
    const kept = await this.kept(id);
    if (!kept) return;
    const { store, clock, options, log, metrics } = this.deps;
    const { bot, platformId } = kept.subscription;
    const end = { reason, subscriptionId: id, bot, platformId, atMs: clock.now() };
    const put = record.subscriptionEnds.put(id, end, { ttlMs: options.validityMs * 2 });
    const remove = await record.removalOf(store, kept);
    const enqueue = this.deps.farewell?.(kept.subscription, reason) ?? [];
    await store.commit({ put: [put], remove, enqueue });
    this.live.delete(id);
    this.deps.onEnded?.(kept.subscription, reason);
    metrics.count('notify_subscriptions_ended', { reason });
    log.info('subscription ended', { subscriptionId: id, platform: platformId, reason });
  }

  /** As `end`, all that are meant; many share a write to disk. */
  async endAll(reason: EndReason, isMeant: (subscription: Subscription) => boolean): Promise<void> {
    const meant = this.live.ids().filter((id) => this.isLive(id, isMeant));
    for (let at = 0; at < meant.length; at += endedTogether) {
      await Promise.all(meant.slice(at, at + endedTogether).map((id) => this.end(id, reason)));
    }
  }

  /** Whether any is meant. */
  has(isMeant: (subscription: Subscription) => boolean): boolean {
    return this.live.ids().some((id) => this.isLive(id, isMeant));
  }

  /** Why a subscription that is no more has ended; undefined: its bot removed it. */
  async endOf(id: string): Promise<EndReason | undefined> {
    const kept = await this.kept(id);
    if (kept && isExpired(kept.subscription, this.deps.clock.now())) await this.end(id, 'expired');
    return (await record.subscriptionEnds.get(this.deps.store, id))?.value.reason;
  }

  /** Stops the timers; idempotent. */
  close(): void {
    this.closed = true;
    this.expiry?.close();
    this.refresh?.close();
  }

  private isLive(id: string, isMeant: (subscription: Subscription) => boolean): boolean {
    const kept = this.live.get(id);
    return kept !== undefined && isMeant(kept.subscription);
  }

  private async kept(id: string): Promise<KeptSubscription | undefined> {
    const inMemory = this.live.get(id);
    if (inMemory) return inMemory;
    const kept = (await record.keptSubscriptions.get(this.deps.store, id))?.value;
    if (kept) this.keep(kept);
    return kept;
  }

  private async owned(bot: Chatbot, api: SubscriptionApi, id: string): Promise<Subscription | undefined> {
    const subscription = await this.find(id);
    return subscription?.bot === bot.uri && subscription.api === api ? subscription : undefined;
  }

  private withRemaining(subscription: Subscription): Subscription {
    if (subscription.expiresAtMs === undefined) return subscription;
    const remainingMs = subscription.expiresAtMs - this.deps.clock.now();
    return { ...subscription, duration: Math.max(1, Math.ceil(remainingMs / 1000)) };
  }

  private keep(kept: KeptSubscription): void {
    this.live.set(kept);
    this.watchExpiry();
  }

  private watchExpiry(): void {
    this.expiry?.close();
    const nextMs = this.live.nextExpiryMs();
    if (nextMs === undefined || this.closed) return;
    const delayMs = Math.min(maxTimerMs, Math.max(0, nextMs - this.deps.clock.now()));
    this.expiry = this.deps.clock.after(delayMs, () => void this.endExpired());
  }

  private async endExpired(): Promise<void> {
    try {
      for (const { subscription } of this.live.expired(this.deps.clock.now())) {
        await this.end(subscription.id, 'expired');
      }
      this.watchExpiry();
    } catch (error) {
      // It takes nothing any more as it is; its record goes once the store answers again.
      this.deps.log.warn('expired subscription not removed', { error: String(error) });
      if (!this.closed) this.expiry = this.deps.clock.after(10_000, () => void this.endExpired());
    }
  }
}
