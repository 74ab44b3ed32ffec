/** …a user reports a chatbot: kept, told to the platform, read and forgotten by it. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import { mapSpamReport } from '../../mapping/reports.js';
import type { Metrics } from '../../metrics.js';
import type { Notifications } from '../../notify/notifications.js';
import type { SpamReport } from '../../resources/spam-report.js';
import type { SessionMessage } from '../../sip/network.js';
import type { Store } from '../../store/store.js';
import { parseSpamReport } from '../../wire/rcs/spam-report.js';
import type { Chatbot } from '../actions.js';
import type { SessionContext } from '../sessions/conversation.js';
import type { Verdict } from '../messages/inbound.js';
import { Table } from '../records.js';

export interface SpamReportsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly notifications: Notifications;
  readonly retentionMs: number;
  /** Kept of one bot; beyond it the oldest goes. At most 1000. */
  readonly maxPerBot: number;
}

export class SpamReports {
  private readonly options: SpamReportsOptions;
  private readonly reports: Table<SpamReport>;

  constructor(options: SpamReportsOptions) {
    this.options = options;
    this.reports = new Table<SpamReport>(options.store, 'report');
  }

  /** Kept and queued for the platform in one commit, whether anybody listens or not; refused where it could not wait for who does. Throws DecodeError. */
  async receive({ bot, user }: SessionContext, { content }: SessionMessage): Promise<Verdict> {
    const { store, clock, log, metrics, notifications, retentionMs } = this.options;
    const nowMs = clock.now();
    const report = mapSpamReport(parseSpamReport(content), {
      reportId: reportIdAt(nowMs),
      senderAddress: user.key,
      bot: bot.uri,
      dateTime: new Date(nowMs).toISOString(),
    });
    const enqueue = notifications.items({ kind: 'spamReport', bot: bot.uri, report });
    if ((await notifications.roomFor(bot.uri, enqueue)) !== 'free') return { kind: 'unwanted' };
    await store.commit({
      put: [this.reports.put(keyOf(bot.uri, report.reportId), report, { ttlMs: retentionMs })],
      remove: (await this.surplus(bot.uri)).map((old) => this.reports.remove(keyOf(bot.uri, old.reportId))),
      enqueue,
    });
    metrics.count('spam_reports_total');
    log.info('spam report received', { reportId: report.reportId, bot: bot.uri, messages: report.messageId.length });
    return { kind: 'taken' };
  }

  /** Oldest first. */
  list(bot: Chatbot): Promise<readonly SpamReport[]> {
    return this.reports.list(keyOf(bot.uri, ''), this.options.maxPerBot);
  }

  async get(bot: Chatbot, id: string): Promise<SpamReport | undefined> {
    return (await this.reports.get(keyOf(bot.uri, id)))?.value;
  }

  async remove(bot: Chatbot, id: string): Promise<boolean> {
    if (!(await this.get(bot, id))) return false;
    return this.options.store.commit({ remove: [this.reports.remove(keyOf(bot.uri, id))] });
  }

  /** What must go so that one more has room. */
  private async surplus(bot: string): Promise<readonly SpamReport[]> {
    const { maxPerBot, metrics } = this.options;
    const kept = await this.reports.list(keyOf(bot, ''), maxPerBot);
    if (kept.length < maxPerBot) return [];
    metrics.count('limit_reached_total', { limit: 'retention.spamReportsPerBot' }, 1, bot);
    return kept.slice(0, 1);
  }
}

function keyOf(bot: string, reportId: string): string {
  return `${bot}|${reportId}`;
}

/** Sorts by time: the store lists by key. */
function reportIdAt(nowMs: number): string {
  return `${nowMs.toString(36).padStart(9, '0')}-${randomUUID()}`;
}
