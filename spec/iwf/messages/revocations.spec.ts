import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import type { Chatbot } from '../../../lib/iwf/actions.js';
import { chatbotDirectory } from '../../../lib/iwf/chatbots.js';
import { MessageLog } from '../../../lib/iwf/messages/message-log.js';
import type { MessageRecord, ServiceItem } from '../../../lib/iwf/records.js';
import { Revocations } from '../../../lib/iwf/messages/revocations.js';
import type { Notifications } from '../../../lib/notify/notifications.js';
import type { Network, OutgoingMessage } from '../../../lib/sip/network.js';
import { defaultLimits } from '../../../lib/store/limits.js';
import type { Claim, ClaimedItem, Store } from '../../../lib/store/store.js';
import { openVolatileStore } from '../../../lib/store/volatile.js';
import { readFeatureTags } from '../../../lib/wire/feature-tags.js';
import { defaultRevokeVocabulary, parseRevoke } from '../../../lib/wire/rcs/revoke.js';
import { FakeClock } from '../../support/fake-clock.js';
import { silentLog, silentMetrics } from '../../support/silent.js';
import { roomy } from '../roomy-notifications.js';

const bot: Chatbot = {
  uri: 'sip:shop@botplatform.example.net',
  name: 'shop',
  version: '#=1',
  roles: ['session', 'standalone'],
  mode: 'auto',
  platformId: 'p',
  serverRoot: 'http://127.0.0.1',
};
const user = 'tel:+15550100001';
const lane = { lanes: 10, perLane: 1, leaseMs: 10_000 };

describe('a revoke under way', () => {
  let clock: FakeClock;
  let store: Store;
  let sent: OutgoingMessage[];
  let answers: number[];
  let parts: { messages: MessageLog; revocations: Revocations };

  beforeEach(async () => {
    clock = new FakeClock();
    store = openVolatileStore({ clock, log: silentLog, metrics: silentMetrics, limits: defaultLimits });
    sent = [];
    answers = [];
    parts = assemble();
    await store.commit({
      ...parts.messages.put(bot.uri, record, 0),
      enqueue: [{ queue: 'outbound', lane: 'message|x', id: 'm1', value: { kind: 'message' } }],
    });
  });
  afterEach(() => store.close());

  const record: MessageRecord = {
    messageId: 'm1',
    user,
    status: 'Pending',
    dateTime: '2026-11-22T10:00:00Z',
    createdAtMs: 0,
    validUntilMs: Number.MAX_SAFE_INTEGER,
    conversationId: 'c',
    contributionId: 'k',
    message: { text: 'hello' },
  };

  /** Also what a gateway is that starts on the same store. */
  function assemble(): typeof parts {
    const notifications: Notifications = {
      ...roomy,
      items: (notification) => {
        const status = notification.kind === 'messageStatus' ? notification.status : notification.kind;
        return [{ queue: 'notify', lane: 'n', id: randomUUID(), value: status }];
      },
    };
    const messages: MessageLog = new MessageLog({
      store,
      clock,
      log: silentLog,
      metrics: silentMetrics,
      notifications,
      retentionMs: 1_000_000,
      moved: (uri, moved) => revocations.moved(uri, moved),
    });
    const sendMessage: Network['sendMessage'] = (message) => {
      sent.push(message);
      return Promise.resolve({ status: answers.shift() ?? 200, reason: 'scripted', tags: readFeatureTags([]) });
    };
    const revocations: Revocations = new Revocations({
      store,
      clock,
      log: silentLog,
      metrics: silentMetrics,
      network: { sendMessage } as Network,
      directory: chatbotDirectory({ chatbots: [bot], domains: [] }),
      messages,
      live: () => undefined,
      announced: (seen) => Promise.resolve(seen),
      backoffMs: () => 1000,
      vocabulary: defaultRevokeVocabulary,
      deadlineMs: 60_000,
      retentionMs: 1_000_000,
    });
    return { messages, revocations };
  }

  const statusNow = async () => (await parts.messages.get(bot.uri, user, 'm1'))?.value.status;
  /** What the platform is told, in order. */
  const told = async () => {
    const claims = await store.claim('notify', { ...lane, perLane: 100 });
    return claims.flatMap(({ items }) => items.map(({ value }) => value));
  };
  const request = () => parts.revocations.request(bot, user, { messageId: 'm1' });
  const move = (event: 'sent' | 'delivered') => parts.messages.advance(bot.uri, user, 'm1', { event });

  /** Runs each due item once, as the worker does. */
  async function runDue(): Promise<readonly Claim[]> {
    const claims = await store.claim('outbound', lane);
    for (const claim of claims) {
      const [claimed] = claim.items;
      if (claimed) await runItem(claim, claimed);
    }
    return claims;
  }

  async function runItem(claim: Claim, claimed: ClaimedItem): Promise<void> {
    const item = claimed.value as ServiceItem;
    if (item.kind !== 'revoke' && item.kind !== 'revokeDeadline') return;
    const outcome =
      item.kind === 'revoke'
        ? await parts.revocations.perform(claimed, item)
        : await parts.revocations.performDeadline(item);
    const changes = outcome.settlement ? { changes: outcome.settlement.changes } : {};
    if (outcome.kind === 'again') await store.nack(claim, outcome.dueAtMs, changes);
    else await store.ack(claim, { count: 1, ...changes });
  }

  it('that came before the message was sent leaves nothing to send [IWF-404]', async () => {
    expect(await request()).to.equal('accepted');
    expect(await statusNow()).to.equal('Revoked');
    expect(await told()).to.deep.equal(['Revoked']);
    expect(await store.depth('outbound')).to.equal(0);
  });

  it('that came while a worker sends waits until the message is sent [IWF-415]', async () => {
    const [claim] = await store.claim('outbound', lane);
    expect(await request()).to.equal('accepted');
    expect(await request(), 'twice').to.equal('accepted');
    expect(await statusNow()).to.equal('Pending');
    await move('sent');
    if (claim) await store.ack(claim);
    await runDue();
    expect(sent.map(({ content }) => parseRevoke(content))).to.deep.equal([
      { kind: 'request', messageId: 'm1', from: bot.uri, to: user },
    ]);
  });

  it('that came while a worker sends is told where the message arrives first [IWF-415]', async () => {
    await store.claim('outbound', lane);
    await request();
    await move('delivered');
    expect(await told()).to.deep.equal(['RevokeFailed']);
    expect(await statusNow()).to.equal('Delivered');
  });

  describe('after the message was sent', () => {
    beforeEach(async () => {
      const [claim] = await store.claim('outbound', lane);
      await move('sent');
      if (claim) await store.ack(claim);
      await request();
    });

    it('is tried again where the network cannot take it now [IWF-411]', async () => {
      answers = [503, 200];
      await runDue();
      await clock.advance(1000);
      await runDue();
      expect(sent).to.have.length(2);
      expect(await statusNow()).to.equal('Sent');
    });

    it('fails where the network refuses it for good [IWF-411]', async () => {
      answers = [403];
      await runDue();
      expect(await statusNow()).to.equal('RevokeFailed');
      expect(await told()).to.deep.equal(['RevokeFailed']);
    });

    it('fails at its deadline, also in a gateway that has started since [IWF-412]', async () => {
      await runDue();
      parts = assemble();
      await clock.advance(59_999);
      await runDue();
      expect(await statusNow()).to.equal('Sent');
      await clock.advance(1);
      await runDue();
      expect(await statusNow()).to.equal('RevokeFailed');
      expect(await told()).to.deep.equal(['RevokeFailed']);
      expect(await store.depth('outbound')).to.equal(0);
    });
  });
});
