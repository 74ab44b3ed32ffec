/** Claims due lanes of the outbound queue and runs them, many at a time, each in order. */
import type { Clock, Timer } from '../clock.js';
import type { Logger } from '../log.js';
import type { Changes, Claim, ClaimedItem, Store } from '../store/store.js';
import { botOfLane } from './records.js';

/** A commit that goes with the end of an attempt, and how to make it anew where a record was changed in between. */
export interface Settlement {
  readonly changes: Changes;
  /** undefined: nothing is left to change. */
  readonly anew: () => Promise<Changes | undefined>;
}

/** What became of one item. */
export type ItemOutcome =
  | { readonly kind: 'done'; readonly settlement?: Settlement }
  | { readonly kind: 'again'; readonly dueAtMs: number; readonly settlement?: Settlement };

export interface LaneWorkerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  /** Lanes run at once. */
  readonly maxLanes: number;
  readonly perLane: number;
  readonly leaseMs: number;
  /** Of what fails by a fault of ours: the wait after so many attempts, and how long it is tried at all. */
  readonly backoffMs: (attempts: number) => number;
  readonly validityMs: number;
  /** Asked before each item, by its bot: resolves when it is the turn of one like it; undefined: at once. */
  readonly turn?: ((bot: string) => Promise<void> | undefined) | undefined;
  run(item: ClaimedItem): Promise<ItemOutcome>;
  /** Told of those that wait behind one that is to be tried again. */
  behind?(items: readonly ClaimedItem[]): Promise<void>;
}

/** When the store fails the worker rests so long, and no lane less. */
const restMs = 1000;
/** So often a settlement is made anew before the lease counts as lost. */
const maxSettlements = 3;

export class LaneWorker {
  private readonly options: LaneWorkerOptions;
  private state: 'idle' | 'running' | 'stopped' = 'idle';
  private readonly running = new Set<Promise<void>>();
  /** Lanes under way by name; true: hastened meanwhile. */
  private readonly lanes = new Map<string, boolean>();
  private pumping = false;
  private again = false;
  private alarm: Timer | undefined;

  constructor(options: LaneWorkerOptions) {
    this.options = options;
  }

  start(): void {
    if (this.state !== 'idle') return;
    this.state = 'running';
    this.options.store.onWork('outbound', () => this.wake());
    this.wake();
  }

  /** Lanes under way. */
  get busy(): number {
    return this.running.size;
  }

  /** Makes a lane due at once; where its head is just being tried, soon after that has come to nothing. */
  async hasten(lane: string): Promise<void> {
    if (this.lanes.has(lane)) this.lanes.set(lane, true);
    await this.options.store.hasten('outbound', lane);
  }

  /** Claims nothing new; resolves once what runs has ended. */
  async stop(): Promise<void> {
    this.state = 'stopped';
    this.alarm?.close();
    await Promise.all(this.running);
  }

  private wake(): void {
    if (this.state !== 'running') return;
    if (this.pumping) {
      this.again = true;
      return;
    }
    this.pumping = true;
    void this.pump().finally(() => {
      this.pumping = false;
      if (!this.again) return;
      this.again = false;
      this.wake();
    });
  }

  private async pump(): Promise<void> {
    const { store, clock, log, maxLanes, perLane, leaseMs } = this.options;
    this.alarm?.close();
    try {
      const free = maxLanes - this.running.size;
      if (free <= 0) return; // the end of a lane wakes us
      const claims = await store.claim('outbound', { lanes: free, perLane, leaseMs });
      for (const claim of claims) this.begin(claim);
      if (claims.length === free) return;
      const dueMs = await store.nextDueMs('outbound');
      if (dueMs !== undefined) this.alarm = clock.after(Math.max(1, dueMs - clock.now()), () => this.wake());
    } catch (error) {
      log.error('outbound queue cannot be read', { error });
      this.alarm = clock.after(restMs, () => this.wake());
    }
  }

