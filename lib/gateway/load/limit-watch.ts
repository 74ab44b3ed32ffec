/**
 * Limits that are reached: whatever a part counts of them is counted once more by the limit's key, and told in the log;
 * once at first, then once a minute with how often and by whom most often, so that a flood of refusals is no flood of lines.
 */
import type { Clock, Timer } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { MetricsRegistry } from '../../metrics.js';

export interface LimitWatch extends MetricsRegistry {
  /** Tells what was not told yet; idempotent. */
  close(): void;
}

/** The one metric of all limits; its label is the limit's key in the configuration. */
const reached = 'limit_reached_total';
const quietMs = 60_000;
/** Of one limit in a minute: of more than these nobody stands out. */
const maxNames = 64;

/** A list of the configuration that somebody is not in: told in the same way, but no limit, whose alert a stranger could ring. */
const refusingLists: Readonly<Record<string, LimitCount>> = {
  msrp_connections_refused_total: { label: 'reason', keys: { 'not-admitted': 'msrp.trustedPeers' } },
};

/** What is to be told of one limit. */
interface Tally {
  times: number;
  readonly timesOf: Map<string, number>;
}

interface Told extends Tally {
  readonly timer: Timer;
}

export function watchLimits(metrics: MetricsRegistry, { log, clock }: { log: Logger; clock: Clock }): LimitWatch {
  const told = new Map<string, Told>();
  let closed = false;

  const tell = (limit: string, tally: Tally): void => {
    const fields = { times: tally.times, ...mostOf(tally) };
    if (isList(limit)) log.warn('peer refused', { list: limit, ...fields });
    else log.warn('limit reached', { limit, ...fields });
    if (!closed) told.set(limit, { ...emptyTally(), timer: clock.after(quietMs, () => quiet(limit)) });
  };
  /** A minute is over: what came in it is told, and it was the last line if nothing came. */
  const quiet = (limit: string): void => {
    const tally = told.get(limit);
    told.delete(limit);
    if (tally && tally.times > 0) tell(limit, tally);
  };
  const note = (limit: string, by: number, who: string | undefined): void => {
    const before = told.get(limit);
    const tally = before ?? emptyTally();
    add(tally, by, who);
    if (!before) tell(limit, tally);
  };
  return {
    ...metrics,
    count(name, labels, by = 1, who) {
      metrics.count(name, labels, by);
      const list = keyOf(refusingLists[name], labels);
      if (list !== undefined) note(list, by, who);
      const limit = limitOf(name, labels);
      if (limit === undefined) return;
      if (name !== reached) metrics.count(reached, { limit }, by);
      note(limit, by, who);
    },
    close() {
      closed = true;
      for (const [limit, tally] of told) {
        tally.timer.close();
        if (tally.times > 0) tell(limit, tally);
      }
      told.clear();
    },
  };
}

function emptyTally(): Tally {
  return { times: 0, timesOf: new Map() };
}

function add(tally: Tally, by: number, who: string | undefined): void {
  const { timesOf } = tally;
  tally.times += by;
  if (who !== undefined && (timesOf.has(who) || timesOf.size < maxNames))
    timesOf.set(who, (timesOf.get(who) ?? 0) + by);
}

/** Who reached it most often, and how often where others did, too. */
function mostOf({ times, timesOf }: Tally): { readonly who?: string; readonly whoTimes?: number } {
  const [most] = [...timesOf].sort(([, a], [, b]) => b - a);
  if (!most) return {};
  const [who, whoTimes] = most;
  return whoTimes === times ? { who } : { who, whoTimes };
}

function limitOf(name: string, labels: Readonly<Record<string, string>> = {}): string | undefined {
  if (name === reached) return labels['limit'];
  return keyOf(limitCounts[name], labels);
}

function keyOf(counted: LimitCount | undefined, labels: Readonly<Record<string, string>> = {}): string | undefined {
  return counted?.keys[labels[counted.label] ?? ''];
}

function isList(key: string): boolean {
  return Object.values(refusingLists).some(({ keys }) => Object.values(keys).includes(key));
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
