/** All metrics of the gateway; never labelled by number, address, Call-ID or any other value without bound. */
import { limitKeys } from './limit-keys.js';

interface Described {
  readonly help: string;
  readonly labels?: readonly string[];
}

export type MetricForm =
  | (Described & {
      readonly type: 'counter';
      /** All that each of its labels can be: they stand at 0 from the start, for to an alert 1 after nothing is no increase. */
      readonly values?: readonly (readonly string[])[];
    })
  | (Described & { readonly type: 'gauge' })
  | (Described & { readonly type: 'histogram'; readonly buckets: readonly number[] });

/** From a local commit to a callback that takes its whole time. */
const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** How many were done at once. */
const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

function counterOf(help: string, ...labels: readonly string[]): MetricForm {
  return { type: 'counter', help, labels };
}

function closedCounterOf(help: string, closed: Readonly<Record<string, readonly string[]>>): MetricForm {
  return { type: 'counter', help, labels: Object.keys(closed), values: Object.values(closed) };
}

function gaugeOf(help: string, ...labels: readonly string[]): MetricForm {
  return { type: 'gauge', help, labels };
}

const statuses = ['Sent', 'Delivered', 'Displayed', 'Failed', 'Revoked', 'RevokeFailed', 'Expired', 'Interworked'];
const sipProtocols = ['udp', 'tcp', 'tls'];
const callbackOutcomes = ['done', 'retry', 'slow', 'gone', 'dead'];
const deadReasons = ['refused', 'expired', 'gone', 'ended', 'removed', 'surplus', 'unreadable'];
const storeFailures = ['full', 'busy', 'closed', 'failed', 'invalid', 'duplicate'];

