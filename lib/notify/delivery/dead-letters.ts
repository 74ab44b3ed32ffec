/** Dead letters: kept with what a replay needs until their retention ends, listed, replayed and removed by the operator. */
import type { Clock, Timer } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import { readdressed } from '../../resources/notification-head.js';
import type { Subscription, SubscriptionApi } from '../../resources/subscription.js';
import type { Put, Store } from '../../store/store.js';
import { apiOfKind } from './dispatcher.js';
import { enqueue, laneOf, type NotifyItem } from './item.js';
import type { DeadLetter } from './letters.js';
import type { NotifyOptions } from '../options.js';
import { recordTable } from '../records.js';
import { createTurn } from '../turn.js';

export interface DeadLettersDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly options: Pick<NotifyOptions, 'deadLetterTtlMs' | 'maxDeadLetters'>;
  readonly find: (subscriptionId: string) => Promise<Subscription | undefined>;
  readonly ofBot: (bot: string, api: SubscriptionApi) => readonly Subscription[];
  readonly serverRoot: (bot: string) => string;
}

export interface KeptLetter extends DeadLetter {
  readonly id: string;
  /** Wall clock, ms. */
  readonly atMs: number;
}

export interface LetterQuery {
  /** By its URI as configured. */
  readonly fits: (bot: string) => boolean;
  readonly limit: number;
  /** Id of the last one of the page before. */
  readonly after?: string | undefined;
}

export interface LetterPage {
  readonly letters: readonly KeptLetter[];
  /** Where the next page begins; absent: this was the last. */
  readonly next?: string;
}

export type Replay =
  | { readonly kind: 'replayed'; readonly subscriptionId: string }
  | { readonly kind: 'unknown' }
  /** Its subscription is no more: these of the bot may take it. */
  | { readonly kind: 'astray'; readonly subscriptionIds: readonly string[] };

export interface DeadLetters {
  /** As last counted, and what came since. */
  readonly count: number;
  /** What to commit with the end of the item; nothing where there is no room. */
  keep(letter: DeadLetter, item: NotifyItem): readonly Put[];
  /** Oldest first. */
  list(query: LetterQuery): Promise<LetterPage>;
  /** Puts it back into the queue, with a new validity: of its own subscription, or of the one named. */
  replay(id: string, subscriptionId?: string): Promise<Replay>;
  remove(id: string): Promise<KeptLetter | undefined>;
  /** Counts what the store holds, now and every hour. */
  load(): Promise<void>;
  /** Idempotent. */
  close(): void;
}

type Content = Pick<NotifyItem, 'body' | 'format'>;

/** By id: order and notificationId, so that they are listed as they came. Without their content, which may be large. */
const heads = recordTable<Omit<KeptLetter, 'id'>>('audit', 'dead-letter|');
const contents = recordTable<Content>('audit', 'dead-letter-content|');

const pageSize = 500;
/** Letters looked at for one page of a list, at most. */
const maxLooked = 20_000;
const recountMs = 3_600_000;

