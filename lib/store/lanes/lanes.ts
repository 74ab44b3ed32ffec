/**
 * The lanes of one queue, in memory: order inside a lane, due times between them, leases. Pure: time and tokens are handed in.
 *
 *                 add                    claim
 *      (no lane) ─────▶ waiting ─────────────────▶ leased
 *                        ▲  ▲ dueMs                  │ │
 *                        │  └── lease over, nack ────┘ │ all items of the claim taken
 *                        └────── items are left ───────┘ else the lane is gone
 *
 * While a change of a lane is being written the lane is held: it can neither be claimed nor lose its lease.
 */
import { createHeap, type HeapMember } from './heap.js';
import { addItem, depthOf, dropHead, dropItem, headItem, headItems, type ItemRow } from './lane-items.js';
import type { Json } from '../store.js';

export interface LaneItem {
  readonly seq: number;
  readonly lane: string;
  readonly id: string;
  readonly enqueuedAtMs: number;
  attempts: number;
  /** Its value, and how long it is as JSON; absent: the journal has it. */
  readonly kept: { readonly value: Json; readonly length: number } | undefined;
}

interface Lease {
  readonly token: string;
  untilMs: number;
  /** So many items, from the head, are lent. */
  remaining: number;
}

export interface Lane extends HeapMember {
  readonly name: string;
  readonly group: string;
  readonly owner: string;
  readonly row: ItemRow;
  dueMs: number;
  lease: Lease | undefined;
  isHeld: boolean;
}

export interface LeaseTerms {
  readonly lanes: number;
  readonly perLane: number;
  readonly untilMs: number;
  readonly token: () => string;
}

export interface Lanes {
  /** Items in all lanes. */
  depth(): number;
  /** When the item that came first of all that are there was enqueued. */
  oldestMs(): number | undefined;
  /** Items in the lanes of one owner. */
  ownerDepth(owner: string): number;
  /** Items in the lanes of one group. */
  groupDepth(group: string): number;
  lane(name: string): Lane | undefined;
  item(id: string): LaneItem | undefined;
  /** To the end of its lane; a lane that did not exist is due at `dueMs`. */
  add(item: LaneItem, dueMs: number): void;
  /** Leases of lanes that are due, longest due first. */
  claim(nowMs: number, terms: LeaseTerms): readonly Lane[];
  /** The lane, if the lease of this token has not ended. */
  leased(name: string, token: string, nowMs: number): Lane | undefined;
  /** Takes the first items of the lease off; with the last of them the lease ends and the rest is due at `nowMs`. */
  take(lane: Lane, count: number, nowMs: number): void;
  /** Ends the lease after an attempt that failed. */
  giveBack(lane: Lane, dueMs: number): void;
  remove(lane: Lane, item: LaneItem): void;
  setDue(lane: Lane, dueMs: number): void;
  prolong(lane: Lane, untilMs: number): void;
  hold(lane: Lane, isHeld: boolean): void;
  /** Ends the leases whose time is over; whether there were any. */
  expire(nowMs: number): boolean;
  /** The clock was set by so much: what was due in a minute is so still. */
  shift(byMs: number): void;
  nextDueMs(): number | undefined;
  nextExpiryMs(): number | undefined;
}

