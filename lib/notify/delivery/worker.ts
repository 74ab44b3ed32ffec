/**
 * The worker: claims due lanes of the notify queue, runs them side by side within bounds, keeps their leases.
 *
 *   due in the store ──claim──▶ waits in the room ──place free──▶ runs ──▶ finished, or given back
 *          ▲                          │ no room, bot pauses, circuit open
 *          └────── set aside ◀────────┘
 */
import type { Clock, Timer } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Subscription } from '../../resources/subscription.js';
import type { Claim, Store } from '../../store/store.js';
import type { Admission, Gate } from '../pace/admission.js';
import type { Aside } from './aside.js';
import { createBreakOff, type BreakOff } from '../callback/break-off.js';
import type { Health } from '../pace/health.js';
import { endOf, readItem } from './item.js';
import { createLaneRoom } from './lane-room.js';
import type { RunEnd, LaneRun } from './lane-run.js';
import type { NotifyOptions } from '../options.js';
import { gatesOf, groupOf } from '../pace/places.js';

export interface WorkerDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: Health;
  readonly admission: Admission;
  readonly aside: Aside;
  readonly options: Pick<
    NotifyOptions,
    'drainMs' | 'itemsPerLane' | 'leaseMs' | 'maxWaiting' | 'maxWaitingPerBot' | 'parallel' | 'validityMs'
  >;
  /** A live subscription, from memory. */
  readonly known: (subscriptionId: string) => Subscription | undefined;
  /** A live subscription, from the store. */
  readonly find: (subscriptionId: string) => Promise<Subscription | undefined>;
  readonly run: (run: LaneRun) => Promise<RunEnd>;
  /** The subscription is no more: ends it where its URL is gone, and settles the items that are left. */
  readonly bury: (claim: Claim, subscription: Subscription | undefined) => Promise<void>;
  /** Whether a lane that must wait is beyond the subscription's share. */
  readonly isSurplus: (claim: Claim, subscription: Subscription) => Promise<boolean>;
  /** Gives up what is. */
  readonly shed: (claim: Claim) => Promise<void>;
}

/** A claimed lane. */
interface Held {
  claim: Claim;
  readonly subscription: Subscription;
  readonly group: string;
  readonly over: BreakOff;
  gates: readonly Gate[];
}

/** Lanes of one claim call. */
const claimSize = 64;
/** How long the store is left alone after an error of it. */
const storePauseMs = 1_000;
/** Lanes called back at once when their bot's room runs empty. */
const recallSize = 128;

export class Worker {
  private readonly deps: WorkerDeps;
  private readonly room;
  /** Claimed lanes by name: a lane is leased once at a time. */
  private readonly held = new Map<string, Held>();
  private claiming = false;
  private again = false;
  private stopping = false;
  private wakeTimer: Timer | undefined;
  private renewTimer: Timer | undefined;
  private onIdle: (() => void) | undefined;

  constructor(deps: WorkerDeps) {
    this.deps = deps;
    this.room = createLaneRoom<Held>(deps.options.maxWaiting, deps.options.maxWaitingPerBot);
  }

  start(): void {
    this.deps.store.onWork('notify', () => this.wake());
    this.renewTimer = this.deps.clock.after(this.deps.options.leaseMs / 3, () => this.renewLeases());
    this.wake();
  }

  /** Whether a lane is claimed here: what it holds goes before anything that is not stored. */
  holds(lane: string): boolean {
    return this.held.has(lane);
  }