export function createDeadLetters(deps: DeadLettersDeps): DeadLetters {
  const { store, clock, metrics, options } = deps;
  /** Two replays of one letter at the same time would send it twice. */
  const turn = createTurn();
  let count = 0;
  let lastOrder = 0;
  let timer: Timer | undefined;
  let isClosed = false;

  const recount = async (): Promise<void> => {
    count = await countKept(store);
    if (!isClosed) timer = clock.after(recountMs, () => void recount().catch(retry));
  };
  const retry = (error: unknown): void => {
    deps.log.warn('dead letters not counted', { error: String(error) });
    if (!isClosed) timer = clock.after(recountMs, () => void recount().catch(retry));
  };
  const get = async (id: string): Promise<KeptLetter | undefined> => {
    const found = await heads.get(store, id);
    return found && { id, ...found.value };
  };
  const removal = (id: string) => [heads.remove(id), contents.remove(id)];
  return {
    get count() {
      return count;
    },
    keep(letter, { body, format }) {
      if (count >= options.maxDeadLetters) {
        metrics.count('limit_reached_total', { limit: 'notify.maxDeadLetters' });
        return [];
      }
      count++;
      const atMs = clock.now();
      // The clock orders across restarts and gateways, the counter within a millisecond.
      lastOrder = Math.max(lastOrder + 1, atMs * 1000);
      const id = `${String(lastOrder).padStart(16, '0')}-${letter.notificationId}`;
      const ttl = { ttlMs: options.deadLetterTtlMs };
      return [
        heads.put(id, { ...letter, atMs }, ttl),
        contents.put(id, { body, ...(format === undefined ? {} : { format }) }, ttl),
      ];
    },
    list: (query) => listLetters(store, query),
    replay: (id, subscriptionId) =>
      turn(async () => {
        const letter = await get(id);
        const content = letter && (await contents.get(store, id));
        if (!letter || !content) return { kind: 'unknown' };
        const to = await recipientOf(letter, subscriptionId, deps);
        if ('kind' in to) return to;
        const item = addressed(letter, content.value, { to, serverRoot: deps.serverRoot(to.bot) });
        const { bot, contact } = letter.about;
        const queued = enqueue({ id: letter.notificationId, lane: laneOf(to.id, bot, contact), item });
        await store.commit({ remove: removal(id), enqueue: [queued] });
        count = Math.max(0, count - 1);
        metrics.count('notify_dead_letters_replayed');
        return { kind: 'replayed', subscriptionId: to.id };
      }),
    remove: (id) =>
      turn(async () => {
        const letter = await get(id);
        if (letter) await store.commit({ remove: removal(id) });
        if (letter) count = Math.max(0, count - 1);
        return letter;
      }),
    load: recount,
    close() {
      isClosed = true;
      timer?.close();
    },
  };
}

async function countKept(store: Store): Promise<number> {
  let count = 0;
  for (let after: string | undefined; ;) {
    const page = await heads.list(store, { limit: pageSize, after });
    count += page.length;
    after = page.at(-1)?.id;
    if (page.length < pageSize) return count;
  }
}

async function listLetters(store: Store, { fits, limit, after }: LetterQuery): Promise<LetterPage> {
  const letters: KeptLetter[] = [];
  let last = after;
  for (let looked = 0; looked < maxLooked;) {
    const page = await heads.list(store, { limit: pageSize, after: last });
    for (const { id, value } of page) {
      if (fits(value.about.bot)) letters.push({ id, ...value });
      last = id;
      if (letters.length === limit) return { letters, next: id };
    }
    looked += page.length;
    if (page.length < pageSize) return { letters };
  }
  return { letters, ...(last === undefined ? {} : { next: last }) };
}

type Astray = Replay & { readonly kind: 'astray' };

/** The subscription named, else the letter's own; only of the same bot and API. */
async function recipientOf(
  { subscriptionId, about }: KeptLetter,
  asked: string | undefined,
  { find, ofBot }: DeadLettersDeps,
): Promise<Subscription | Astray> {
  const found = await find(asked ?? subscriptionId);
  if (found?.bot === about.bot && found.api === apiOfKind[about.kind]) return found;
  return { kind: 'astray', subscriptionIds: ofBot(about.bot, apiOfKind[about.kind]).map(({ id }) => id) };
}

/** The item again; for another subscription its head says so. Its own end no longer counts: the operator wants it told. */
function addressed(
  { subscriptionId, about }: KeptLetter,
  { body, format }: Content,
  { to, serverRoot }: { readonly to: Subscription; readonly serverRoot: string },
): NotifyItem {
  const again = { about: { ...about, replayed: true as const }, subscriptionId: to.id };
  if (to.id === subscriptionId) return { ...again, body, ...(format === undefined ? {} : { format }) };
  const told = readdressed(JSON.parse(body) as Record<string, unknown>, to, serverRoot);
  return { ...again, body: JSON.stringify(told), ...(to.notificationFormat === 'XML' ? { format: 'XML' } : {}) };
}
