/** What is kept, and for how long by configuration: each kind of record is there until its time is over, and then is not. */
import { expect } from 'chai';
import { loadConfig } from '../../lib/config.js';
import { interpreterLimits, notifyOptions, serviceLimits } from '../../lib/gateway/settings.js';
import type { Chatbot } from '../../lib/iwf/actions.js';
import { ConversationMemory } from '../../lib/iwf/sessions/conversation-memory.js';
import type { SessionContext } from '../../lib/iwf/sessions/conversation.js';
import { MessageLog } from '../../lib/iwf/messages/message-log.js';
import type { MessageRecord, SessionRecord } from '../../lib/iwf/records.js';
import { SessionLog } from '../../lib/iwf/sessions/session-log.js';
import { SpamReports } from '../../lib/iwf/services/spam-reports.js';
import type { Notifications } from '../../lib/notify/notifications.js';
import type { Notify } from '../../lib/notify/notify.js';
import { defaultLimits } from '../../lib/store/limits.js';
import type { RecordKind, Store } from '../../lib/store/store.js';
import { openVolatileStore } from '../../lib/store/volatile.js';
import { chatMessage, notifyOver, startPlatform, status, subscriptionRequest, until } from '../notify/harness.js';
import { FakeClock } from '../support/fake-clock.js';
import { silentLog, silentMetrics } from '../support/silent.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const user = 'tel:+15550100001';
const bot: Chatbot = {
  uri: 'sip:shop@botplatform.example.net',
  name: 'shop',
  version: '#=1',
  roles: ['session', 'standalone'],
  mode: 'auto',
  platformId: 'p',
  serverRoot: 'http://127.0.0.1',
};

const config = loadConfig({
  env: {
    IWF_SERVERROOT: 'http://127.0.0.1:1',
    IWF_PLATFORMS: '[{"id":"p"}]',
    IWF_RETENTION__MESSAGEDAYS: '1',
    IWF_RETENTION__CONVERSATIONDAYS: '2',
    IWF_RETENTION__DEADLETTERDAYS: '1',
    IWF_RETENTION__SPAMREPORTDAYS: '1',
    IWF_RETENTION__CORRELATORHOURS: '1',
  },
});

