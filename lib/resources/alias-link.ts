/** aliasLink: the network's report of which user an alias belongs to; ours. */
import type { Schema } from './forms/schema.js';

export interface AliasLink {
  /** Extracted from the report as a help. */
  readonly alias?: string;
  readonly userAddress?: string;
  readonly contentType: string;
  /** The report, verbatim. */
  readonly bodyText: string;
  /** RFC 3339. */
  readonly dateTime: string;
}

export const aliasLinkSchema: Schema = {
  type: 'object',
  properties: {
    alias: { type: 'string', description: 'Extracted from the report as a help.' },
    userAddress: { type: 'string', description: 'Extracted from the report as a help.' },
    contentType: { type: 'string' },
    bodyText: { type: 'string', description: 'The report, verbatim.' },
    dateTime: { type: 'string' },
  },
  required: ['contentType', 'bodyText', 'dateTime'],
};
