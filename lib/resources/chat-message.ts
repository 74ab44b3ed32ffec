/** chatMessage of the OMA Chat API, with what chatbots add to it. */
import { checkFileTransfer, type FileTransfer, fileTransferSchema } from './file-transfer.js';
import { clientCorrelator, mediaType, oneLine, resourceURL, type Schema, serviceCapability } from './forms/schema.js';
import { invalid, rootParser, rootPrinter } from './forms/validator.js';

/** What a bot may ask to be told of its message. */
export type ReportRequest =
  'Sent' | 'Delivered' | 'Displayed' | 'Failed' | 'Interworked' | 'Expired' | 'Revoked' | 'RevokeFailed';

export interface ServiceCapability {
  readonly capabilityId: string;
  readonly version?: string;
}

/** From a bot exactly one of `text` (text/plain), `bodyText` and `fileTransfer`; from a user the last may stand beside its document. */
export interface ChatMessage {
  readonly text?: string;
  readonly bodyText?: string;
  readonly fileTransfer?: FileTransfer;
  readonly contentType?: string;
  readonly contentEncoding?: 'utf8' | 'base64';
  readonly reportRequest?: readonly ReportRequest[];
  readonly trafficType?: string;
  readonly serviceCapability?: readonly ServiceCapability[];
  readonly conversationID?: string;
  readonly contributionID?: string;
  readonly inReplyToContributionID?: string;
  readonly senderName?: string;
  /** Seconds. */
  readonly expiry?: number;
  readonly clientCorrelator?: string;
  readonly resourceURL?: string;
}

const reportRequests: readonly ReportRequest[] = [
  'Sent',
  'Delivered',
  'Displayed',
  'Failed',
  'Interworked',
  'Expired',
  'Revoked',
  'RevokeFailed',
];

const headerValue = (description: string): Schema => ({
  type: 'string',
  minLength: 1,
  maxLength: 256,
  pattern: oneLine,
  description,
});

export const chatMessageSchema: Schema = {
  type: 'object',
  description: 'A message; a bot gives exactly one of `text`, `bodyText` and `fileTransfer`.',
  properties: {
    text: { type: 'string', minLength: 1, description: 'The content, of type text/plain.' },
    bodyText: { type: 'string', minLength: 1, description: 'Ours: the content, of type `contentType`.' },
    contentType: {
      type: 'string',
      maxLength: 512,
      pattern: mediaType,
      description: 'Ours: media type of `bodyText`, e.g. `application/vnd.gsma.botmessage.v1.0+json`.',
    },
    contentEncoding: {
      type: 'string',
      enum: ['utf8', 'base64'],
      description: 'Ours: how `bodyText` holds the octets; utf8 where absent.',
    },
    fileTransfer: fileTransferSchema,
    reportRequest: {
      type: 'array',
      maxItems: 16,
      items: { type: 'string', enum: reportRequests },
      description: 'What the bot is told of this message; Failed alone where absent.',
    },
    trafficType: headerValue(
      'Ours: e.g. `advertisement`; what it may be is the operator’s to say, and another one is 403 POL0001.',
    ),
    serviceCapability: {
      type: 'array',
      maxItems: 16,
      items: serviceCapability,
      description: 'Ours: the services (ChatbotSession, ChatbotSA) and versions of this message.',
    },
    conversationID: headerValue('Ours: another than the live one opens a new session.'),
    contributionID: headerValue('Ours: counts where the message opens a session or goes standalone.'),
    inReplyToContributionID: headerValue('Ours.'),
    senderName: headerValue(
      'Ours: the bot’s display name for this message (CPIM From); a user’s stands in the notification.',
    ),
    expiry: {
      type: 'integer',
      minimum: 1,
      maximum: 2_147_483_647,
      description: 'Ours: seconds for which the message is worth delivering.',
    },
    clientCorrelator,
    resourceURL,
  },
};

const read = rootParser<ChatMessage>('chatMessage', chatMessageSchema);
const print = rootPrinter('chatMessage', chatMessageSchema);

/** `{"chatMessage":{…}}`; throws ApiError naming the part. */
export function parseChatMessage(body: unknown): ChatMessage {
  const message = read(body);
  if (message.fileTransfer !== undefined) checkFile(message, message.fileTransfer);
  else if (message.bodyText !== undefined) checkBodyText(message, message.bodyText);
  else checkText(message);
  return message;
}

export function printChatMessage(message: ChatMessage): Record<string, unknown> {
  return print(message);
}

/** The content's length in octets, as the network will carry it; 0 for a fileTransfer, which is not written yet. */
export function contentBytes(message: ChatMessage): number {
  if (message.bodyText === undefined) return Buffer.byteLength(message.text ?? '');
  return Buffer.byteLength(message.bodyText, message.contentEncoding === 'base64' ? 'base64' : 'utf8');
}

function checkText(message: ChatMessage): void {
  if (message.text === undefined) throw invalid('chatMessage.text', 'text, bodyText or fileTransfer is required');
  if (message.contentType !== undefined && !/^text\/plain(?:[ \t]*;|$)/i.test(message.contentType))
    throw invalid('chatMessage.contentType', 'text is text/plain; other content belongs into bodyText');
  if (message.contentEncoding === 'base64') throw invalid('chatMessage.contentEncoding', 'applies to bodyText');
}

function checkFile(message: ChatMessage, fileTransfer: FileTransfer): void {
  const part = 'chatMessage.fileTransfer';
  if (message.text !== undefined) throw invalid(part, 'text and fileTransfer exclude each other');
  if (message.bodyText !== undefined) throw invalid(part, 'bodyText and fileTransfer exclude each other');
  if (message.contentType !== undefined && !fileDocument.test(message.contentType))
    throw invalid('chatMessage.contentType', 'fileTransfer is application/vnd.gsma.rcs-ft-http+xml');
  if (message.contentEncoding !== undefined) throw invalid('chatMessage.contentEncoding', 'applies to bodyText');
  checkFileTransfer(fileTransfer, part);
}

function checkBodyText(message: ChatMessage, bodyText: string): void {
  if (message.text !== undefined) throw invalid('chatMessage.text', 'text and bodyText exclude each other');
  if (message.contentType === undefined) throw invalid('chatMessage.contentType', 'is required with bodyText');
  if (message.contentEncoding === 'base64' && !isBase64(bodyText))
    throw invalid('chatMessage.bodyText', 'is not base64');
}

const fileDocument = /^application\/vnd\.gsma\.rcs-ft-http\+xml(?:[ \t]*;|$)/i;

/** RFC 4648 §4, padded, nothing between the groups: what decodes must encode to the same again. */
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}