  /** Finishes what runs, within the drain time and half of what is given; the rest stays in the store. Idempotent. */
  async stop(withinMs = Infinity): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    this.wakeTimer?.close();
    for (const { claim } of this.room.clear()) {
      this.held.delete(claim.lane);
      this.deps.aside.release(claim);
    }
    if (this.held.size > 0) await this.drained(Math.min(withinMs / 2, this.deps.options.drainMs));
    this.renewTimer?.close();
  }

  private async drained(drainMs: number): Promise<void> {
    const idle = new Promise<void>((resolve) => (this.onIdle = resolve));
    const late = this.deps.clock.after(drainMs, () => {
      for (const { over } of this.held.values()) over.end();
    });
    await idle;
    late.close();
  }

  /** Looks for work, soon: all that asks in one turn is served by one claim. */
  private wake(): void {
    if (this.stopping) return;
    this.again = true;
    if (this.claiming) return;
    this.claiming = true;
    setImmediate(() => void this.claimAll());
  }

  private async claimAll(): Promise<void> {
    try {
      while (this.again && !this.stopping) {
        this.again = false;
        if (await this.claimSome()) this.again = true;
      }
      if (!this.stopping) await this.sleep();
    } catch (error) {
      this.deps.log.warn('store gives no notifications', { error: String(error) });
      this.wakeIn(storePauseMs);
    } finally {
      this.claiming = false;
    }
    if (this.again) this.wake();
  }

  /** True: there may be more. */
  private async claimSome(): Promise<boolean> {
    const { store, options } = this.deps;
    const terms = { lanes: claimSize, perLane: options.itemsPerLane, leaseMs: options.leaseMs };
    const claims = await store.claim('notify', terms);
    await Promise.all(claims.map((claim) => this.take(claim)));
    return claims.length === claimSize;
  }

  /** Until the next lane is due; the store tells of anything sooner. */
  private async sleep(): Promise<void> {
    const dueMs = await this.deps.store.nextDueMs('notify');
    const waitMs = (dueMs ?? Infinity) - this.deps.clock.now();
    this.wakeIn(Math.min(this.deps.options.leaseMs / 3, Math.max(1, waitMs)));
  }

  private wakeIn(delayMs: number): void {
    this.wakeTimer?.close();
    if (!this.stopping) this.wakeTimer = this.deps.clock.after(delayMs, () => this.wake());
  }

  private async take(claim: Claim): Promise<void> {
    const item = claim.items[0] && readItem(claim.items[0]);
    const subscription = item && (item.farewellTo ?? this.deps.known(item.subscriptionId));
    if (subscription) this.place(claim, subscription);
    else await this.seek(claim, item?.subscriptionId);
  }

  /** A subscription that memory does not know: another gateway's, or one that is no more. */
  private async seek(claim: Claim, subscriptionId: string | undefined): Promise<void> {
    try {
      const subscription = subscriptionId === undefined ? undefined : await this.deps.find(subscriptionId);
      if (subscription) this.place(claim, subscription);
      else await this.deps.bury(claim, undefined);
    } catch (error) {
      // The lease ends by itself, and the lane comes again.
      this.deps.log.warn('notification not settled', { error: String(error) });
    }
  }

  private place(claim: Claim, subscription: Subscription): void {
    const group = groupOf(subscription);
    const lane: Held = { claim, subscription, group, over: createBreakOff(), gates: [] };
    const { aside, health, options } = this.deps;
    // We have lost the lease of a lane that comes again while it is in hand.
    this.held.get(claim.lane)?.over.end();
    if (this.stopping) aside.release(claim);
    else if (health.waitMs(subscription) > 0 && this.remainingMs(claim) > 0) void this.putOff(claim, subscription);
    else if (this.room.count(group) === 0 && this.enter(lane)) void this.run(lane);
    else if (this.room.add(group, lane)) this.held.set(claim.lane, lane);
    else aside.put(group, claim, options.leaseMs);
  }

  private enter(lane: Held): boolean {
    const { admission, options, health } = this.deps;
    lane.gates = gatesOf(lane.subscription, options.parallel, health.maxParallel(lane.subscription.bot));
    return admission.enter(lane.gates);
  }

  private async run(lane: Held): Promise<void> {
    this.held.set(lane.claim.lane, lane);
    try {
      if (!lane.over.isOver) await this.runNow(lane);
    } catch (error) {
      // Neither acked nor given back: the lease ends by itself, and the lane comes again.
      this.deps.log.warn('lane of notifications not settled', { error: String(error) });
    } finally {
      this.deps.admission.leave(lane.gates);
      if (this.held.get(lane.claim.lane) === lane) this.held.delete(lane.claim.lane);
      this.startNext(lane.group);
      if (this.held.size === 0) this.onIdle?.();
    }
  }

  private async runNow({ claim, subscription, over }: Held): Promise<void> {
    const { health, run, bury } = this.deps;
    const isOver = !this.stopping && this.remainingMs(claim) <= 0;
    if (!isOver && !this.mayGoOn(claim, subscription)) {
      await this.giveBack(claim, subscription);
      return;
    }
    const mayGoOn = (): boolean => this.mayGoOn(claim, subscription);
    const end = await run({ claim, subscription, over, mayGoOn, begins: () => health.begins(subscription) });
    switch (end.kind) {
      case 'gone':
        await bury(end.rest, subscription);
        return;
      case 'held':
        await this.giveBack(end.rest, subscription);
        return;
      case 'finished':
      case 'waits':
      case 'lost':
    }
  }

  private mayGoOn(claim: Claim, { id }: Subscription): boolean {
    const subscription = farewellTo(claim) ?? this.deps.known(id);
    return !this.stopping && subscription !== undefined && this.deps.health.waitMs(subscription) === 0;
  }

  /** What may not be tried now. */
  private async giveBack(claim: Claim, subscription: Subscription): Promise<void> {
    if (this.stopping) this.deps.aside.release(claim);
    else if (farewellTo(claim) ?? this.deps.known(subscription.id)) await this.putOff(claim, subscription);
    else await this.deps.bury(claim, undefined);
  }

  private async putOff(claim: Claim, subscription: Subscription): Promise<void> {
    const { health, isSurplus, shed, log } = this.deps;
    try {
      if (await isSurplus(claim, subscription)) await shed(claim);
      else health.putOff(subscription, claim, this.remainingMs(claim));
    } catch (error) {
      // The lease ends by itself, and the lane comes again.
      log.warn('notification not settled', { error: String(error) });
    }
  }

  /** Until the head of the lane is given up. */
  private remainingMs({ items: [head] }: Claim): number {
    const { clock, options } = this.deps;
    return head ? endOf(head, options.validityMs) - clock.now() : 0;
  }

  /** A place is free: the next lane takes it. */
  private startNext(group: string): void {
    if (this.stopping) return;
    for (let next = this.nextOf(group); next; next = this.nextOf(group)) void this.run(next);
    if (this.room.count(group) < recallSize / 2) this.deps.aside.recall(group, recallSize);
    this.wake();
  }

  private nextOf(group: string): Held | undefined {
    return this.room.next(group, (lane) => this.enter(lane));
  }

  private renewLeases(): void {
    const { store, clock, log, options } = this.deps;
    for (const { claim, over } of this.held.values()) {
      store.renew(claim, options.leaseMs).then(
        (isOurs) => {
          if (!isOurs) over.end();
        },
        (error: unknown) => {
          log.warn('lease not renewed', { error: String(error) });
        },
      );
    }
    this.renewTimer = clock.after(options.leaseMs / 3, () => this.renewLeases());
  }
}

/** Where a lane that tells of the end of its subscription leads. */
function farewellTo({ items: [head] }: Claim): Subscription | undefined {
  return head && readItem(head)?.farewellTo;
}
