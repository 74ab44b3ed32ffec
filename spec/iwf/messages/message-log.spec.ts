/** The records of outbound messages: what becomes of those that wait behind another. */
import { expect } from 'chai';
import { MessageLog } from '../../../lib/iwf/messages/message-log.js';
import { messageLane, type MessageRecord, outboundItem } from '../../../lib/iwf/records.js';
import { defaultLimits } from '../../../lib/store/limits.js';
import type { Store } from '../../../lib/store/store.js';
import { openVolatileStore } from '../../../lib/store/volatile.js';
import { FakeClock } from '../../support/fake-clock.js';
import { silentLog, silentMetrics } from '../../support/silent.js';
import { roomy } from '../roomy-notifications.js';

const bot = 'sip:bot@botplatform.example.net';
const user = 'tel:+15550100001';

describe('a message that waits behind another', () => {
  let clock: FakeClock;
  let store: Store;
  let messages: MessageLog;
  let warned: string[];

  beforeEach(() => {
    clock = new FakeClock();
    warned = [];
    store = openVolatileStore({ clock, log: silentLog, metrics: undefined, limits: defaultLimits });
    const log = { ...silentLog, warn: (event: string) => void warned.push(event) };
    const notifications = { ...roomy, items: () => [] };
    const moved = () => ({});
    messages = new MessageLog({
      store,
      clock,
      log,
      metrics: silentMetrics,
      notifications,
      retentionMs: 1_000_000_000,
      moved,
    });
  });
  afterEach(async () => {
    messages.close();
    await store.close();
  });

  async function commit(messageId: string, expiry?: number): Promise<MessageRecord> {
    const record: MessageRecord = {
      messageId,
      user,
      status: 'Pending',
      dateTime: new Date(clock.now()).toISOString(),
      createdAtMs: clock.now(),
      validUntilMs: clock.now() + (expiry ?? 86_400) * 1000,
      conversationId: 'c',
      contributionId: 'c',
      message: { text: 'hello', ...(expiry === undefined ? {} : { expiry }) },
    };
    const item = outboundItem(messageLane(bot, user), messageId, { kind: 'message', bot, user, messageId });
    expect(await store.commit({ ...messages.put(bot, record, 0), enqueue: [item] })).to.equal(true);
    return record;
  }
  const statusOf = async (messageId: string) => (await messages.get(bot, user, messageId))?.value.status;

  it('ends at its own time, and leaves the lane', async () => {
    messages.watchEnd(bot, await commit('1'));
    messages.watchEnd(bot, await commit('2', 60));
    await clock.advance(59_999);
    expect(await statusOf('2')).to.equal('Pending');
    await clock.advance(1);
    expect([await statusOf('1'), await statusOf('2')]).to.deep.equal(['Pending', 'Expired']);
    expect(await store.depth('outbound')).to.equal(1);
    expect(warned).to.deep.equal(['message given up']);
  });

  it('is watched anew after a restart, once its lane was tried', async () => {
    await commit('1');
    await commit('2', 60);
    const [claim] = await store.claim('outbound', { lanes: 1, perLane: 16, leaseMs: 30_000 });
    await store.nack(claim!, clock.now() + 3_600_000);
    await messages.lapse(claim!.items.slice(1));
    await clock.advance(60_000);
    expect(await statusOf('2')).to.equal('Expired');
  });

  it('is watched no longer once it has gone', async () => {
    await commit('1');
    messages.watchEnd(bot, await commit('2', 60));
    await clock.advance(0);
    const before = clock.pending;
    expect(await messages.advance(bot, user, '2', { event: 'sent' })).to.equal('changed');
    expect(clock.pending).to.equal(before - 1);
    await clock.advance(60_000);
    expect(await statusOf('2')).to.equal('Sent');
  });

  it('first in its lane is left to who tries it, as is one without an end of its own', async () => {
    const before = clock.pending;
    messages.watchEnd(bot, await commit('1', 60));
    messages.watchEnd(bot, await commit('2'));
    await clock.advance(0);
    expect(clock.pending).to.equal(before);
  });

  it('costs a line where the store is closed: the bot has its answer', async () => {
    await commit('1');
    const second = await commit('2', 60);
    await store.close();
    messages.watchEnd(bot, second);
    await clock.advance(0);
    expect(warned).to.deep.equal(['end of a message not settled']);
  });
});
