import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { SessionLog } from '../../../lib/iwf/sessions/session-log.js';
import type { SessionRecord } from '../../../lib/iwf/records.js';
import { defaultLimits } from '../../../lib/store/limits.js';
import type { Store } from '../../../lib/store/store.js';
import { openVolatileStore } from '../../../lib/store/volatile.js';
import { FakeClock } from '../../support/fake-clock.js';
import { silentLog, silentMetrics } from '../../support/silent.js';
import { notificationsTo } from '../roomy-notifications.js';

const bot = 'sip:shop@botplatform.example.net';

describe('records of confirmed sessions at the start of a gateway', () => {
  it('end for all that were up, however many have ended before [IWF-1218]', async () => {
    const clock = new FakeClock();
    const common = { clock, log: silentLog, metrics: silentMetrics };
    const store = openVolatileStore({ ...common, limits: defaultLimits });
    const told: string[] = [];
    const notifications = notificationsTo(told);
    const log = new SessionLog({ ...common, store, notifications, correlatorMs: 1_000_000 });
    const record = (contact: string, status: SessionRecord['status']): SessionRecord => ({
      ...{ sessionId: randomUUID(), contact, status, direction: 'outbound', request: {} },
      ...{ conversationId: 'c', contributionId: 'd' },
    });
    const ended = Array.from({ length: 1100 }, () => log.put(bot, record('tel:+15550100001', 'Disconnected')));
    // One commit holds a thousand.
    await store.commit({ put: ended.slice(0, 550) });
    await store.commit({ put: ended.slice(550) });
    const up = record('tel:+15550100002', 'Connected');
    const rings = record('tel:+15550100003', 'Invited');
    await store.commit({ put: [log.put(bot, up), log.put(bot, rings)] });
    await log.settleOld();
    for (const { contact, sessionId } of [up, rings])
      expect(await log.find(bot, contact, sessionId)).to.include({ status: 'Disconnected' });
    expect(told).to.deep.equal(['SessionEnded', 'SessionFailed']);
    await store.close();
  });

  it('are left alone in a store that others share: they may be another gateway’s', async () => {
    const common = { clock: new FakeClock(), log: silentLog, metrics: silentMetrics };
    const store = openVolatileStore({ ...common, limits: defaultLimits });
    const shared = Object.create(store, { kind: { value: 'redis' } }) as Store;
    const told: string[] = [];
    const log = new SessionLog({ ...common, store: shared, notifications: notificationsTo(told), correlatorMs: 1000 });
    const up: SessionRecord = {
      ...{
        sessionId: randomUUID(),
        contact: 'tel:+15550100002',
        status: 'Connected',
        direction: 'outbound',
        request: {},
      },
      ...{ conversationId: 'c', contributionId: 'd' },
    };
    await store.commit({ put: [log.put(bot, up)] });
    await log.settleOld();
    expect([await log.find(bot, up.contact, up.sessionId), told]).to.deep.equal([up, []]);
    await store.close();
  });
});