export function createLanes(): Lanes {
  const lanes = new Map<string, Lane>();
  /** In the order of their coming, which a Map keeps. */
  const byId = new Map<string, LaneItem>();
  const byOwner = createTally();
  const byGroup = createTally();
  const waiting = createHeap<Lane>((a, b) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && oldest(a) < oldest(b)));
  const leases = createHeap<Lane>((a, b) => endOf(a) < endOf(b));

  /** Every change of a lane's state happens inside: the heaps are left before and joined after it. */
  function change(lane: Lane, action: () => void): void {
    waiting.remove(lane);
    leases.remove(lane);
    action();
    if (depthOf(lane.row) === 0) drop(lane);
    else if (lane.isHeld) return;
    else if (lane.lease) leases.add(lane);
    else waiting.add(lane);
  }

  /** A new lane of this name may have begun while the last change of the old one was being written. */
  function drop(lane: Lane): void {
    if (lanes.get(lane.name) === lane) lanes.delete(lane.name);
  }

  function count({ owner, group }: Lane, items: number): void {
    byOwner.add(owner, items);
    byGroup.add(group, items);
  }

  function expire(nowMs: number): boolean {
    let ended = false;
    for (let lane = leases.top(); lane && endOf(lane) <= nowMs; lane = leases.top()) {
      ended = true;
      endLease(lane, endOf(lane));
    }
    return ended;
  }

  function endLease(lane: Lane, dueMs: number): void {
    change(lane, () => {
      lane.lease = undefined;
      lane.dueMs = dueMs;
    });
  }

  function lend(lane: Lane, terms: LeaseTerms): void {
    const remaining = Math.min(depthOf(lane.row), terms.perLane);
    change(lane, () => (lane.lease = { token: terms.token(), untilMs: terms.untilMs, remaining }));
  }

  function take(lane: Lane, items: number, nowMs: number): void {
    change(lane, () => {
      for (const item of headItems(lane.row, items)) byId.delete(item.id);
      dropHead(lane.row, items);
      count(lane, -items);
      if (!lane.lease) return;
      lane.lease.remaining -= items;
      if (lane.lease.remaining > 0) return;
      lane.lease = undefined;
      lane.dueMs = nowMs;
    });
  }

  return {
    depth: () => byId.size,
    oldestMs: () => byId.values().next().value?.enqueuedAtMs,
    ownerDepth: (owner) => byOwner.of(owner),
    groupDepth: (group) => byGroup.of(group),
    lane: (name) => lanes.get(name),
    item: (id) => byId.get(id),
    add(item, dueMs) {
      byId.set(item.id, item);
      const lane = lanes.get(item.lane);
      if (lane) {
        addItem(lane.row, item);
        count(lane, 1);
        return;
      }
      const made = laneOf(item, dueMs);
      count(made, 1);
      lanes.set(item.lane, made);
      waiting.add(made);
    },
    claim(nowMs, terms) {
      expire(nowMs);
      const claimed: Lane[] = [];
      for (
        let lane = waiting.top();
        lane && lane.dueMs <= nowMs && claimed.length < terms.lanes;
        lane = waiting.top()
      ) {
        lend(lane, terms);
        claimed.push(lane);
      }
      return claimed;
    },
    leased(name, token, nowMs) {
      expire(nowMs);
      const lane = lanes.get(name);
      return lane?.lease?.token === token ? lane : undefined;
    },
    take,
    giveBack(lane, dueMs) {
      const head = headItem(lane.row);
      if (head) head.attempts++;
      endLease(lane, dueMs);
    },
    remove(lane, item) {
      change(lane, () => {
        byId.delete(item.id);
        dropItem(lane.row, item);
        count(lane, -1);
      });
    },
    setDue: (lane, dueMs) => change(lane, () => (lane.dueMs = dueMs)),
    prolong: (lane, untilMs) =>
      change(lane, () => {
        if (lane.lease) lane.lease.untilMs = untilMs;
      }),
    hold: (lane, isHeld) => change(lane, () => (lane.isHeld = isHeld)),
    expire,
    // By the same for all, so that the heaps keep their order.
    shift(byMs) {
      for (const lane of lanes.values()) {
        lane.dueMs += byMs;
        if (lane.lease) lane.lease.untilMs += byMs;
      }
    },
    nextDueMs: () => waiting.top()?.dueMs,
    nextExpiryMs: () => leases.top()?.lease?.untilMs,
  };
}

/** Named `group|owner|…`; both are empty where the name has no such parts. */
function laneOf(item: LaneItem, dueMs: number): Lane {
  const name = item.lane;
  const from = name.indexOf('|') + 1;
  const to = from > 0 ? name.indexOf('|', from) : -1;
  const [group, owner] = to < 0 ? ['', ''] : [name.slice(0, from - 1), name.slice(from, to)];
  return { name, group, owner, row: { items: [item], head: 0 }, dueMs, lease: undefined, isHeld: false, place: -1 };
}

/** How many of each name there are; a name without any takes no room. */
interface Tally {
  of(name: string): number;
  add(name: string, more: number): void;
}

function createTally(): Tally {
  const counts = new Map<string, number>();
  const of = (name: string): number => counts.get(name) ?? 0;
  return {
    of,
    add(name, more) {
      const count = of(name) + more;
      if (count > 0) counts.set(name, count);
      else counts.delete(name);
    },
  };
}

function oldest(lane: Lane): number {
  return headItem(lane.row)?.seq ?? 0;
}

function endOf(lane: Lane): number {
  return lane.lease?.untilMs ?? 0;
}
