/** messageStatusReport: where a message stands, and what a bot may put. */
import { resourceURL, type Schema } from './forms/schema.js';
import { rootParser, rootPrinter } from './forms/validator.js';

export type MessageStatus =
  'Pending' | 'Sent' | 'Delivered' | 'Displayed' | 'Failed' | 'Revoked' | 'RevokeFailed' | 'Expired' | 'Interworked';

/** What a bot may PUT: a receipt for an inbound message, or the wish to revoke an outbound one. */
export type StatusRequest = 'Delivered' | 'Displayed' | 'RevokeRequested';

export interface MessageStatusReport {
  readonly status: MessageStatus;
  readonly description?: string;
  readonly resourceURL?: string;
}

export const messageStatuses: readonly MessageStatus[] = [
  'Pending',
  'Sent',
  'Delivered',
  'Displayed',
  'Failed',
  'Revoked',
  'RevokeFailed',
  'Expired',
  'Interworked',
];

export const messageStatusReportSchema: Schema = {
  type: 'object',
  description: 'Where a message stands. Pending, Revoked, RevokeFailed, Expired and Interworked are ours.',
  properties: {
    status: { type: 'string', enum: messageStatuses },
    description: { type: 'string', description: 'Ours: the reason in words.' },
    resourceURL,
  },
  required: ['status'],
};

export const statusRequestSchema: Schema = {
  type: 'object',
  description:
    'Delivered and Displayed are receipts for a message from the user; RevokeRequested (ours) takes back a message of the bot.',
  properties: {
    status: { type: 'string', enum: ['Delivered', 'Displayed', 'RevokeRequested'] satisfies StatusRequest[] },
  },
  required: ['status'],
};

const read = rootParser<{ readonly status: StatusRequest }>('messageStatusReport', statusRequestSchema);
const print = rootPrinter('messageStatusReport', messageStatusReportSchema);

/** What a bot puts, `{"messageStatusReport":{"status":"Displayed"}}`; throws ApiError (SVC0003 with the valid values). */
export function parseStatusRequest(body: unknown): StatusRequest {
  return read(body).status;
}

export function printMessageStatusReport(report: MessageStatusReport): Record<string, unknown> {
  return print(report);
}
