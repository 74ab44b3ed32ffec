/** Notify as a whole: subscriptions, what the interpreter needs of them, and the delivery of callbacks. */
import { lookup } from 'node:dns/promises';
import type { Clock, Timer } from '../clock.js';
import type { Chatbot } from '../iwf/actions.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import { ApiError } from '../resources/api-error.js';
import type { Subscription, SubscriptionApi } from '../resources/subscription.js';
import type { Store } from '../store/store.js';
import { createAdmission, type Admission } from './pace/admission.js';
import { judgeNotifyUrl, parseAllowList, parseNotifyUrl, type Resolve } from './callback/allow-list.js';
import { createAside } from './delivery/aside.js';
import { bury, giveUp } from './delivery/burial.js';
import { createCallbacks, type Exchange } from './callback/callback.js';
import { Channels, type ChannelsDeps } from './channels/channels.js';
import { createDeadLetters, type DeadLetters } from './delivery/dead-letters.js';
import { createNotifications } from './delivery/dispatcher.js';
import { createHealth, type Health } from './pace/health.js';
import { enqueue, prepareFarewell, type Print } from './delivery/item.js';
import type { LookupAll } from './callback/judged-lookup.js';
import { runLane, type LaneRunDeps } from './delivery/lane-run.js';
import { createLetters, type LetterHooks } from './delivery/letters.js';
import { isSurplus } from './delivery/surplus.js';
import type { Notifications } from './notifications.js';
import { defaultPlatformLimits, notifyDefaults, type NotifyOptions, type PlatformLimits } from './options.js';
import type { PlatformCallbacks } from './callback/origins.js';
import { gatesOf } from './pace/places.js';
import { roomOf } from './room.js';
import { Subscriptions, type SubscriptionsDeps } from './subscriptions/subscriptions.js';
import { Suspensions } from './subscriptions/suspensions.js';
import { createTeller } from './teller.js';
import { verifyNotifyUrl } from './subscriptions/verification.js';
import { Worker } from './delivery/worker.js';

export interface NotifyDeps extends LetterHooks {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** What a platform has configured for its callbacks; undefined: no such platform. */
  readonly platform: (platformId: string) => PlatformCallbacks | undefined;
  readonly print: Print;
  /** Base of the resourceURLs that the bot's platform sees. */
  readonly serverRoot: (bot: string) => string;
  readonly options?: Partial<NotifyOptions>;
  /** Of a platform, and of whose a bot is; the defaults where absent. */
  readonly limits?: {
    ofPlatform(platformId: string): PlatformLimits;
    ofBot(bot: string): PlatformLimits;
  };
  /** The gateway's own channel URLs are allowed wherever they lie. */
  readonly isOwnUrl?: (notifyURL: string) => boolean;
  /** Of the names in notifyURLs, when a subscription is made; the system's where absent. */
  readonly resolve?: Resolve;
  /** Of the same names, at each connection; the system's where absent. */
  readonly lookup?: LookupAll;
  readonly random?: () => number;
  /** One has ended other than by its bot's wish. */
  readonly onSubscriptionEnded?: SubscriptionsDeps['onEnded'];
  readonly onExchange?: (exchange: Exchange) => void;
}

export interface Notify {
  readonly subscriptions: Subscriptions;
  readonly channels: Channels;
  readonly notifications: Notifications;
  readonly deadLetters: DeadLetters;
  readonly health: Pick<Health, 'openCircuits'>;
  /** What a platform has configured is another now: connections to it are made anew. */
  renew(platformId: string): void;
  /** Begins to deliver. */
  start(): void;
  /** Finishes what is under way, within `drainMs` and the time that is given; the rest stays in the store. Idempotent. */
  stop(withinMs?: number): Promise<void>;
}

