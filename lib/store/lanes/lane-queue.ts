/** One queue in this process: its lanes, who listens for work, and the timer that ends leases. */
import type { Clock, Timer } from '../../clock.js';
import { createLanes, type Lane, type Lanes } from './lanes.js';
import type { QueueName } from '../store.js';

export interface LaneQueue {
  readonly name: QueueName;
  readonly lanes: Lanes;
  /** Ids of items that are being written. */
  readonly reserved: Set<string>;
  /** Changes of a lane that are being written: the next change of it waits. */
  readonly settling: Map<Lane, Promise<unknown>>;
  listen(listener: () => void): void;
  /** Tells the listeners, once for all that happens in this turn. */
  signal(): void;
  /** To be called after a lease was given or prolonged. */
  watchLeases(): void;
  /** What waits would else wait so much longer. */
  clockPutBack(byMs: number): void;
  close(): void;
}

export interface LaneQueueOptions {
  readonly name: QueueName;
  readonly clock: Clock;
  /** A listener threw. */
  readonly onError: (error: unknown) => void;
}

export function createLaneQueue({ name, clock, onError }: LaneQueueOptions): LaneQueue {
  const lanes = createLanes();
  const listeners: (() => void)[] = [];
  let isSignalled = false;
  let isClosed = false;
  let timer: Timer | undefined;
  let timerAtMs = Infinity;

  function tell(): void {
    isSignalled = false;
    if (isClosed) return;
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        onError(error);
      }
    }
  }

  function signal(): void {
    if (isSignalled || listeners.length === 0) return;
    isSignalled = true;
    queueMicrotask(tell);
  }

  /** The timer may fire too early, as leases end by ack: it is cheaper than a timer for each lease. */
  function watchLeases(): void {
    const nextMs = lanes.nextExpiryMs();
    if (isClosed || nextMs === undefined || nextMs >= timerAtMs) return;
    timer?.close();
    timerAtMs = nextMs;
    timer = clock.after(Math.max(0, nextMs - clock.now()), endLeases);
  }

  function endLeases(): void {
    timerAtMs = Infinity;
    if (lanes.expire(clock.now())) signal();
    watchLeases();
  }

  return {
    name,
    lanes,
    reserved: new Set(),
    settling: new Map(),
    listen: (listener) => void listeners.push(listener),
    signal,
    watchLeases,
    clockPutBack(byMs) {
      lanes.shift(-byMs);
      timerAtMs -= byMs;
      signal();
    },
    close() {
      isClosed = true;
      timer?.close();
    },
  };
}
