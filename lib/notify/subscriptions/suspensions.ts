/** Subscriptions of platforms that are suspended since the last start: they end behind the start, which does not wait for them. */
import type { Clock, Timer } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Subscription } from '../../resources/subscription.js';
import type { Subscriptions } from './subscriptions.js';

export interface SuspensionsDeps {
  readonly subscriptions: Pick<Subscriptions, 'endAll' | 'has'>;
  readonly isSuspended: (platformId: string) => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The store may be full, and what is delivered meanwhile make room. */
const againMs = 5_000;

export class Suspensions {
  private readonly deps: SuspensionsDeps;
  private timer: Timer | undefined;
  private closed = false;

  constructor(deps: SuspensionsDeps) {
    this.deps = deps;
  }

  /** `then` is done once they have ended, or cannot be ended now: what was queued for them is to be given up, not delivered. */
  start(then: () => void): void {
    if (!this.deps.subscriptions.has(this.isMeant)) then();
    else void this.end().finally(() => this.closed || then());
  }

  close(): void {
    this.closed = true;
    this.timer?.close();
  }

  private async end(): Promise<void> {
    const { subscriptions, clock, log } = this.deps;
    try {
      await subscriptions.endAll('suspended', this.isMeant);
    } catch (error) {
      log.warn('subscriptions not ended, tried again', { problem: String(error) });
      if (!this.closed) this.timer = clock.after(againMs, () => void this.end());
    }
  }

  private readonly isMeant = ({ platformId }: Subscription): boolean => this.deps.isSuspended(platformId);
}
