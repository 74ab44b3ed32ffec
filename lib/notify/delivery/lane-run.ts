/** One claim of a lane: its items one after another, each until it is taken or given up, or the lane has to wait. */
import type { Clock } from '../../clock.js';
import type { Metrics } from '../../metrics.js';
import type { Subscription } from '../../resources/subscription.js';
import type { Changes, Claim, ClaimedItem, Store } from '../../store/store.js';
import { backoffMs } from '../pace/backoff.js';
import type { BreakOff } from '../callback/break-off.js';
import type { Callbacks } from '../callback/callback.js';
import type { Channels, Deposit } from '../channels/channels.js';
import { endOf, type NotifyItem, readItem } from './item.js';
import { merge, type DeadReason, type Letters } from './letters.js';
import type { NotifyOptions } from '../options.js';
import { outcomeOf, type Outcome } from '../callback/outcome.js';
import { printItem } from './printed.js';

export interface LaneRunDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly letters: Letters;
  readonly callbacks: Callbacks;
  /** What goes to a channel is held there, and not called back. */
  readonly channels: Pick<Channels, 'deposit'>;
  readonly options: Pick<NotifyOptions, 'validityMs' | 'backoff' | 'maxRetryAfterMs'>;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** What each outcome says about the URL and the bot. */
  readonly note: (subscription: Subscription, lane: string, outcome: Outcome) => void;
}

/** Why a run stopped before the end of its claim. */
export type RunEnd =
  | { readonly kind: 'finished' }
  /** Given back to the store, due later. */
  | { readonly kind: 'waits' }
  /** The rest is still claimed: the subscription is gone (410). */
  | { readonly kind: 'gone'; readonly rest: Claim }
  /** The rest is still claimed: the caller said that it must not be tried now. */
  | { readonly kind: 'held'; readonly rest: Claim }
  /** The lease was lost: another worker has the lane. */
  | { readonly kind: 'lost' };

export interface LaneRun {
  readonly claim: Claim;
  readonly subscription: Subscription;
  /** Ended when the lease is lost, or when the gateway stops for good. */
  readonly over: BreakOff;
  /** Asked before each item that is still valid, but the first: may it be tried now? */
  readonly mayGoOn: () => boolean;
  /** Told of each try before it begins. */
  readonly begins: () => void;
}

/** Settled items are acked at the end of the claim, or after so long: what a crash would send a second time. */
const maxUnackedMs = 100;

type Settlement =
  | { readonly kind: 'settled'; readonly changes: Changes; readonly committed?: (isDurable: boolean) => void }
  | { readonly kind: 'pause'; readonly dueAtMs: number }
  | { readonly kind: 'gone' };

/** Rejects only where the store does. */
export async function runLane(run: LaneRun, deps: LaneRunDeps): Promise<RunEnd> {
  const ledger = createLedger(run.claim, deps);
  for (const [index, item] of run.claim.items.entries()) {
    const endsAtMs = endOf(item, deps.options.validityMs);
    // What has expired is told in time, whatever holds up the rest.
    if (index > 0 && deps.clock.now() < endsAtMs && !run.mayGoOn()) return ledger.handBack('held');
    const settlement = await settle(item, { run, endsAtMs, deps });
    if (run.over.isOver) {
      await ledger.flush();
      return { kind: 'lost' };
    }
    switch (settlement.kind) {
      case 'settled':
        if (!(await ledger.add(settlement))) return { kind: 'lost' };
        break;
      case 'gone':
        return ledger.handBack('gone');
      case 'pause':
        if (!(await ledger.flush())) return { kind: 'lost' };
        return { kind: (await deps.store.nack(run.claim, settlement.dueAtMs)) ? 'waits' : 'lost' };
    }
  }
  return { kind: (await ledger.flush()) ? 'finished' : 'lost' };
}

