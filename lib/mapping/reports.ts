/** What the network reports of a chatbot or of an alias → spamReport and aliasLink (rest-side; ours). */
import type { AliasLink } from '../resources/alias-link.js';
import type { SpamReport } from '../resources/spam-report.js';
import { essence } from '../wire/media-type.js';
import { parseLinkReport } from '../wire/rcs/link-report.js';
import type { SpamReport as SpamDocument } from '../wire/rcs/spam-report.js';

export interface ReportContext {
  readonly reportId: string;
  /** The user who reports. */
  readonly senderAddress: string;
  /** The bot that the MESSAGE was sent to: named where the report names none. */
  readonly bot: string;
  /** RFC 3339. */
  readonly dateTime: string;
}

export function mapSpamReport(document: SpamDocument, { bot, ...context }: ReportContext): SpamReport {
  const { chatbot = bot, messageIds, spamType, freeText } = document;
  return {
    ...context,
    chatbot,
    messageId: messageIds,
    ...(spamType === undefined ? {} : { spamType }),
    ...(freeText === undefined ? {} : { freeText }),
  };
}

/** Verbatim, and what XML holds extracted; a body of another type is handed on as it is. Throws DecodeError (no XML). */
export function mapLinkReport(contentType: string, content: Buffer, dateTime: string): AliasLink {
  const isXml = /[+/]xml$/.test(essence(contentType));
  const found = isXml ? parseLinkReport(content) : {};
  return { ...found, contentType, bodyText: content.toString('utf8'), dateTime };
}
