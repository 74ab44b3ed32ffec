/** Dead letters on the admin face: what platforms would not take, listed without content and numbers, replayed, removed. */
import { type AdminParts, type AdminRequest, type AdminRoute, problem, type Reply } from './admin-route.js';

export interface ShownLetter {
  readonly id: string;
  readonly [member: string]: unknown;
}

export interface LetterFilter {
  readonly platform?: string | undefined;
  /** Its URI as configured. */
  readonly bot?: string | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

export type ReplayResult =
  | { readonly kind: 'replayed'; readonly subscriptionId: string }
  | { readonly kind: 'unknown' }
  /** Its subscription is no more: these of the bot may take it. */
  | { readonly kind: 'astray'; readonly subscriptionIds: readonly string[] };

export interface DeadLetterActions {
  /** Oldest first; `next` is the `after` of the next page. */
  list(filter: LetterFilter): Promise<{ readonly letters: readonly ShownLetter[]; readonly next?: string }>;
  replay(id: string, subscriptionId?: string): Promise<ReplayResult>;
  /** False: there is none. */
  remove(id: string): Promise<boolean>;
}

const defaultLimit = 100;
const maxLimit = 1_000;

export const deadLetterRoutes: readonly AdminRoute[] = [
  { method: 'GET', path: /^\/dead-letters$/, answer: within(list) },
  { method: 'POST', path: /^\/dead-letters\/replay$/, answer: within(replayMany) },
  { method: 'POST', path: /^\/dead-letters\/([^/]+)\/replay$/, answer: within(replay) },
  { method: 'DELETE', path: /^\/dead-letters\/([^/]+)$/, answer: within(remove) },
];

type Work = (actions: DeadLetterActions, request: AdminRequest) => Promise<Reply>;

function within(work: Work): AdminRoute['answer'] {
  return ({ deadLetters }: AdminParts, request) => {
    const actions = deadLetters?.();
    return actions ? work(actions, request) : { ...problem(503, 'starting'), headers: { 'Retry-After': '1' } };
  };
}

async function list(actions: DeadLetterActions, { url }: AdminRequest): Promise<Reply> {
  const filter = filterOf(url);
  if (!filter) return badLimit;
  const { letters, next } = await actions.list(filter);
  return { status: 200, body: { deadLetters: letters, ...(next === undefined ? {} : { next }) } };
}

async function replay(actions: DeadLetterActions, { url, name }: AdminRequest): Promise<Reply> {
  const result = await actions.replay(name, url.searchParams.get('subscription') ?? undefined);
  switch (result.kind) {
    case 'replayed':
      return { status: 202, body: { replayed: name, subscription: result.subscriptionId } };
    case 'unknown':
      return noSuchLetter;
    case 'astray':
      return {
        status: 409,
        body: { error: 'no such subscription; name one with ?subscription=', subscriptions: result.subscriptionIds },
      };
  }
}

/** A page of them in the order of their coming; what cannot be replayed stays. */
async function replayMany(actions: DeadLetterActions, { url }: AdminRequest): Promise<Reply> {
  const filter = filterOf(url);
  if (!filter) return badLimit;
  const { letters, next } = await actions.list(filter);
  let replayed = 0;
  for (const { id } of letters) {
    const { kind } = await actions.replay(id, url.searchParams.get('subscription') ?? undefined);
    if (kind === 'replayed') replayed++;
  }
  const body = { replayed, kept: letters.length - replayed, ...(next === undefined ? {} : { next }) };
  return { status: 202, body };
}

async function remove(actions: DeadLetterActions, { name }: AdminRequest): Promise<Reply> {
  return (await actions.remove(name)) ? { status: 204, body: undefined } : noSuchLetter;
}

const noSuchLetter = problem(404, 'no such dead letter, or forgotten');
const badLimit = problem(400, `limit is a number from 1 to ${maxLimit}`);

function filterOf({ searchParams }: URL): LetterFilter | undefined {
  const text = searchParams.get('limit') ?? String(defaultLimit);
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > maxLimit) return undefined;
  const given = (name: string): string | undefined => searchParams.get(name) ?? undefined;
  return { platform: given('platform'), bot: given('bot'), after: given('after'), limit };
}