/** By the name that the parts use; exposed with `iwf_` before it, and `_total` behind a counter that has it not. */
export const metricTable: Readonly<Record<string, MetricForm>> = {
  // What the gateway is for.
  ready: gaugeOf('Whether new traffic may come: 1 where /readyz says ready or degraded, else 0'),
  messages_total: counterOf('Messages by direction, kind and result', 'direction', 'kind', 'result'),
  message_status_total: closedCounterOf('Changes of an outbound message to a status', { status: statuses }),
  receipts_total: counterOf('Receipts (IMDN) by direction, status and result', 'direction', 'status', 'result'),
  sessions_total: counterOf('Chat sessions opened by direction', 'direction'),
  confirmed_sessions_total: counterOf('Events of confirmed sessions', 'event'),
  capability_queries_total: counterOf('Capability queries to the network by result', 'result'),
  bot_json_invalid_total: counterOf('Bot JSON that breaks its schema, by what became of it', 'result'),
  file_documents_total: counterOf('Files by URL from users: told in members too, or as the document alone', 'form'),
  spam_reports_total: counterOf('Spam reports of users, taken'),
  privacy_commands_total: counterOf('Privacy commands of users by what became of them', 'result'),
  revokes_total: counterOf('Messages that bots take back by what became of it', 'result'),
  limit_reached_total: closedCounterOf('A configured limit was reached', { limit: limitKeys }),
  turns_waiting: gaugeOf(
    'Requests and messages to users that wait for their turn on the one thread, one of each bot in rotation',
  ),
  overload_share: gaugeOf('Share of new work that is taken: below 1 the gateway is overloaded'),
  overload_refused_total: closedCounterOf('New work refused because of overload', {
    side: ['sip', 'rest'],
    work: ['message', 'receipt'],
  }),
  queue_depth: gaugeOf('Items waiting or claimed', 'queue'),
  queue_oldest_seconds: gaugeOf(
    'Since when the oldest item waiting or claimed is in its queue; 0: there is none',
    'queue',
  ),
  queue_overdue_seconds: gaugeOf(
    'How long the lane that is due longest waits to be taken in hand; 0: none is due',
    'queue',
  ),

  // REST face and callbacks.
  rest_requests_total: counterOf('Requests to the REST face by route, method and status', 'route', 'method', 'status'),
  rest_request_seconds: {
    type: 'histogram',
    help: 'From a REST request to its answer',
    labels: ['route'],
    buckets: seconds,
  },
  rest_client_errors_total: counterOf(
    'Connections closed for what is no HTTP or too slow, by the status answered; unread: an answer not taken, tls: no handshake',
    'status',
  ),
  notify_callbacks: closedCounterOf('Callbacks to platforms by outcome', { outcome: callbackOutcomes }),
  notify_callback_seconds: { type: 'histogram', help: 'From a callback sent to its answer', buckets: seconds },
  notify_told: counterOf('Callbacks sent once and not stored (is-composing) by outcome', 'outcome'),
  notify_circuits: closedCounterOf('Circuit breakers of notifyURLs opened and closed', { state: ['open', 'closed'] }),
  notify_circuits_open: gaugeOf('notifyURLs that do not answer, and are asked now and then only'),
  notify_channels: gaugeOf('Notification channels now'),
  notify_dead_letters: closedCounterOf('Notifications given up', { reason: deadReasons }),
  notify_dead_letters_kept: gaugeOf('Notifications given up that can be replayed'),
  notify_dead_letters_replayed: counterOf('Dead letters put back into the queue by the operator'),
  notify_verifications: closedCounterOf('Challenges of notifyURLs by what came back', {
    outcome: ['echoed', 'silent', 'refused', 'wrong'],
  }),
  notify_subscriptions_created: closedCounterOf('Subscriptions made', {
    api: ['chat', 'capabilitydiscovery', 'spamreport', 'aliasmgmt'],
  }),
  notify_subscriptions_ended: closedCounterOf('Subscriptions ended', { reason: ['gone', 'expired', 'suspended'] }),
  notify_subscriptions_refused: counterOf('Subscriptions refused for their number'),

  // SIP.
  sip_requests_total: counterOf(
    'SIP requests by direction, method and final status (embedded engine)',
    'direction',
    'method',
    'status',
  ),
  sip_refused_total: counterOf('SIP requests refused before the interpreter saw them', 'status'),
  sip_malformed_total: closedCounterOf('SIP messages that cannot be read', { protocol: sipProtocols }),
  sip_untrusted_total: closedCounterOf(
    'Datagrams and connections of untrusted peers, and their requests on connections of ours, dropped; of drachtio-server, their requests, refused',
    { protocol: sipProtocols },
  ),
  sip_overload_total: closedCounterOf('SIP requests refused at a limit; load: because of overload', {
    limit: ['transactions', 'dialogs', 'load'],
  }),
  sip_unanswered_total: counterOf('SIP requests the application did not answer in time'),
  sip_unacknowledged_total: counterOf('2xx to INVITE without an ACK'),
  sip_stray_acks_total: counterOf('ACKs of no dialog'),
  sip_stray_responses_total: counterOf('Responses of no transaction'),
  sip_forked_total: counterOf('Further 2xx of a forked INVITE, ended'),
  sip_dialogs_lost_total: closedCounterOf('Dialogs that ended without BYE', {
    reason: ['no_ack', 'no_way_for_ack', 'session_timer'],
  }),
  sip_finished_evicted_total: counterOf('Finished transactions forgotten before their time'),
  sip_unresolved_total: counterOf('Next hops that DNS does not know'),
  sip_unreachable_total: closedCounterOf('Next hops that cannot be reached', { protocol: sipProtocols }),
  sip_tcp_closed_total: counterOf('SIP connections closed by the gateway', 'reason'),
  sip_tcp_errors_total: counterOf('Errors of listening SIP sockets (TCP)'),
  sip_udp_errors_total: counterOf('Errors of SIP sockets (UDP)'),
  sip_transactions: gaugeOf('SIP transactions without a final answer now, both directions (embedded engine)'),
  sip_finished: gaugeOf('Answered SIP transactions remembered for retransmissions now (embedded engine)'),
  sip_dialogs: gaugeOf('SIP dialogs now (embedded engine)'),
  sip_connections: gaugeOf('SIP connections over TCP and TLS now (embedded engine)'),
  sip_next_hop_up: gaugeOf('Whether a next hop answers: 1 or 0', 'hop'),
  sip_next_hop_changes_total: closedCounterOf('Next hops that went down or came up', { state: ['up', 'down'] }),
  sip_engine_lost_total: counterOf('Connections to the SIP engine lost'),
  sip_engine_refused_total: counterOf('Requests that the SIP engine refused', 'status'),
  sip_engine_applications_closed_total: counterOf('Applications that the embedded engine has closed', 'reason'),

  // MSRP.
  msrp_sessions: gaugeOf('MSRP sessions now'),
  msrp_connections: gaugeOf('MSRP connections now'),
  msrp_messages_total: counterOf(
    'Whole MSRP messages by direction and status; outbound also lost: no answer came',
    'direction',
    'status',
  ),
  msrp_refused_total: counterOf('MSRP requests refused', 'status'),
  msrp_stray_total: counterOf('MSRP frames that fit nowhere', 'kind'),
  msrp_garbage_total: counterOf('Connections closed for what is no MSRP'),
  msrp_connections_refused_total: counterOf('MSRP connections refused', 'reason'),
  msrp_connections_cut_total: counterOf(
    'MSRP connections closed for a peer that does not read, reads most slowly while there is no room, or trickles a frame',
    'reason',
  ),
  msrp_connections_unbound_total: counterOf('MSRP connections closed without ever having a session'),
  msrp_sessions_closed_total: counterOf('MSRP sessions ended', 'reason'),
  msrp_assemblies_expired_total: counterOf('MSRP messages begun and never completed'),

  // Store.
  store_commit_seconds: { type: 'histogram', help: 'From a commit asked for to its being durable', buckets: seconds },
  store_failures_total: closedCounterOf('Commits that failed, by reason; tries of the store while they fail included', {
    reason: storeFailures,
  }),
  store_silent_seconds: gaugeOf('How long the store has not answered the question that is open'),
  store_waits_ended_total: closedCounterOf('Requests answered 503 since the store did not answer', {
    side: ['rest', 'sip', 'admin'],
  }),
  store_batch_writes: { type: 'histogram', help: 'Commits that one write to disk has made durable', buckets: sizes },

  // Who did what.
  audit_failures_total: counterOf('Audit entries that their file did not take: they are in the log'),

  unknown_metric_total: counterOf('Counts under names that the table lacks: a bug', 'name'),
};
