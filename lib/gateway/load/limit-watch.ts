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

/** A list of the configuration that somebody is not in: told in the same way, but no limit, whose alert a stranger could ring. */
const refusingLists: Readonly<Record<string, LimitCount | string>> = {
  sip_untrusted_total: 'sip.trustedPeers',
  msrp_connections_refused_total: { label: 'reason', keys: { 'not-admitted': 'msrp.trustedPeers' } },
};

/** A peer that does not speak what the port does: TLS to one without, or a certificate that will not do. */
const cuts: Readonly<Record<string, LimitCount>> = {
  sip_tcp_closed_total: { label: 'reason', keys: { unframed: 'unframed', handshake: 'handshake' } },
};

export function watchLimits(metrics: MetricsRegistry, { log, clock }: { log: Logger; clock: Clock }): LimitWatch {
  const limits = tellSeldom(clock, (limit, told) => log.warn('limit reached', { limit, ...told }));
  const lists = tellSeldom(clock, (list, told) => log.warn('peer refused', { list, ...told }));
  const cut = tellSeldom(clock, (reason, told) => log.warn('sip connection cut', { reason, ...told }));
  return {
    ...metrics,
    count(name, labels, by = 1, who) {
      metrics.count(name, labels, by);
      const list = keyOf(refusingLists[name], labels);
      if (list !== undefined) lists.note(list, by, who);
      const reason = keyOf(cuts[name], labels);
      if (reason !== undefined) cut.note(reason, by, who);
      const limit = limitOf(name, labels);
      if (limit === undefined) return;
      if (name !== reached) metrics.count(reached, { limit }, by);
      limits.note(limit, by, who);
    },
    close() {
      limits.close();
      lists.close();
      cut.close();
    },
  };
}

function limitOf(name: string, labels: Readonly<Record<string, string>> = {}): string | undefined {
  if (name === reached) return labels['limit'];
  return keyOf(limitCounts[name], labels);
}

function keyOf(
  counted: LimitCount | string | undefined,
  labels: Readonly<Record<string, string>> = {},
): string | undefined {
  return typeof counted === 'string' ? counted : counted?.keys[labels[counted.label] ?? ''];
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
