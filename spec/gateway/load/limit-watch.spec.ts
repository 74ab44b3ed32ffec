/** A limit that is reached: one metric for all of them, and a line of the log that a flood cannot multiply. */
import { expect } from 'chai';
import { configSchema } from '../../../lib/config/schema.js';
import { limitCounts, type LimitWatch, watchLimits } from '../../../lib/gateway/load/limit-watch.js';
import type { Fields } from '../../../lib/log.js';
import { createMetrics } from '../../../lib/metrics.js';
import { metricTable } from '../../../lib/metrics/table.js';
import { FakeClock } from '../../support/fake-clock.js';
import { formAt } from '../../support/limit-keys.js';
import { silentLog } from '../../support/silent.js';

describe('limits that are reached [IWF-1726]', () => {
  let clock: FakeClock;
  let lines: Fields[];
  let metrics: LimitWatch;
  beforeEach(() => {
    clock = new FakeClock();
    lines = [];
    const log = { ...silentLog, warn: (_event: string, fields: Fields = {}) => void lines.push(fields) };
    metrics = watchLimits(createMetrics({ log: silentLog }), { log, clock });
  });
  afterEach(() => metrics.close());

  const full = (limit = 'store.maxItems', times = 1): void => {
    for (let at = 0; at < times; at++) metrics.count('limit_reached_total', { limit });
  };
  const counted = async (limit: string): Promise<string | undefined> =>
    (await metrics.expose()).split('\n').find((line) => line.startsWith(`iwf_limit_reached_total{limit="${limit}"}`));

  it('are told at once, then once a minute with how often, and no more when it is over', async () => {
    full('store.maxItems', 1_000);
    expect(lines).to.deep.equal([{ limit: 'store.maxItems', times: 1 }]);
    await clock.advance(60_000);
    expect(lines.slice(1)).to.deep.equal([{ limit: 'store.maxItems', times: 999 }]);
    await clock.advance(600_000);
    expect(lines).to.have.length(2);
    full();
    expect(lines[2]).to.deep.equal({ limit: 'store.maxItems', times: 1 });
    expect(await counted('store.maxItems')).to.match(/ 1001$/);
  });

  it('are told with who reached them most often', async () => {
    const by = (who: string, times = 1): void =>
      metrics.count('limit_reached_total', { limit: 'sip.maxDialogs' }, times, who);
    by('192.0.2.1');
    by('192.0.2.2', 3);
    by('192.0.2.1', 4);
    full('sip.maxDialogs');
    await clock.advance(60_000);
    by('192.0.2.3', 2);
    await clock.advance(60_000);
    expect(lines).to.deep.equal([
      { limit: 'sip.maxDialogs', times: 1, who: '192.0.2.1' },
      { limit: 'sip.maxDialogs', times: 8, who: '192.0.2.1', whoTimes: 4 },
      { limit: 'sip.maxDialogs', times: 2, who: '192.0.2.3' },
    ]);
  });

  it('name one of the first 64 of a minute: of more of them nobody stands out', async () => {
    full('sip.maxDialogs');
    for (let n = 0; n < 100; n++)
      metrics.count('limit_reached_total', { limit: 'sip.maxDialogs' }, n < 64 ? 1 : 9, `host ${n}`);
    await clock.advance(60_000);
    expect(lines[1]).to.deep.include({ who: 'host 0', whoTimes: 1 });
  });

  it('of a list that somebody is not in are none, and told as who was refused', async () => {
    metrics.count('sip_untrusted_total', { protocol: 'udp' }, 2, '192.0.2.1');
    expect(lines).to.deep.equal([{ list: 'sip.trustedPeers', times: 2, who: '192.0.2.1' }]);
    expect(await counted('sip.trustedPeers')).to.equal(undefined);
  });

  it('are told each by itself', () => {
    full('store.maxItems', 3);
    full('msrp.maxSessions', 3);
    expect(lines.map(({ limit }) => limit)).to.deep.equal(['store.maxItems', 'msrp.maxSessions']);
  });

  it('are known by what the parts count of them, too', async () => {
    metrics.count('sip_tcp_closed_total', { reason: 'connections' }, 2);
    metrics.count('sip_tcp_closed_total', { reason: 'idle' });
    metrics.count('rest_requests_total', { route: '/', method: 'POST', status: '413' });
    expect(lines).to.deep.equal([
      { limit: 'sip.maxConnections', times: 2 },
      { limit: 'rest.maxBodyBytes', times: 1 },
    ]);
    expect(await counted('sip.maxConnections')).to.match(/ 2$/);
    expect(await metrics.expose()).to.match(/^iwf_sip_tcp_closed_total\{reason="connections"\} 2$/m);
  });

  it('are not strangers, who are told in the same way, and wake nobody [msrp.trustedPeers]', async () => {
    for (let n = 0; n < 100; n++)
      metrics.count('msrp_connections_refused_total', { reason: 'not-admitted' }, 1, '192.0.2.9');
    await clock.advance(60_000);
    expect(lines).to.deep.equal([
      { list: 'msrp.trustedPeers', times: 1, who: '192.0.2.9' },
      { list: 'msrp.trustedPeers', times: 99, who: '192.0.2.9' },
    ]);
    expect(await counted('msrp.trustedPeers')).to.equal(undefined);
    expect(await metrics.expose()).to.match(/^iwf_msrp_connections_refused_total\{reason="not-admitted"\} 100$/m);
  });

  it('and not yet told are told at the end', () => {
    full('store.maxItems', 5);
    metrics.close();
    metrics.close();
    expect(lines.map(({ times }) => times)).to.deep.equal([1, 4]);
    expect(clock.pending).to.equal(0);
  });

  it('are keys of the configuration, and counted under metrics that exist', () => {
    for (const [name, { label, keys }] of Object.entries(limitCounts)) {
      expect(metricTable[name]?.labels, name).to.include(label);
      for (const key of Object.values(keys)) expect(formAt(configSchema, key), key).not.to.equal(undefined);
    }
  });
});
