/** A subscription is made: once for one correlator, within the limits, durable before it is answered. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { Chatbot, Idempotency } from '../../iwf/actions.js';
import type { Metrics } from '../../metrics.js';
import { ApiError } from '../../resources/api-error.js';
import type { Subscription, SubscriptionApi, SubscriptionRequest } from '../../resources/subscription.js';
import type { Store } from '../../store/store.js';
import { limitReached } from '../limit-reached.js';
import type { NotifyOptions, PlatformLimits } from '../options.js';
import { createShares } from '../shares.js';
import { lasting, type LiveSubscriptions } from './live-subscriptions.js';
import * as record from './subscription-record.js';
import type { KeptSubscription } from './subscription-record.js';

export interface CreationRules {
  readonly limitsOf: (platformId: string) => Pick<PlatformLimits, 'subscriptionsPerBot' | 'subscriptionsPerPlatform'>;
  /** Rejects with ApiError SVC0002 or POL0001 where the bot's platform may not use the URL. */
  readonly judge: (bot: Chatbot, notifyURL: string) => Promise<void>;
  /** Rejects with ApiError POL0001 where its owner does not want it. */
  readonly verify: (bot: Chatbot, notifyURL: string) => Promise<void>;
}

export interface SubscriptionCreationDeps extends CreationRules {
  readonly store: Store;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly options: Pick<NotifyOptions, 'maxSubscriptions' | 'correlatorTtlMs'>;
  readonly live: LiveSubscriptions;
  /** A live one by its id. */
  readonly find: (id: string) => Promise<Subscription | undefined>;
  /** Begins its life in memory. */
  readonly keep: (kept: KeptSubscription) => void;
}

export interface Created {
  readonly subscription: Subscription;
  /** False: the first answer again. */
  readonly created: boolean;
}

interface Asked {
  readonly bot: Chatbot;
  readonly api: SubscriptionApi;
  readonly request: SubscriptionRequest;
  readonly idempotency: Idempotency | undefined;
}

export class SubscriptionCreation {
  private readonly deps: SubscriptionCreationDeps;
  /** Those under way, so that the limits hold for a burst as well. */
  private readonly underWay = createShares();

  constructor(deps: SubscriptionCreationDeps) {
    this.deps = deps;
  }

  get isUnderWay(): boolean {
    return this.underWay.of('all') > 0;
  }

  async create(asked: Asked): Promise<Created> {
    const { bot, request } = asked;
    const again = await this.firstAnswer(asked);
    if (again) return { subscription: again, created: false };
    await this.deps.judge(bot, request.notifyURL);
    this.checkLimits(bot);
    return this.underWay.during(sharesOf(bot), () => this.createNow(asked));
  }

  private async createNow(asked: Asked): Promise<Created> {
    const { store, clock, options, metrics, verify, keep } = this.deps;
    const { bot, api, request, idempotency } = asked;
    await verify(bot, request.notifyURL);
    const key = idempotency && record.correlatorKeyOf(bot, api, idempotency.correlator);
    const subscription = this.fresh(asked);
    const kept: KeptSubscription = { subscription, ...(key === undefined ? {} : { correlatorKey: key }) };
    const put = [record.putSubscription(kept, clock.now())];
    if (idempotency && key !== undefined) {
      const answer = { fingerprint: idempotency.fingerprint, subscriptionId: subscription.id };
      put.push(record.firstAnswers.put(key, answer, { ttlMs: options.correlatorTtlMs, ifRevision: 0 }));
    }
    if (!(await store.commit({ put }))) return this.overtaken(asked);
    keep(kept);
    metrics.count('notify_subscriptions_created', { api });
    return { subscription, created: true };
  }

  /** Another request with the same correlator was faster: its answer is ours. */
  private async overtaken(asked: Asked): Promise<Created> {
    const first = await this.firstAnswer(asked);
    if (!first) throw new ApiError('SVC1000', [], { retryAfterS: 1 });
    return { subscription: first, created: false };
  }

  /** Undefined where there is no correlator, it is new, or its subscription is no more. */
  private async firstAnswer({ bot, api, idempotency }: Asked): Promise<Subscription | undefined> {
    if (!idempotency) return undefined;
    const { correlator, fingerprint } = idempotency;
    const key = record.correlatorKeyOf(bot, api, correlator);
    const answer = (await record.firstAnswers.get(this.deps.store, key))?.value;
    if (!answer) return undefined;
    const subscription = await this.deps.find(answer.subscriptionId);
    if (subscription && answer.fingerprint !== fingerprint) {
      throw new ApiError('SVC0005', [correlator, 'clientCorrelator']);
    }
    if (!subscription) await this.deps.store.commit({ remove: [record.firstAnswers.remove(key)] });
    return subscription;
  }

  private checkLimits(bot: Chatbot): void {
    const { live, limitsOf, options, metrics } = this.deps;
    const { subscriptionsPerBot, subscriptionsPerPlatform } = limitsOf(bot.platformId);
    const [ofBot = 0, ofPlatform = 0, inAll = 0] = sharesOf(bot).map((key) => this.underWay.of(key));
    const reached = limitReached([
      ['limits.subscriptionsPerBot', live.countOfBot(bot.uri) + ofBot, subscriptionsPerBot],
      ['limits.subscriptionsPerPlatform', live.countOfPlatform(bot.platformId) + ofPlatform, subscriptionsPerPlatform],
      ['notify.maxSubscriptions', live.size + inAll, options.maxSubscriptions],
    ]);
    if (reached === undefined) return;
    metrics.count('notify_subscriptions_refused');
    metrics.count('limit_reached_total', { limit: reached }, 1, bot.uri);
    throw new ApiError('POL0001', ['too many subscriptions']);
  }

  private fresh({ bot, api, request }: Asked): Subscription {
    const whose = { id: randomUUID(), api, platformId: bot.platformId, bot: bot.uri };
    return lasting({ ...request, ...whose }, request.duration ?? 0, this.deps.clock.now());
  }
}

/** Whose limits one more subscription counts for: the bot's, its platform's, all. */
function sharesOf({ uri, platformId }: Chatbot): readonly string[] {
  return [`bot ${uri}`, `platform ${platformId}`, 'all'];
}
