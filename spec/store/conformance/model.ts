/** A Store in the plainest words, for comparison: no time passes in it but by `nowMs`, nothing is concurrent. */

interface ModelItem {
  readonly id: string;
  readonly enqueuedAtMs: number;
  attempts: number;
}

interface ModelLane {
  readonly items: ModelItem[];
  dueMs: number;
  lease: { readonly number: number; readonly untilMs: number; left: number } | undefined;
}

interface ModelRecord {
  readonly value: number;
  readonly revision: number;
  readonly endMs: number;
}

export interface ModelClaim {
  readonly lane: string;
  readonly items: readonly (readonly [id: string, attempts: number])[];
}

export class Model {
  nowMs = 0;
  private readonly lanes = new Map<string, ModelLane>();
  private readonly records = new Map<string, ModelRecord>();
  private leases = 0;

  get(key: string): readonly [value: number, revision: number] | undefined {
    const found = this.records.get(key);
    return found && found.endMs > this.nowMs ? [found.value, found.revision] : undefined;
  }

  put(key: string, value: number, ttlMs = Infinity): void {
    this.records.set(key, { value, revision: (this.get(key)?.[1] ?? 0) + 1, endMs: this.nowMs + ttlMs });
  }

  enqueue(name: string, id: string): void {
    const lane = this.lane(name) ?? { items: [], dueMs: this.nowMs, lease: undefined };
    lane.items.push({ id, enqueuedAtMs: this.nowMs, attempts: 0 });
    this.lanes.set(name, lane);
  }

  /** By lane; the number of each claim is the place of the lease since the beginning. */
  claim(perLane: number, leaseMs: number): readonly ModelClaim[] {
    const due = [...this.lanes.keys()].sort().filter((name) => {
      const lane = this.lane(name);
      return lane && lane.items.length > 0 && !lane.lease && lane.dueMs <= this.nowMs;
    });
    return due.map((name) => this.lend(name, perLane, leaseMs));
  }

  ack(claim: ModelClaim, number: number, count: number): boolean {
    const lane = this.leased(claim, number);
    if (!lane?.lease) return false;
    const taken = Math.min(count, lane.lease.left);
    lane.items.splice(0, taken);
    lane.lease.left -= taken;
    if (lane.lease.left > 0) return true;
    lane.lease = undefined;
    lane.dueMs = this.nowMs;
    if (lane.items.length === 0) this.lanes.delete(claim.lane);
    return true;
  }

  nack(claim: ModelClaim, number: number, dueMs: number): boolean {
    const lane = this.leased(claim, number);
    const head = lane?.items[0];
    if (!lane || !head) return false;
    head.attempts++;
    lane.lease = undefined;
    lane.dueMs = dueMs;
    return true;
  }

  withdraw(id: string): boolean {
    for (const [name] of this.lanes) {
      const lane = this.lane(name);
      const place = lane?.items.findIndex((item) => item.id === id) ?? -1;
      if (!lane || place < 0) continue;
      if (lane.lease && place < lane.lease.left) return false;
      lane.items.splice(place, 1);
      if (lane.items.length === 0) this.lanes.delete(name);
      return true;
    }
    return false;
  }

  hasten(name: string): void {
    const lane = this.lane(name);
    if (lane && !lane.lease) lane.dueMs = Math.min(lane.dueMs, this.nowMs);
  }

  /** Every lease of the predecessor is taken over. */
  restart(): void {
    for (const lane of this.lanes.values()) {
      if (lane.lease) lane.dueMs = this.nowMs;
      lane.lease = undefined;
    }
  }

  depth(): number {
    return [...this.lanes.values()].reduce((sum, lane) => sum + lane.items.length, 0);
  }

  oldestMs(): number | undefined {
    const times = [...this.lanes.values()].flatMap(({ items }) => items.map(({ enqueuedAtMs }) => enqueuedAtMs));
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** As it stands now: a lease that is over has ended when it was over. */
  private lane(name: string): ModelLane | undefined {
    const lane = this.lanes.get(name);
    if (lane?.lease && lane.lease.untilMs <= this.nowMs) {
      lane.dueMs = lane.lease.untilMs;
      lane.lease = undefined;
    }
    return lane;
  }

  private leased(claim: ModelClaim, number: number): ModelLane | undefined {
    const lane = this.lane(claim.lane);
    return lane?.lease?.number === number ? lane : undefined;
  }

  private lend(name: string, perLane: number, leaseMs: number): ModelClaim {
    const lane = this.lane(name)!;
    const items = lane.items.slice(0, perLane);
    lane.lease = { number: this.leases++, untilMs: this.nowMs + leaseMs, left: items.length };
    return { lane: name, items: items.map(({ id, attempts }) => [id, attempts] as const) };
  }
}
