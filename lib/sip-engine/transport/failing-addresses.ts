/** Addresses that have failed of late: of those behind one name they are tried last (RFC 3263 §4.3). */
import type { Address } from '../api.js';
import type { Timers } from '../transaction/timers.js';

/** §4.3 leaves it open; a name's addresses are asked for again as often. */
const FAILING_MS = 30_000;
const MAX_FAILING = 1000;

export class FailingAddresses {
  private readonly timers: Pick<Timers, 'now'>;
  /** Until when, the longest known first. */
  private readonly until = new Map<string, number>();

  constructor(timers: Pick<Timers, 'now'>) {
    this.timers = timers;
  }

  /** It gave no answer, could not be reached, or said 503. */
  note(address: Address): void {
    const key = keyOf(address);
    this.until.delete(key);
    const oldest = this.until.size >= MAX_FAILING ? this.until.keys().next().value : undefined;
    if (oldest !== undefined) this.until.delete(oldest);
    this.until.set(key, this.timers.now() + FAILING_MS);
  }

  /** It has answered. */
  forget(address: Address): void {
    if (this.until.size > 0) this.until.delete(keyOf(address));
  }

  /** The same addresses, those that fail last; of these the one first that failed first. */
  last(addresses: readonly Address[]): readonly Address[] {
    if (this.until.size === 0 || addresses.length < 2) return addresses;
    const ranked = addresses.map((address) => ({ address, untilMs: this.untilOf(address) }));
    return ranked.sort((one, other) => one.untilMs - other.untilMs).map(({ address }) => address);
  }

  private untilOf(address: Address): number {
    const untilMs = this.until.get(keyOf(address)) ?? 0;
    const restMs = untilMs - this.timers.now();
    // More than it can have been: the clock was put back.
    return restMs > 0 && restMs <= FAILING_MS ? untilMs : 0;
  }
}

/** A host that is dead is so by every transport. */
function keyOf({ host, port }: Address): string {
  return `${host} ${port}`;
}