  private begin(claim: Claim): void {
    const run = this.runWhole(claim).catch((error: unknown) => {
      // The lease ends by itself; until then the lane rests.
      if (this.state === 'stopped') this.options.log.info('outbound lane stopped', { problem: String(error) });
      else this.options.log.error('outbound lane stopped', { error });
    });
    this.running.add(run);
    void run.finally(() => {
      this.running.delete(run);
      this.wake();
    });
  }

  private async runWhole(claim: Claim): Promise<void> {
    const waiting = await this.runLane(claim);
    if (waiting.length > 0) await this.options.behind?.(waiting);
  }

  /** Resolves with what waits behind an item that is to be tried again. */
  private async runLane(claim: Claim): Promise<readonly ClaimedItem[]> {
    const renewal = this.keepLease(claim);
    const bot = botOfLane(claim.lane);
    this.lanes.set(claim.lane, false);
    try {
      for (const [at, item] of claim.items.entries()) {
        const turn = this.options.turn?.(bot);
        if (turn) await turn;
        if (this.state !== 'running') {
          await this.options.store.nack(claim, this.options.clock.now());
          return [];
        }
        if (!(await this.runItem(claim, item))) return claim.items.slice(at + 1);
      }
      return [];
    } finally {
      renewal.close();
      this.lanes.delete(claim.lane);
    }
  }

  /** False: the rest of the claim is not ours any more. */
  private async runItem(claim: Claim, item: ClaimedItem): Promise<boolean> {
    const { store } = this.options;
    const outcome = await this.outcomeOf(item);
    const finish = (changes?: Changes): Promise<boolean> =>
      outcome.kind === 'again'
        ? store.nack(claim, this.dueAtMs(claim, outcome), changes && { changes })
        : store.ack(claim, { count: 1, ...(changes && { changes }) });
    const held = (await finish(outcome.settlement?.changes)) || (await this.finishAnew(outcome.settlement, finish));
    return held && outcome.kind === 'done';
  }

  private async outcomeOf(item: ClaimedItem): Promise<ItemOutcome> {
    const { clock, log, backoffMs, validityMs } = this.options;
    const { attempts, enqueuedAtMs } = item;
    try {
      return await this.options.run(item);
    } catch (error) {
      const isOver = clock.now() >= enqueuedAtMs + validityMs;
      // Its time to end was over, and what it used is closed: the next start takes it up.
      if (this.state === 'stopped') log.info('outbound item broken off', { attempts });
      else if (!isOver) log.error('outbound item failed', { error, attempts });
      else {
        // What fails for ever must not keep for ever what waits behind it.
        log.error('outbound item dropped', { error, attempts });
        return { kind: 'done' };
      }
      return { kind: 'again', dueAtMs: clock.now() + Math.max(restMs, backoffMs(attempts)) };
    }
  }

  /** A user who shows himself at every try, and refuses it, is tried once a second. */
  private dueAtMs({ lane }: Claim, { dueAtMs }: { readonly dueAtMs: number }): number {
    return this.lanes.get(lane) === true ? Math.min(dueAtMs, this.options.clock.now() + restMs) : dueAtMs;
  }

  /** A refused commit: the record has moved (a receipt was faster), or the lease is lost, which the next try tells. */
  private async finishAnew(
    settlement: Settlement | undefined,
    finish: (changes?: Changes) => Promise<boolean>,
  ): Promise<boolean> {
    for (let tries = 0; settlement && tries < maxSettlements; tries++) {
      if (await finish(await settlement.anew())) return true;
    }
    return false;
  }

  private keepLease(claim: Claim): Timer {
    const { store, clock, leaseMs, log } = this.options;
    let timer: Timer;
    const arm = (): void => {
      timer = clock.after(leaseMs / 3, () => {
        store.renew(claim, leaseMs).catch((error: unknown) => log.warn('lease not renewed', { error }));
        arm();
      });
    };
    arm();
    return { close: () => timer.close() };
  }
}
