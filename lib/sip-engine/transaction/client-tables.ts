/** The client transactions as tables: what each event does in each state (RFC 3261 §17.1, RFC 6026 §7.2). */

/**
 * INVITE                                             others
 *
 *   calling ──1xx──▶ proceeding                        trying ──1xx──▶ proceeding
 *    │A: again │           │                            │E: again       │E: again, every T2
 *    │         2xx ──▶ accepted ──M──▶ terminated       │               │
 *    │         300-699 ─▶ completed ──D──▶ terminated   └──final────────┴─▶ completed ──K──▶ terminated
 *    └B, transport ─▶ terminated                        F, transport ─▶ terminated
 *
 * A stream that closes is no answer: the server may send it over one of its own (§18.2.2). Before any response the
 * request goes once more, over a new stream: who had it knows its branch, who has been started anew never had it, and
 * who is gone refuses. After a provisional one it is waited for, where that was a 100 alone for 64*T1 at most: nobody
 * has said that a phone rings, and the hop that sent it may have lost all it knew.
 */
export type ClientState = 'calling' | 'trying' | 'proceeding' | 'accepted' | 'completed' | 'terminated';

/**
 * `again`: timer A or E; `give-up`: timer B or F, or 64*T1 after a CANCEL or a close; `end`: timer D, K or M;
 * `closed`: of a stream; `transport-error`: ICMP, or no stream can be had.
 */
export type ClientEvent = 'again' | 'give-up' | 'end' | '1xx' | '2xx' | 'failure' | 'closed' | 'transport-error';

export type ClientAction =
  | 'send'
  | 'slow-send'
  | 'quiet'
  | 'pass'
  | 'late-2xx'
  | 'ack'
  | 'linger'
  | 'linger-ack'
  | 'move'
  | 'wait-server'
  | 'timeout'
  | 'fail';

interface Step {
  readonly to: ClientState;
  readonly do: readonly ClientAction[];
}

export type ClientTable = Readonly<Record<ClientState, Partial<Readonly<Record<ClientEvent, Step>>>>>;

function step(to: ClientState, ...actions: ClientAction[]): Step {
  return { to, do: actions };
}

const DEAD = step('terminated', 'fail');
const TIMED_OUT = step('terminated', 'timeout');
const OVER = step('terminated');

export const INVITE_CLIENT: ClientTable = {
  calling: {
    again: step('calling', 'send'),
    'give-up': TIMED_OUT,
    '1xx': step('proceeding', 'quiet', 'pass'),
    '2xx': step('accepted', 'quiet', 'pass', 'linger'),
    failure: step('completed', 'quiet', 'ack', 'pass', 'linger-ack'),
    closed: step('calling', 'move'),
    'transport-error': DEAD,
  },
  trying: {},
  proceeding: {
    // Only after a CANCEL that nobody heeds (§9.1).
    'give-up': TIMED_OUT,
    '1xx': step('proceeding', 'pass'),
    '2xx': step('accepted', 'quiet', 'pass', 'linger'),
    failure: step('completed', 'quiet', 'ack', 'pass', 'linger-ack'),
    closed: step('proceeding', 'wait-server'),
    'transport-error': DEAD,
  },
  accepted: { '2xx': step('accepted', 'late-2xx'), end: OVER },
  completed: { failure: step('completed', 'ack'), end: OVER, 'transport-error': OVER },
  terminated: {},
};

export const OTHER_CLIENT: ClientTable = {
  calling: {},
  trying: {
    again: step('trying', 'send'),
    'give-up': TIMED_OUT,
    '1xx': step('proceeding', 'pass'),
    '2xx': step('completed', 'quiet', 'pass', 'linger'),
    failure: step('completed', 'quiet', 'pass', 'linger'),
    closed: step('trying', 'move'),
    'transport-error': DEAD,
  },
  proceeding: {
    again: step('proceeding', 'slow-send'),
    'give-up': TIMED_OUT,
    '1xx': step('proceeding', 'pass'),
    '2xx': step('completed', 'quiet', 'pass', 'linger'),
    failure: step('completed', 'quiet', 'pass', 'linger'),
    // Timer F goes on.
    closed: step('proceeding'),
    'transport-error': DEAD,
  },
  accepted: {},
  completed: { end: OVER },
  terminated: {},
};
