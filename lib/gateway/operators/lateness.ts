/** How late the gateway is, as gauges: how old what waits is, and how long what is due is left lying. */
import type { Clock } from '../../clock.js';
import type { MetricsRegistry } from '../../metrics.js';
import type { Store } from '../../store/store.js';

export interface LatenessDeps {
  readonly store: Pick<Store, 'oldestMs' | 'nextDueMs'>;
  readonly clock: Clock;
}

/** Neither walks over lanes or items: a scrape costs the same whatever waits. */
export function showLateness(metrics: Pick<MetricsRegistry, 'gauge'>, { store, clock }: LatenessDeps): void {
  // An item may lie ahead of a clock that was put back, and a lane may be due later on purpose.
  const secondsSince = (atMs: number | undefined): number =>
    atMs === undefined ? 0 : Math.max(0, clock.now() - atMs) / 1000;
  for (const queue of ['outbound', 'notify'] as const) {
    metrics.gauge('queue_oldest_seconds', async () => secondsSince(await store.oldestMs(queue)), { queue });
    metrics.gauge('queue_overdue_seconds', async () => secondsSince(await store.nextDueMs(queue)), { queue });
  }
}
