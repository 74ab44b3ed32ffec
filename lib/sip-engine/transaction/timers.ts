/** Time in the engine: the values of RFC 3261 table 4 (as amended by RFC 6026 and 4320), and one list of waiters per duration. */

/** What the engine wants of a clock; milliseconds. */
export interface EngineClock {
  now(): number;
  after(delayMs: number, action: () => void): { close(): void };
}

/** What Node waits at most, 24.8 days; for anything beyond (a peer's Session-Expires) it would not wait at all. */
const longestDelayMs = 2 ** 31 - 1;

export const systemClock: EngineClock = {
  now: () => Date.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, Math.min(delayMs, longestDelayMs));
    return { close: () => clearTimeout(timer) };
  },
};

export interface TimerValues {
  /** Round-trip estimate. */
  readonly t1Ms: number;
  /** Longest interval between retransmissions. */
  readonly t2Ms: number;
  /** How long a datagram may stay in the network. */
  readonly t4Ms: number;
  /** An application that answers an INVITE sooner spares its caller the 100 (§17.2.1). */
  readonly tryingMs: number;
  /** Longest wait of a caller for our application's final answer to an INVITE; then 480. */
  readonly answerMs: number;
}

export const DEFAULT_TIMERS: TimerValues = { t1Ms: 500, t2Ms: 4000, t4Ms: 5000, tryingMs: 200, answerMs: 180_000 };

/** Timers B, F, H, J, L, M. */
export function longMs(values: TimerValues): number {
  return 64 * values.t1Ms;
}

/**
 * A client to whom nothing at all has come: over UDP three retransmissions, and half a second more. Who takes longer with a
 * request says 100 by then, if he keeps to RFC 4320 §4.1.
 */
export function silentMs(values: TimerValues): number {
  return 8 * values.t1Ms;
}

/** Until timer E of a client has grown to T2: earlier no 100 goes to a non-INVITE over UDP, then it must (RFC 4320 §4.1). */
export function lateTryingMs(values: TimerValues): number {
  let waited = 0;
  for (let next = values.t1Ms; next < values.t2Ms; next *= 2) waited += next;
  return waited;
}

export interface EngineTimer {
  /** Idempotent. */
  close(): void;
}

/** Lists of longer durations, which peers choose, are not kept for the next waiter. */
const keptEmptyMs = 60_000;

interface List {
  readonly durationMs: number;
  first: Waiter | undefined;
  last: Waiter | undefined;
  alarm: { close(): void } | undefined;
}

class Waiter implements EngineTimer {
  readonly dueMs: number;
  readonly action: () => void;
  readonly owner: Timers;
  list: List | undefined;
  previous: Waiter | undefined = undefined;
  next: Waiter | undefined = undefined;

  constructor(dueMs: number, action: () => void, owner: Timers, list: List) {
    this.dueMs = dueMs;
    this.action = action;
    this.owner = owner;
    this.list = list;
  }

  close(): void {
    this.owner.remove(this);
  }
}

/**
 * Timers of a few durations and many holders: waiters of one duration fall due in the order of their start, so each
 * list needs one alarm of the clock, and starting or stopping a timer costs a link.
 */
export class Timers {
  private readonly clock: EngineClock;
  private readonly lists = new Map<number, List>();
  private closed = false;

  constructor(clock: EngineClock) {
    this.clock = clock;
  }

  now(): number {
    return this.clock.now();
  }

  after(delayMs: number, action: () => void): EngineTimer {
    const list = this.listOf(Math.max(0, delayMs));
    const waiter = new Waiter(this.clock.now() + list.durationMs, action, this, list);
    waiter.previous = list.last;
    if (list.last) list.last.next = waiter;
    else list.first = waiter;
    list.last = waiter;
    if (!list.alarm && !this.closed) this.arm(list, list.durationMs);
    return waiter;
  }

  remove(waiter: Waiter): void {
    const { list } = waiter;
    if (!list) return;
    if (waiter.previous) waiter.previous.next = waiter.next;
    else list.first = waiter.next;
    if (waiter.next) waiter.next.previous = waiter.previous;
    else list.last = waiter.previous;
    waiter.list = waiter.previous = waiter.next = undefined;
    if (!list.first && list.durationMs > keptEmptyMs) this.giveUp(list);
  }

  /** No timer goes off any more. */
  close(): void {
    this.closed = true;
    for (const list of this.lists.values()) list.alarm?.close();
    this.lists.clear();
  }

  private listOf(durationMs: number): List {
    let list = this.lists.get(durationMs);
    if (!list) {
      list = { durationMs, first: undefined, last: undefined, alarm: undefined };
      this.lists.set(durationMs, list);
    }
    return list;
  }

  private giveUp(list: List): void {
    list.alarm?.close();
    list.alarm = undefined;
    this.lists.delete(list.durationMs);
  }

  private arm(list: List, delayMs: number): void {
    list.alarm = this.clock.after(delayMs, () => this.ring(list));
  }

  private ring(list: List): void {
    list.alarm = undefined;
    const now = this.clock.now();
    for (let due = list.first; due && due.dueMs <= now; due = list.first) {
      this.remove(due);
      due.action();
    }
    if (this.closed || isArmed(list)) return;
    // Never longer than the duration: a wall clock set back must not stop time.
    if (list.first) this.arm(list, Math.min(list.durationMs, Math.max(1, list.first.dueMs - now)));
    else this.lists.delete(list.durationMs);
  }
}

/** An action may have armed it meanwhile. */
function isArmed(list: List): boolean {
  return list.alarm !== undefined;
}