/** Tries one item once. */
async function settle(
  claimed: ClaimedItem,
  { run, endsAtMs, deps }: { readonly run: LaneRun; readonly endsAtMs: number; readonly deps: LaneRunDeps },
): Promise<Settlement> {
  const item = readItem(claimed);
  if (!item) return giveUp(claimed, { reason: 'unreadable' }, deps);
  if (deps.clock.now() >= endsAtMs) return giveUp(claimed, { reason: 'expired' }, deps);

  const deposit = deps.channels.deposit(run.subscription, run.claim.lane, claimed);
  if (deposit) return settleDeposit(deposit, { claimed, endsAtMs, deps });

  run.begins();
  const { outcome, status } = await attempt(claimed.id, item, { run, deps });
  switch (outcome.kind) {
    case 'done':
      return { kind: 'settled', changes: await deps.letters.delivered(claimed) };
    case 'dead':
      return giveUp(claimed, { reason: 'refused', ...(status === undefined ? {} : { status }) }, deps);
    case 'gone':
      return { kind: 'gone' };
    case 'retry':
    case 'slow': {
      const waitMs = waitAfter(claimed.attempts + 1, outcome.afterMs, deps);
      // The end of its validity is told in time, not at the next try after it.
      return { kind: 'pause', dueAtMs: Math.min(endsAtMs, deps.clock.now() + waitMs) };
    }
  }
}

function settleDeposit(
  deposit: Deposit,
  { claimed, endsAtMs, deps }: { claimed: ClaimedItem; endsAtMs: number; deps: LaneRunDeps },
): Settlement {
  switch (deposit.kind) {
    case 'held':
      return { kind: 'settled', changes: { put: [deposit.put] }, committed: (done) => deposit.committed(done) };
    case 'gone':
      return { kind: 'gone' };
    case 'full':
      return {
        kind: 'pause',
        dueAtMs: Math.min(endsAtMs, deps.clock.now() + waitAfter(claimed.attempts + 1, 0, deps)),
      };
  }
}

type Why = { readonly reason: DeadReason; readonly status?: number };

async function giveUp(claimed: ClaimedItem, why: Why, { letters }: LaneRunDeps): Promise<Settlement> {
  return { kind: 'settled', changes: await letters.dead(claimed, why) };
}

interface Attempt {
  readonly outcome: Outcome;
  readonly status: number | undefined;
}

async function attempt(
  notificationId: string,
  item: NotifyItem,
  { run, deps }: { readonly run: LaneRun; readonly deps: LaneRunDeps },
): Promise<Attempt> {
  const { platformId, notifyURL } = run.subscription;
  const startMs = deps.clock.now();
  const { messageId } = item.about;
  const { contentType, body } = printItem(item);
  const { over } = run;
  const result = await deps.callbacks.post({
    platformId,
    notifyURL,
    notificationId,
    messageId,
    contentType,
    body,
    over,
  });
  const outcome = outcomeOf(result, deps.clock.now());
  // A callback that we broke off ourselves says nothing about the platform.
  if (!run.over.isOver) {
    deps.metrics.count('notify_callbacks', { outcome: outcome.kind });
    deps.metrics.observe('notify_callback_seconds', (deps.clock.now() - startMs) / 1000);
    deps.note(run.subscription, run.claim.lane, outcome);
  }
  return { outcome, status: result.kind === 'answered' ? result.status : undefined };
}

function waitAfter(failures: number, askedMs: number, { options, random }: LaneRunDeps): number {
  return Math.max(backoffMs(options.backoff, failures, random()), Math.min(askedMs, options.maxRetryAfterMs));
}

type Settled = Settlement & { readonly kind: 'settled' };

interface Ledger {
  /** One item more is settled. False: the lease was lost. */
  add(settled: Settled): Promise<boolean>;
  /** Acks what is settled. False: the lease was lost. */
  flush(): Promise<boolean>;
  /** Acks what is settled, and hands back the claim with what is not. */
  handBack(kind: 'gone' | 'held'): Promise<RunEnd>;
}

function createLedger(claim: Claim, { store, clock }: Pick<LaneRunDeps, 'store' | 'clock'>): Ledger {
  let unacked: Settled[] = [];
  let acked = 0;
  let ackedAtMs = clock.now();
  const flush = async (): Promise<boolean> => {
    if (unacked.length === 0) return true;
    const batch = unacked;
    unacked = [];
    acked += batch.length;
    ackedAtMs = clock.now();
    let isDurable = false;
    try {
      isDurable = await store.ack(claim, { count: batch.length, changes: merge(batch.map(({ changes }) => changes)) });
    } finally {
      for (const { committed } of batch) committed?.(isDurable);
    }
    return isDurable;
  };
  return {
    flush,
    add(settled) {
      unacked.push(settled);
      const isDue = clock.now() - ackedAtMs >= maxUnackedMs;
      return isDue ? flush() : Promise.resolve(true);
    },
    async handBack(kind) {
      if (!(await flush())) return { kind: 'lost' };
      return { kind, rest: { ...claim, items: claim.items.slice(acked) } };
    },
  };
}
