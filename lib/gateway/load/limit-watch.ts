/** Limits that are reached: whatever a part counts of them is counted once more by the limit's key, and told in the log, seldom. */
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import { tellSeldom } from '../../log/seldom.js';
import type { MetricsRegistry } from '../../metrics.js';

export interface LimitWatch extends MetricsRegistry {
  /** Tells what was not told yet; idempotent. */
  close(): void;
}

/** The one metric of all limits; its label is the limit's key in the configuration. */
const reached = 'limit_reached_total';

export function watchLimits(metrics: MetricsRegistry, { log, clock }: { log: Logger; clock: Clock }): LimitWatch {
  const seldom = tellSeldom(clock, (limit, told) => log.warn('limit reached', { limit, ...told }));
  return {
    ...metrics,
    count(name, labels, by = 1, who) {
      metrics.count(name, labels, by);
      const limit = limitOf(name, labels);
      if (limit === undefined) return;
      if (name !== reached) metrics.count(reached, { limit }, by);
      seldom.note(limit, by, who);
    },
    close: () => seldom.close(),
  };
}

function limitOf(name: string, labels: Readonly<Record<string, string>> = {}): string | undefined {
  if (name === reached) return labels['limit'];
  const counted = limitCounts[name];
  return counted && counted.keys[labels[counted.label] ?? ''];
}

interface LimitCount {
  readonly label: string;
  /** From the label's value to the limit's key. */
  readonly keys: Readonly<Record<string, string>>;
}

/** Counts that say by a label which limit it was. */
export const limitCounts: Readonly<Record<string, LimitCount>> = {
  rest_client_errors_total: {
    label: 'status',
    keys: { 408: 'rest.requestTimeoutS', unread: 'rest.requestTimeoutS', 431: 'rest.maxHeaderBytes' },
  },
  msrp_connections_cut_total: {
    label: 'reason',
    keys: {
      unread: 'msrp.transactionTimeoutS',
      slow: 'msrp.assemblyTimeoutS',
      crowded: 'msrp.maxTotalBufferedBytes',
    },
  },
  rest_requests_total: { label: 'status', keys: { 413: 'rest.maxBodyBytes' } },
  sip_overload_total: { label: 'limit', keys: { transactions: 'sip.maxTransactions', dialogs: 'sip.maxDialogs' } },
  sip_tcp_closed_total: {
    label: 'reason',
    keys: {
      connections: 'sip.maxConnections',
      connections_per_source: 'sip.maxConnectionsPerSource',
      buffered: 'sip.maxTotalBufferedBytes',
      unread: 'sip.maxBufferedBytes',
      slow: 'sip.messageTimeoutS',
    },
  },
  msrp_connections_refused_total: {
    label: 'reason',
    keys: { limit: 'msrp.maxConnections', 'source-limit': 'msrp.maxConnectionsPerSource' },
  },
};