/** Reads the subscriptions; nothing is delivered before `start`. Rejects where the store does. */
export async function openNotify(deps: NotifyDeps): Promise<Notify> {
  const options = { ...notifyDefaults, ...deps.options };
  const { store, clock, log, metrics } = deps;
  const common = { store, clock, log, metrics, options };
  const limits = deps.limits ?? { ofPlatform: () => defaultPlatformLimits, ofBot: () => defaultPlatformLimits };
  const limitsOf = (platformId: string): PlatformLimits => limits.ofPlatform(platformId);
  const deadLetters = createDeadLetters({
    ...common,
    find: (id) => subscriptions.find(id),
    ofBot: (bot, api) => subscriptions.ofBot(bot, api),
    serverRoot: deps.serverRoot,
  });
  const letters = createLetters({ ...deps, keep: (letter, item) => deadLetters.keep(letter, item) });
  const endSubscriptions: ChannelsDeps['endSubscriptions'] = (isGone) =>
    subscriptions.endAll('gone', ({ notifyURL }) => isGone(notifyURL));
  const channels = new Channels({ ...common, limitsOf, letters, serverRoot: deps.serverRoot, endSubscriptions });
  const callbacks = createCallbacks({ ...deps, options });
  const subscriptions = new Subscriptions({
    ...common,
    limitsOf,
    judge: judgeOf(deps, channels),
    verify: verifyBy(deps, { channels, callbacks }),
    farewell: farewellBy(deps),
    onEnded: deps.onSubscriptionEnded,
  });
  await Promise.all([subscriptions.load(), channels.load(), deadLetters.load()]);
  const isSuspended = (platformId: string): boolean => deps.platform(platformId)?.suspended === true;
  const suspensions = new Suspensions({ subscriptions, isSuspended, clock, log });

  const ofBot = (bot: string, api: SubscriptionApi): readonly Subscription[] => subscriptions.ofBot(bot, api);
  const ofBotLimits = (bot: string): PlatformLimits => limits.ofBot(bot);
  const known = (id: string): Subscription | undefined => subscriptions.known(id);
  const onError = (error: unknown): void => log.warn('lease not changed', { error: String(error) });
  const aside = createAside({ store, clock, onError });
  const health = createHealth({ ...common, aside });
  const admission = createAdmission();
  const note: LaneRunDeps['note'] = (subscription, lane, outcome) => health.note(subscription, lane, outcome);
  const runDeps = { ...common, letters, callbacks, channels, random: deps.random ?? Math.random, note };
  const worker = new Worker({
    ...common,
    health,
    admission,
    aside,
    known,
    find: (id) => subscriptions.find(id),
    run: (run) => runLane(run, runDeps),
    bury: (claim, subscription) => bury(claim, subscription, { store, letters, subscriptions }),
    isSurplus: (claim, subscription) => isSurplus(claim, subscription, { store, health, ofBot, limitsOf: ofBotLimits }),
    shed: (claim) => giveUp(claim, 'surplus', { store, letters }),
  });
  const enter = placesOf(admission, health, options);
  const teller = createTeller({
    store,
    callbacks,
    channels,
    metrics,
    known,
    holds: (lane) => worker.holds(lane),
    enter,
  });
  const notifications = createNotifications({
    ofBot,
    print: deps.print,
    serverRoot: deps.serverRoot,
    tellNow: (prepared) => teller.tell(prepared),
    room: (bot, lanes) => roomOf(bot, lanes, { store, metrics, limitsOf: ofBotLimits }),
  });
  return {
    subscriptions,
    channels,
    notifications,
    deadLetters,
    health,
    renew: (platformId) => callbacks.renew(platformId),
    start() {
      suspensions.start(() => worker.start());
      channels.start();
    },
    async stop(withinMs = Infinity) {
      suspensions.close();
      channels.close();
      await worker.stop(withinMs);
      health.close();
      subscriptions.close();
      deadLetters.close();
      await callbacks.close();
    },
  };
}

function judgeOf({ platform, isOwnUrl, clock, ...deps }: NotifyDeps, channels: Channels): SubscriptionsDeps['judge'] {
  const nothing = parseAllowList();
  const resolve = deps.resolve ?? ((hostname) => resolveByName(hostname, clock));
  return async (bot: Chatbot, notifyURL: string): Promise<void> => {
    const channel = channels.judge(bot, notifyURL);
    if (channel === 'allowed') return;
    if (channel === 'unknown') throw new ApiError('SVC0002', ['notifyURL', 'no such notification channel']);
    if (isOwnUrl?.(notifyURL)) parseNotifyUrl(notifyURL);
    else await judgeNotifyUrl(platform(bot.platformId)?.allow ?? nothing, notifyURL, resolve);
  };
}

/** A URL that is gone (410) reads nothing; the other APIs know no notice. */
function farewellBy({ print, serverRoot }: NotifyDeps): SubscriptionsDeps['farewell'] {
  return (subscription, reason) =>
    reason === 'gone' || subscription.api !== 'chat'
      ? []
      : [enqueue(prepareFarewell(subscription, { print, serverRoot: serverRoot(subscription.bot) }))];
}

type Verify = SubscriptionsDeps['verify'];

function verifyBy(
  deps: NotifyDeps,
  { channels, callbacks }: Pick<LaneRunDeps, 'callbacks'> & { channels: Channels },
): Verify {
  return async (bot: Chatbot, notifyURL: string): Promise<void> => {
    const { platformId } = bot;
    const isOwn = channels.judge(bot, notifyURL) !== undefined || deps.isOwnUrl?.(notifyURL) === true;
    if (isOwn || deps.platform(platformId)?.verify !== true) return;
    await verifyNotifyUrl({ platformId, notifyURL }, { ...deps, callbacks });
  };
}

/** Longer than this nobody who makes a subscription waits for a name server. */
const resolveTimeoutMs = 2_000;

async function resolveByName(hostname: string, clock: Clock): Promise<readonly string[]> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = clock.after(resolveTimeoutMs, () => reject(new Error('name server too slow')));
  });
  try {
    return (await Promise.race([lookup(hostname, { all: true }), late])).map(({ address }) => address);
  } finally {
    timer?.close();
  }
}

type Enter = (subscription: Subscription) => (() => void) | undefined;

/** A place for what is told without being stored: none while the other side must be spared. */
function placesOf(admission: Admission, health: Health, { parallel }: NotifyOptions): Enter {
  return (subscription) => {
    const gates = gatesOf(subscription, parallel, health.maxParallel(subscription.bot));
    if (health.waitMs(subscription) > 0 || !admission.enter(gates)) return undefined;
    return () => admission.leave(gates);
  };
}
