/** The services beyond chat put together: what each takes of the network's documents, and what it does for the REST face. */
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { Notifications } from '../notify/notifications.js';
import type { Store } from '../store/store.js';
import { linkReportContentType } from '../wire/rcs/link-report.js';
import { spamReportContentType } from '../wire/rcs/spam-report.js';
import type { DocumentHandler } from './inbound.js';
import { receiveLinkReport } from './link-reports.js';
import { SpamReports } from './spam-reports.js';

export interface ServicesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly notifications: Notifications;
  readonly services: ServiceLimits;
}

/** Times in ms. */
export interface ServiceLimits {
  readonly spamReportMs: number;
  readonly spamReportsPerBot: number;
}

export interface Services {
  readonly spamReports: SpamReports;
  /** Content type → who takes it. */
  readonly documents: ReadonlyMap<string, DocumentHandler>;
}

export function createServices(options: ServicesOptions): Services {
  const { services } = options;
  const spamReports = new SpamReports({
    ...options,
    retentionMs: services.spamReportMs,
    maxPerBot: services.spamReportsPerBot,
  });
  return {
    spamReports,
    documents: new Map<string, DocumentHandler>([
      [spamReportContentType, (context, message) => spamReports.receive(context, message)],
      [linkReportContentType, (context, message) => receiveLinkReport(options, context, message)],
    ]),
  };
}
