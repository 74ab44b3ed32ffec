/** All metrics of the gateway; never labelled by number, address, Call-ID or any other value without bound. */

interface Described {
  readonly help: string;
  readonly labels?: readonly string[];
}

export type MetricForm =
  | (Described & { readonly type: 'counter' })
  | (Described & { readonly type: 'gauge' })
  | (Described & { readonly type: 'histogram'; readonly buckets: readonly number[] });

/** From a local commit to a callback that takes its whole time. */
const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** By name without the prefix `iwf_`. */
export const metricTable: Readonly<Record<string, MetricForm>> = {
  messages_total: {
    type: 'counter',
    help: 'Messages by direction, kind (session, pager, large) and result',
    labels: ['direction', 'kind', 'result'],
  },
  receipts_total: {
    type: 'counter',
    help: 'Receipts (IMDN) by direction, status and result',
    labels: ['direction', 'status', 'result'],
  },
  notifications_total: { type: 'counter', help: 'Callbacks to platforms by result', labels: ['result'] },
  notification_seconds: { type: 'histogram', help: 'From a callback sent to its answer', buckets: seconds },
  http_requests_total: {
    type: 'counter',
    help: 'Requests to the REST face by route, method and status',
    labels: ['route', 'method', 'status'],
  },
  http_seconds: { type: 'histogram', help: 'From a REST request to its answer', labels: ['route'], buckets: seconds },
  sip_requests_total: {
    type: 'counter',
    help: 'SIP requests by direction, method and final status',
    labels: ['direction', 'method', 'status'],
  },
  sip_dropped_total: { type: 'counter', help: 'SIP input dropped without an answer', labels: ['reason'] },
  msrp_sessions: { type: 'gauge', help: 'MSRP sessions now' },
  msrp_connections: { type: 'gauge', help: 'MSRP connections now' },
  msrp_messages_total: {
    type: 'counter',
    help: 'MSRP messages by direction and result',
    labels: ['direction', 'result'],
  },
  msrp_dropped_total: { type: 'counter', help: 'MSRP input dropped, connections closed for it', labels: ['reason'] },
  store_commit_seconds: { type: 'histogram', help: 'From a commit asked for to its being durable', buckets: seconds },
  store_errors_total: { type: 'counter', help: 'Store operations that failed', labels: ['operation'] },
  queue_depth: { type: 'gauge', help: 'Items waiting or claimed', labels: ['queue'] },
  unknown_metric_total: { type: 'counter', help: 'Counts under names that the table lacks: a bug', labels: ['name'] },
};
