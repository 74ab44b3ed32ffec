/** Bot JSON in a message of a bot, bare or in a part of a multipart body, and what is wrong with it. */
import { type BotJsonFinding, botJsonTypes, judgeBotJson } from '../resources/bot-json.js';
import type { ChatMessage } from '../resources/chat-message.js';
import { DecodeError } from '../wire/decode-error.js';
import { essence } from '../wire/media-type.js';
import { type BodyPart, boundaryOf, parseMultipart, partContentType } from '../wire/multipart.js';
import { decodeTransfer } from '../wire/transfer-encoding.js';
import { outboundContent } from './message-outbound.js';

/** The first thing that is wrong; undefined: nothing, or no bot JSON. Throws ApiError where the message has no content. */
export function judgeMessage(message: ChatMessage): BotJsonFinding | undefined {
  const type = essence(message.contentType ?? '');
  if (botJsonTypes.includes(type)) return judgeBotJson(outboundContent(message).bytes);
  return type === 'multipart/mixed' ? judgeMultipart(message) : undefined;
}

function judgeMultipart(message: ChatMessage): BotJsonFinding | undefined {
  const { contentType, bytes } = outboundContent(message);
  const read = readable(() => parseMultipart(bytes, boundaryOf(contentType)));
  if (!read) return { part: 'bodyText', problem: 'is not multipart/mixed' };
  for (const [at, part] of read.entries()) {
    const finding = botJsonTypes.includes(essence(partContentType(part))) ? judgePart(part) : undefined;
    if (finding) return { ...finding, problem: `${finding.problem}, in part ${at + 1}` };
  }
  return undefined;
}

function judgePart(part: BodyPart): BotJsonFinding | undefined {
  const content = readable(() => decodeTransfer(part));
  return content ? judgeBotJson(content) : { part: 'JSON', problem: 'has another transfer encoding than it says' };
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
