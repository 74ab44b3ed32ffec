/** Addresses that have failed of late: of those behind one name they are tried last (RFC 3263 §4.3). */
import type { Address } from '../api.js';
import type { Timers } from '../transaction/timers.js';
import { RecentMap } from './recent-map.js';

/** §4.3 leaves it open; a name's addresses are asked for again as often. */
const FAILING_MS = 30_000;
/** And so long thereafter OPTIONS alone tries them: it can go on to the next address, and no message waits for the outcome. */
const PROBED_MS = 60_000;
const MAX_KNOWN = 1000;
/** Before any time. */
const notFailing = -1;

export class FailingAddresses {
  private readonly timers: Pick<Timers, 'now'>;
  /** When each has failed. */
  private readonly failedMs = new RecentMap<number>(MAX_KNOWN);
  /** When each has answered last. */
  private readonly answeredMs = new RecentMap<number>(MAX_KNOWN);

  constructor(timers: Pick<Timers, 'now'>) {
    this.timers = timers;
  }

  /** It could not be reached, or said 503. */
  failed(address: Address): void {
    this.failedMs.set(keyOf(address), this.timers.now());
  }

  answered(address: Address): void {
    const key = keyOf(address);
    this.answeredMs.set(key, this.timers.now());
    if (this.failedMs.size > 0) this.failedMs.delete(key);
  }

  /** To a request that left at `sinceMs` nothing has come: whether it has failed, or is slow with this one alone. */
  silent(address: Address, sinceMs: number): boolean {
    const answeredMs = this.answeredMs.get(keyOf(address));
    if (answeredMs !== undefined && answeredMs >= sinceMs) return false;
    this.failed(address);
    return true;
  }

  /**
   * The same addresses, those that fail last; of these the one first that failed first. One whose time is over is on
   * trial with the request that asks, if a `probe`: until that is answered it goes on to be last for all others.
   */
  last(addresses: readonly Address[], isProbe: boolean): readonly Address[] {
    if (this.failedMs.size === 0 || addresses.length < 2) return addresses;
    const ranked = addresses.map((address) => ({ address, rank: this.rankOf(keyOf(address), isProbe) }));
    return ranked.sort((one, other) => one.rank - other.rank).map(({ address }) => address);
  }

  private rankOf(key: string, isProbe: boolean): number {
    const failedMs = this.failedMs.get(key);
    if (failedMs === undefined) return notFailing;
    const agoMs = this.timers.now() - failedMs;
    // Less than nothing: the clock was put back.
    if (agoMs >= 0 && agoMs < (isProbe ? FAILING_MS : PROBED_MS)) return failedMs;
    this.failedMs.set(key, this.timers.now());
    return notFailing;
  }
}

/** A host that is dead is so by every transport. */
function keyOf({ host, port }: Address): string {
  return `${host} ${port}`;
}
