/** Metrics: the table is what exists, nothing that is counted throws, nothing grows without bound. */
import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../lib/log.js';
import { createMetrics } from '../lib/metrics.js';
import { metricTable } from '../lib/metrics/table.js';
import type { DeadReason } from '../lib/notify/delivery/letters.js';
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
    metrics.count('notify_callbacks', { outcome: 'done' });
    metrics.count('notify_callbacks', { outcome: 'done' }, 2);
    metrics.count('notify_callbacks');
    expect(await lines(metrics, 'iwf_notify_callbacks_total{')).to.have.members([
      'iwf_notify_callbacks_total{outcome="done"} 3',
      'iwf_notify_callbacks_total{outcome=""} 1',
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
    metrics.count('notify_callbacks', { number: '+15550100001' });
    metrics.count('notify_callbacks', { outcome: 'x' }, -1);
    metrics.observe('store_commit_seconds', NaN);
    expect(await lines(metrics, 'iwf_notify_callbacks_total{')).to.deep.equal([]);
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
    expect(metricTable['notify_dead_letters']).to.have.deep.property('values', Object.keys(dead));
    expect(metricTable['store_failures_total']).to.have.deep.property('values', Object.keys(failures));
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
