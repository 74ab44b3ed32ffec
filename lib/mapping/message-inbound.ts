/** User → bot: a CPIM message as chatMessage, and what its receipts will need (network-side facts §6, §7). */
import { isUtf8 } from 'node:buffer';
import type { ChatMessage } from '../resources/chat-message.js';
import { type Cpim, cpimContentType, cpimHeader, cpimHeaders, cpimNamespaces, decodedContent } from '../wire/cpim.js';
import { type Imdn, imdnContentType, parseImdn } from '../wire/imdn.js';
import { type ComposingState, isComposingContentType, parseIsComposing } from '../wire/is-composing.js';
import { essence, mediaParameter, parseMediaType } from '../wire/media-type.js';

export interface InboundMessage {
  readonly kind: 'message';
  readonly message: ChatMessage;
  /** undefined: the sender has given none, receipts are impossible. */
  readonly imdnMessageId: string | undefined;
  /** As the sender wrote it: an IMDN repeats it. */
  readonly dateTime: string | undefined;
  readonly asks: { readonly delivered: boolean; readonly displayed: boolean; readonly failed: boolean };
  /** imdn.IMDN-Record-Route, in order (RFC 5438 §8.1). */
  readonly recordRoute: readonly string[];
  readonly originalTo: string | undefined;
}

export type Inbound =
  | InboundMessage
  | { readonly kind: 'receipt'; readonly imdn: Imdn }
  | { readonly kind: 'composing'; readonly composing: ComposingState };

/** Throws DecodeError on content that is not what its type says. */
export function classifyInbound(cpim: Cpim): Inbound {
  const contentType = cpimContentType(cpim);
  switch (essence(contentType)) {
    case imdnContentType:
      return { kind: 'receipt', imdn: parseImdn(decodedContent(cpim)) };
    case isComposingContentType:
      return { kind: 'composing', composing: parseIsComposing(decodedContent(cpim)) };
    default:
      return inboundMessage(cpim, contentType);
  }
}

function inboundMessage(cpim: Cpim, contentType: string): InboundMessage {
  const imdn = (name: string): string | undefined => cpimHeader(cpim, cpimNamespaces.imdn, name);
  const asked = (imdn('Disposition-Notification') ?? '').toLowerCase().split(/[\s,]+/);
  const trafficType = cpimHeader(cpim, cpimNamespaces.maap, 'Traffic-Type');
  const message = contentOf(contentType, decodedContent(cpim));
  return {
    kind: 'message',
    message: trafficType === undefined ? message : { ...message, trafficType },
    imdnMessageId: imdn('Message-ID'),
    dateTime: cpimHeader(cpim, undefined, 'DateTime'),
    asks: {
      delivered: asked.includes('positive-delivery'),
      displayed: asked.includes('display'),
      failed: asked.includes('negative-delivery'),
    },
    recordRoute: cpimHeaders(cpim, cpimNamespaces.imdn, 'IMDN-Record-Route'),
    originalTo: imdn('Original-To'),
  };
}

/** Plain UTF-8 text is `text`; everything else keeps its type, octet for octet. */
function contentOf(contentType: string, bytes: Buffer): ChatMessage {
  if (!isUtf8(bytes)) return { contentType, contentEncoding: 'base64', bodyText: bytes.toString('base64') };
  const content = bytes.toString('utf8');
  return isPlainText(contentType) ? { text: content } : { contentType, contentEncoding: 'utf8', bodyText: content };
}

function isPlainText(contentType: string): boolean {
  const type = parseMediaType(contentType);
  const charset = mediaParameter(type, 'charset')?.toLowerCase() ?? 'utf-8';
  return type.type === 'text/plain' && ['utf-8', 'utf8', 'us-ascii'].includes(charset);
}
