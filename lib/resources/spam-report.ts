/** spamReport: a user's complaint about a chatbot; ours. */
import { resourceURL, type Schema } from './forms/schema.js';
import { type Owner, spamReportsUrl, spamReportUrl } from './urls.js';
import { rootPrinter } from './forms/validator.js';

export interface SpamReport {
  readonly reportId: string;
  readonly senderAddress: string;
  /** As the report names it. */
  readonly chatbot: string;
  readonly messageId: readonly string[];
  /** As the user's device words it; may be empty. */
  readonly spamType?: string;
  readonly freeText?: string;
  /** RFC 3339. */
  readonly dateTime: string;
}

export const spamReportSchema: Schema = {
  type: 'object',
  description: 'Ours: a user’s complaint about a chatbot.',
  properties: {
    reportId: { type: 'string' },
    senderAddress: { type: 'string' },
    chatbot: { type: 'string', description: 'As the report names it.' },
    messageId: { type: 'array', items: { type: 'string' } },
    spamType: { type: 'string', description: 'In the words of the user’s device.' },
    freeText: { type: 'string' },
    dateTime: { type: 'string' },
    resourceURL,
  },
  required: ['reportId', 'senderAddress', 'chatbot', 'messageId', 'dateTime'],
};

export const spamReportListSchema: Schema = {
  type: 'object',
  properties: { spamReport: { type: 'array', items: spamReportSchema }, resourceURL },
};

const printOne = rootPrinter('spamReport', spamReportSchema);
const printAll = rootPrinter('spamReportList', spamReportListSchema);

export function printSpamReport(report: SpamReport, owner: Owner): Record<string, unknown> {
  return printOne({ ...report, resourceURL: spamReportUrl(owner, report.reportId) });
}

export function printSpamReportList(reports: readonly SpamReport[], owner: Owner): Record<string, unknown> {
  const spamReport = reports.map((report) => ({ ...report, resourceURL: spamReportUrl(owner, report.reportId) }));
  return printAll({ spamReport, resourceURL: spamReportsUrl(owner) });
}
