/** Metrics: the table is what exists, nothing that is counted throws, nothing grows without bound. */
import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../lib/log.js';
import { createMetrics } from '../lib/metrics.js';
import { metricTable } from '../lib/metrics/table.js';
import type { Origin, Work } from '../lib/gateway/load/overload.js';
import type { Side } from '../lib/gateway/load/store-wait.js';
import type { Outcome } from '../lib/notify/callback/outcome.js';
import type { DeadReason } from '../lib/notify/delivery/letters.js';
import type { EndReason } from '../lib/notify/subscriptions/subscription-record.js';
import type { MessageStatus } from '../lib/resources/message-status.js';
import type { SubscriptionApi } from '../lib/resources/subscription.js';
import type { Protocol } from '../lib/sip-engine/api.js';
import type { StoreFailure } from '../lib/store/store-error.js';
import { readCounted } from './support/counted.js';

describe('metrics', () => {
  const events: string[] = [];
  const note = (event: string) => void events.push(event);
  const log: Logger = { debug: note, info: note, warn: note, error: note };
  beforeEach(() => (events.length = 0));

  const lines = async (metrics: { expose(): Promise<string> }, start: string) =>
    (await metrics.expose()).split('\n').filter((line) => line.startsWith(start));

  it('counts by labels, a label that is not given being empty', async () => {
    const metrics = createMetrics({ log });
    metrics.count('notify_told', { outcome: 'done' });
    metrics.count('notify_told', { outcome: 'done' }, 2);
    metrics.count('notify_told');
    expect(await lines(metrics, 'iwf_notify_told_total{')).to.have.members([
      'iwf_notify_told_total{outcome="done"} 3',
      'iwf_notify_told_total{outcome=""} 1',
    ]);
  });

  it('observes into buckets', async () => {
    const metrics = createMetrics({ log });
    metrics.observe('store_commit_seconds', 0.004);
    expect(await lines(metrics, 'iwf_store_commit_seconds_bucket{le="0.0025"}')).to.deep.equal([
      'iwf_store_commit_seconds_bucket{le="0.0025"} 0',
    ]);
    expect(await lines(metrics, 'iwf_store_commit_seconds_bucket{le="0.005"}')).to.deep.equal([
      'iwf_store_commit_seconds_bucket{le="0.005"} 1',
    ]);
  });

  it('asks its gauges when it is read', async () => {
    const metrics = createMetrics({ log });
    let sessions = 3;
    metrics.gauge('msrp_sessions', () => sessions);
    metrics.gauge('queue_depth', () => Promise.resolve(7), { queue: 'notify' });
    metrics.gauge('queue_depth', () => 8, { queue: 'outbound' });
    await metrics.expose();
    sessions = 4;
    expect(await lines(metrics, 'iwf_msrp_sessions')).to.deep.equal(['iwf_msrp_sessions 4']);
    expect(await lines(metrics, 'iwf_queue_depth{')).to.deep.equal([
      'iwf_queue_depth{queue="notify"} 7',
      'iwf_queue_depth{queue="outbound"} 8',
    ]);
  });

  it('leaves out a gauge that cannot be read, or not in time', async () => {
    const metrics = createMetrics({ log });
    metrics.gauge('msrp_sessions', () => Promise.reject(new Error('closed')));
    metrics.gauge('queue_depth', () => new Promise<number>(() => undefined), { queue: 'notify' });
    metrics.gauge('queue_depth', () => 1, { queue: 'outbound' });
    expect(await lines(metrics, 'iwf_queue_depth{')).to.deep.equal(['iwf_queue_depth{queue="outbound"} 1']);
    expect(events).to.deep.equal(['gauge unreadable', 'gauge unreadable']);
  });

  it('counts an unknown name as such, and logs it once', async () => {
    const metrics = createMetrics({ log });
    metrics.count('messages_totl');
    metrics.observe('messages_totl', 1);
    metrics.gauge('no_such_gauge', () => 1);
    expect(await lines(metrics, 'iwf_unknown_metric_total{')).to.deep.equal([
      'iwf_unknown_metric_total{name="messages_totl"} 2',
      'iwf_unknown_metric_total{name="no_such_gauge"} 1',
    ]);
    expect(events).to.deep.equal(['metric unknown', 'metric unknown']);
  });

  it('refuses labels and values that are not the metric’s', async () => {
    const metrics = createMetrics({ log });
    metrics.count('notify_told', { number: '+15550100001' });
    metrics.count('notify_told', { outcome: 'x' }, -1);
    metrics.observe('store_commit_seconds', NaN);
    expect(await lines(metrics, 'iwf_notify_told_total{')).to.deep.equal([]);
    expect(await lines(metrics, 'iwf_unknown_metric_total{')).to.have.length(2);
  });

  it('is bounded: what is beyond a thousand series is counted as other [IWF-1719]', async () => {
    const metrics = createMetrics({ log });
    for (let at = 0; at < 1_500; at++) metrics.count('sip_tcp_closed_total', { reason: `r${at}` });
    const all = await lines(metrics, 'iwf_sip_tcp_closed_total{');
    expect(all).to.have.length(1_001);
    expect(all).to.include('iwf_sip_tcp_closed_total{reason="other"} 500');
  });

  it('of the process come where they are asked for', async () => {
    const text = await createMetrics({ log, process: true }).expose();
    expect(text).to.include('nodejs_eventloop_lag_p99_seconds').and.include('process_resident_memory_bytes');
    expect(await createMetrics({ log }).expose()).not.to.include('nodejs_');
  });

  it('are all in the table: whatever the sources count, with its labels', () => {
    const lib = fileURLToPath(new URL('../../lib', import.meta.url));
    const types = { count: 'counter', observe: 'histogram', gauge: 'gauge' };
    const faults = readCounted(lib).filter(({ name, call, labels }) => {
      const form = metricTable[name];
      return form?.type !== types[call] || labels.some((label) => !form.labels?.includes(label));
    });
    expect(faults).to.deep.equal([]);
  });

  it('are all counted, observed or read somewhere: no series is dead', () => {
    const lib = fileURLToPath(new URL('../../lib', import.meta.url));
    const counted = new Set(readCounted(lib).map(({ name }) => name));
    // Counted by metrics.ts itself, whoever calls it; read by names that are put together.
    const others = ['unknown_metric_total', 'sip_transactions', 'sip_finished', 'sip_dialogs', 'sip_connections'];
    expect(Object.keys(metricTable).filter((name) => !counted.has(name) && !others.includes(name))).to.deep.equal([]);
    expect(others.filter((name) => counted.has(name) || !(name in metricTable))).to.deep.equal([]);
  });

  it('have all values of a label that is closed, and no other', () => {
    const dead: Readonly<Record<DeadReason, true>> = {
      refused: true,
      expired: true,
      gone: true,
      ended: true,
      removed: true,
      surplus: true,
      unreadable: true,
    };
    const failures: Readonly<Record<StoreFailure, true>> = {
      full: true,
      busy: true,
      closed: true,
      failed: true,
      invalid: true,
      duplicate: true,
    };
    const statuses: Readonly<Record<Exclude<MessageStatus, 'Pending'>, true>> = {
      Sent: true,
      Delivered: true,
      Displayed: true,
      Failed: true,
      Revoked: true,
      RevokeFailed: true,
      Expired: true,
      Interworked: true,
    };
    const outcomes: Readonly<Record<Outcome['kind'], true>> = {
      done: true,
      retry: true,
      slow: true,
      gone: true,
      dead: true,
    };
    const apis: Readonly<Record<SubscriptionApi, true>> = {
      chat: true,
      capabilitydiscovery: true,
      spamreport: true,
      aliasmgmt: true,
    };
    const ends: Readonly<Record<EndReason, true>> = { gone: true, expired: true, suspended: true };
    const sides: Readonly<Record<Side, true>> = { rest: true, sip: true, admin: true };
    const origins: Readonly<Record<Origin['side'], true>> = { sip: true, rest: true };
    const works: Readonly<Record<Work, true>> = { message: true, receipt: true };
    const protocols: Readonly<Record<Protocol, true>> = { udp: true, tcp: true, tls: true };
    const closed = {
      notify_dead_letters: [dead],
      store_failures_total: [failures],
      message_status_total: [statuses],
      notify_callbacks: [outcomes],
      notify_subscriptions_created: [apis],
      notify_subscriptions_ended: [ends],
      store_waits_ended_total: [sides],
      overload_refused_total: [origins, works],
      sip_untrusted_total: [protocols],
      sip_malformed_total: [protocols],
      sip_unreachable_total: [protocols],
    };
    for (const [name, all] of Object.entries(closed))
      expect(metricTable[name], name).to.have.deep.property(
        'values',
        all.map((values) => Object.keys(values)),
      );
  });

  it('have each value of a closed label that a source writes out', () => {
    const lib = fileURLToPath(new URL('../../lib', import.meta.url));
    const written = readCounted(lib).flatMap(({ name, texts }) => texts.map((text) => ({ name, ...text })));
    const closed = written.filter(({ name }) => valuesOf(name) !== undefined);
    expect(closed).to.have.length.above(8);
    const known = ({ name, label, value }: (typeof written)[number]): boolean =>
      valuesOf(name)?.[metricTable[name]!.labels!.indexOf(label)]?.includes(value) === true;
    expect(closed.filter((one) => !known(one))).to.deep.equal([]);
  });

  it('stand at 0 from the start, each value of a closed label with each of the next', async () => {
    const metrics = createMetrics({ log });
    expect(await lines(metrics, 'iwf_overload_refused_total{')).to.deep.equal([
      'iwf_overload_refused_total{side="sip",work="message"} 0',
      'iwf_overload_refused_total{side="sip",work="receipt"} 0',
      'iwf_overload_refused_total{side="rest",work="message"} 0',
      'iwf_overload_refused_total{side="rest",work="receipt"} 0',
    ]);
    metrics.count('overload_refused_total', { work: 'receipt', side: 'sip' });
    expect(await lines(metrics, 'iwf_overload_refused_total{side="sip",work="receipt"}')).to.deep.equal([
      'iwf_overload_refused_total{side="sip",work="receipt"} 1',
    ]);
  });

  it('have names and labels by the rules of Prometheus', () => {
    for (const [name, { type, labels, help }] of Object.entries(metricTable)) {
      expect(name).to.match(/^[a-z][a-z0-9_]*$/);
      expect(help).not.to.equal('');
      if (type !== 'counter') expect(name).not.to.match(/_total$/);
      for (const label of labels ?? [])
        expect(label)
          .to.match(/^[a-z]+$/)
          .and.not.match(/contact|user|number|callid|message/);
    }
  });
});

function valuesOf(name: string): readonly (readonly string[])[] | undefined {
  const form = metricTable[name];
  return form?.type === 'counter' ? form.values : undefined;
}
