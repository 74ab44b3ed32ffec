/** What the gateway has in hand now, as gauges: what ends must leave each of them where it was. */
import type { MetricsRegistry } from '../../metrics.js';
import type { MsrpEndpoint } from '../../msrp/api.js';
import type { Store } from '../../store/store.js';
import type { SipSide } from '../network/sip.js';

export interface Holders {
  readonly store: Pick<Store, 'depth'>;
  readonly msrp: Pick<MsrpEndpoint, 'sessionCount' | 'connectionCount'>;
  readonly sip: Pick<SipSide, 'inHand'>;
  readonly notify: {
    readonly deadLetters: { readonly count: number };
    readonly health: { readonly openCircuits: number };
    readonly channels: { readonly size: number };
  };
}

export function showInHand(metrics: Pick<MetricsRegistry, 'gauge'>, { store, msrp, sip, notify }: Holders): void {
  metrics.gauge('notify_dead_letters_kept', () => notify.deadLetters.count);
  metrics.gauge('notify_circuits_open', () => notify.health.openCircuits);
  metrics.gauge('notify_channels', () => notify.channels.size);
  metrics.gauge('msrp_sessions', () => msrp.sessionCount);
  metrics.gauge('msrp_connections', () => msrp.connectionCount);
  metrics.gauge('queue_depth', () => store.depth('outbound'), { queue: 'outbound' });
  metrics.gauge('queue_depth', () => store.depth('notify'), { queue: 'notify' });
  if (sip.inHand() === undefined) return;
  for (const what of ['transactions', 'finished', 'dialogs', 'connections'] as const) {
    metrics.gauge(`sip_${what}`, () => sip.inHand()?.[what] ?? 0);
  }
}
