/**
 * The INVITEs of ours that are on their way: each is cancelled by who has asked for it, or when its Expires is over (RFC
 * 3261 §13.2.1), all of them at the end.
 */
import type { Clock, Timer } from '../../clock.js';
import type { Outgoing } from '../../sip/network.js';

export interface Call extends Pick<Outgoing, 'expiry'> {
  readonly signal?: AbortSignal | undefined;
}

export class Ringing {
  private readonly clock: Clock;
  /** One of its own for each: on a signal that all share their listeners would pile up. */
  private readonly underWay = new Set<AbortController>();
  private isOver = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get size(): number {
    return this.underWay.size;
  }

  /** `invite` is given the signal that cancels its INVITE. */
  async during<T>({ signal, expiry }: Call, invite: (cancel: AbortSignal) => Promise<T>): Promise<T> {
    const own = new AbortController();
    const cancel = (): void => own.abort();
    if (this.isOver || signal?.aborted) cancel();
    this.underWay.add(own);
    signal?.addEventListener('abort', cancel);
    const end = this.atEnd(expiry, cancel);
    try {
      return await invite(own.signal);
    } finally {
      end?.close();
      this.underWay.delete(own);
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Also what would ring from now on. */
  cancelAll(): void {
    this.isOver = true;
    for (const own of this.underWay) own.abort();
  }

  private atEnd(expiry: Call['expiry'], cancel: () => void): Timer | undefined {
    if (!expiry) return undefined;
    const { seconds, fromMs } = expiry;
    return this.clock.after(Math.max(0, fromMs + seconds * 1000 - this.clock.now()), cancel);
  }
}