describe('retention', () => {
  let clock: FakeClock;
  let store: Store;
  let parts: ReturnType<typeof assemble>;

  function assemble() {
    const limits = interpreterLimits(config);
    const common = { store, clock, log: silentLog, metrics: silentMetrics };
    const notifications: Notifications = {
      wanted: () => false,
      items: () => [],
      tell: () => undefined,
      room: () => Promise.resolve('free'),
      roomFor: () => Promise.resolve('free'),
    };
    return {
      messages: new MessageLog({ ...common, ...limits, notifications, moved: () => ({}) }),
      memory: new ConversationMemory({ ...common, ...limits, retentionMs: limits.conversationMs }),
      sessions: new SessionLog({ ...common, ...limits, notifications }),
      reports: new SpamReports({
        ...common,
        notifications,
        retentionMs: serviceLimits(config).spamReportMs,
        maxPerBot: 10,
      }),
    };
  }

  beforeEach(() => {
    clock = new FakeClock();
    store = openVolatileStore({ clock, log: silentLog, metrics: silentMetrics, limits: defaultLimits });
    parts = assemble();
  });
  afterEach(() => store.close());

  const kept = async (kind: RecordKind): Promise<number> => (await store.list(kind)).length;
  /** There a minute before, gone a minute after. */
  const endsAfter = async (kind: RecordKind, ms: number): Promise<void> => {
    await clock.advance(ms - 60_000);
    expect(await kept(kind)).to.equal(1);
    await clock.advance(120_000);
    expect(await kept(kind)).to.equal(0);
  };
  const message: MessageRecord = {
    messageId: 'm1',
    user,
    status: 'Pending',
    dateTime: '2026-11-22T10:00:00Z',
    createdAtMs: 0,
    validUntilMs: Number.MAX_SAFE_INTEGER,
    conversationId: 'c',
    contributionId: 'k',
    message: { text: 'the secret', reportRequest: ['Failed'] },
  };

  it('of a message’s status: retention.messageDays since its last change, without content once it is sent', async () => {
    await store.commit(parts.messages.put(bot.uri, message, 0));
    await clock.advance(dayMs / 2);
    await parts.messages.advance(bot.uri, user, 'm1', { event: 'sent' });
    const [sent] = await store.list('message');
    expect(sent?.value).to.deep.include({ status: 'Sent', message: { reportRequest: ['Failed'] } });
    await endsAfter('message', dayMs);
  });

  it('of a confirmed session that has ended: as long as a correlator is known', async () => {
    const session: SessionRecord = {
      sessionId: '00000000-0000-4000-8000-000000000000',
      contact: user,
      direction: 'outbound',
      status: 'Connected',
      conversationId: 'c',
      contributionId: 'k',
      request: { tParticipantAddress: bot.uri },
    };
    await parts.sessions.write(bot.uri, session);
    await clock.advance(3 * hourMs);
    expect(await kept('conversation')).to.equal(1);
    await parts.sessions.write(bot.uri, { ...session, status: 'Disconnected' }, 'SessionEnded');
    await endsAfter('conversation', hourMs);
  });

  it('of a conversation: retention.conversationDays since the last message, also where it said nothing new', async () => {
    const note = async (): Promise<void> => {
      const put = parts.memory.note(bot.uri, user, { conversationId: 'c', userUri: 'sip:u@h' });
      if (put) await store.commit({ put: [put] });
    };
    for (const waitMs of [dayMs, dayMs, dayMs]) {
      await note();
      await clock.advance(waitMs);
    }
    expect(await parts.memory.get(bot.uri, user)).to.include({ conversationId: 'c' });
    await endsAfter('conversation', dayMs);
    expect(await parts.memory.get(bot.uri, user)).to.equal(undefined);
  });

  it('of a conversation is not written anew with every message', () => {
    const record = { conversationId: 'c', userUri: 'sip:u@h' };
    expect(parts.memory.note(bot.uri, user, record)).not.to.equal(undefined);
    expect(parts.memory.note(bot.uri, user, record)).to.equal(undefined);
    expect(parts.memory.note(bot.uri, user, { ...record, conversationId: 'd' })).not.to.equal(undefined);
  });

  it('of a conversation: what could not be committed is not known, and is written with the next message', async () => {
    const record = { conversationId: 'c', userUri: 'sip:u@h' };
    const noted = (): unknown => parts.memory.note(bot.uri, user, record);
    for (const commit of [() => Promise.resolve(false), () => Promise.reject(new Error('full'))]) {
      expect(noted()).not.to.equal(undefined);
      await parts.memory.committed(bot.uri, user, commit).catch(() => undefined);
      expect(await parts.memory.get(bot.uri, user)).to.equal(undefined);
    }
    expect(noted()).not.to.equal(undefined);
    expect(await parts.memory.committed(bot.uri, user, () => Promise.resolve(true))).to.equal(true);
    expect(noted()).to.equal(undefined);
  });

  it('of a spam report: retention.spamReportDays', async () => {
    const content = Buffer.from(
      '<?xml version="1.0"?><SR xmlns="urn:gsma:params:xml:ns:rcs:rcs:spamreport">' +
        `<Chatbot>${bot.uri}</Chatbot><Message-ID>m1</Message-ID></SR>`,
    );
    const context = { bot, user: { key: user, uri: user } } as SessionContext;
    await parts.reports.receive(context, { contentType: 'application/vnd.gsma.rcsspam-report+xml', content });
    await endsAfter('report', dayMs);
  });

  describe('of notifications', () => {
    let platform: Awaited<ReturnType<typeof startPlatform>>;
    let notify: Notify;

    beforeEach(async () => {
      platform = await startPlatform();
      const { deadLetterTtlMs = 0, correlatorTtlMs = 0, validityMs = 0 } = notifyOptions(config);
      const backoff = { baseMs: 1_000, factor: 2, maxMs: 900_000, jitter: 0 };
      notify = await notifyOver(store, { clock, options: { deadLetterTtlMs, correlatorTtlMs, validityMs, backoff } });
      notify.start();
    });
    afterEach(async () => {
      await platform.close();
      await notify.stop();
    });

    it('that are never taken: notify.validityS, then dead letters for retention.deadLetterDays', async () => {
      await notify.subscriptions.create(
        { ...bot, uri: chatMessage('x').bot },
        'chat',
        subscriptionRequest(platform.url),
      );
      platform.answer = status(400);
      await store.commit({ enqueue: notify.notifications.items(chatMessage('refused')) });
      await until(async () => (await store.depth('notify')) === 0);
      expect(await kept('audit')).to.equal(2);
      await clock.advance(dayMs - 60_000);
      expect(await kept('audit')).to.equal(2);
      await clock.advance(120_000);
      expect(await kept('audit')).to.equal(0);
    });

    it('of a clientCorrelator: retention.correlatorHours', async () => {
      const correlated = subscriptionRequest(platform.url, { clientCorrelator: 'c' });
      await notify.subscriptions.create(bot, 'chat', correlated, { correlator: 'c', fingerprint: 'f' });
      await endsAfter('correlator', hourMs);
    });

    it('of a subscription with a duration: a day longer, so that its end is seen', async () => {
      await notify.subscriptions.create(bot, 'chat', subscriptionRequest(platform.url, { duration: 60 }));
      await clock.advance(61_000);
      expect(await kept('subscription')).to.equal(0);
    });
  });
});
