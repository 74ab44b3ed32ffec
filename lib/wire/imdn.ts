/** An instant message disposition notification (RFC 5438 §7.2), with CPM's interworking extension. */
import { DecodeError } from './decode-error.js';
import { childOf, onlyText, parseXml, printXml, type XmlDraft, type XmlElement } from './xml.js';

export const imdnContentType = 'message/imdn+xml';

/** Which element of the document holds each status. */
export const imdnStatuses = {
  delivery: ['delivered', 'failed', 'forbidden', 'error'],
  display: ['displayed', 'forbidden', 'error'],
  processing: ['processed', 'stored', 'forbidden', 'error'],
  interworking: ['interworked', 'error'],
} as const;

export type ImdnNotification = keyof typeof imdnStatuses;

/** The notification and what it says; an `interworked` message went on as another service's. */
export type ImdnDisposition =
  | { readonly notification: 'delivery'; readonly status: (typeof imdnStatuses.delivery)[number] }
  | { readonly notification: 'display'; readonly status: (typeof imdnStatuses.display)[number] }
  | { readonly notification: 'processing'; readonly status: (typeof imdnStatuses.processing)[number] }
  | { readonly notification: 'interworking'; readonly status: 'error' }
  | {
      readonly notification: 'interworking';
      readonly status: 'interworked';
      /** `legacy-sms`, `legacy-mms`. */
      readonly as?: string;
    };

export type ImdnStatus = ImdnDisposition['status'];

export interface Imdn {
  /** imdn.Message-ID of the message that it speaks of. */
  readonly messageId: string;
  /** DateTime of that message (RFC 5438 §11.1.2); missing in the field. */
  readonly dateTime?: string;
  readonly recipientUri?: string;
  readonly originalRecipientUri?: string;
  readonly subject?: string;
  readonly disposition: ImdnDisposition;
}

const codec = 'imdn';
const namespace = 'urn:ietf:params:xml:ns:imdn';
const extensionNamespace = 'urn:oma:xml:cpm:imdn-extensions:1.0';

/** Throws DecodeError. Elements may come in any order; those of the extension are known by their local names. */
export function parseImdn(input: string | Buffer): Imdn {
  const root = parseXml(input, { codec });
  if (root.local !== 'imdn') throw new DecodeError(codec, 'root', 'not an imdn document');
  if (root.ns !== namespace && root.ns !== '') throw new DecodeError(codec, 'root', 'not the IMDN namespace');
  const messageId = onlyText(root, 'message-id', codec);
  if (messageId === undefined || messageId === '') throw new DecodeError(codec, 'message-id', 'missing');
  return {
    messageId,
    ...optional('dateTime', onlyText(root, 'datetime', codec)),
    ...optional('recipientUri', onlyText(root, 'recipient-uri', codec)),
    ...optional('originalRecipientUri', onlyText(root, 'original-recipient-uri', codec)),
    ...optional('subject', onlyText(root, 'subject', codec)),
    disposition: parseDisposition(root),
  };
}

/** Elements in the order of the schema (RFC 5438 §11.1). */
export function printImdn(imdn: Imdn): Buffer {
  const children: XmlDraft[] = [{ name: 'message-id', text: imdn.messageId }];
  const texts = [
    ['datetime', imdn.dateTime],
    ['recipient-uri', imdn.recipientUri],
    ['original-recipient-uri', imdn.originalRecipientUri],
    ['subject', imdn.subject],
  ] as const;
  for (const [name, text] of texts) if (text !== undefined) children.push({ name, text });
  children.push(dispositionDraft(imdn.disposition));
  return printXml({ name: 'imdn', attributes: [['xmlns', namespace]], children });
}

function optional<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined || value === '' ? {} : ({ [key]: value } as Record<K, string>);
}

function parseDisposition(root: XmlElement): ImdnDisposition {
  for (const notification of Object.keys(imdnStatuses) as ImdnNotification[]) {
    const element = childOf(root, `${notification}-notification`);
    if (element === undefined) continue;
    const status = childOf(element, 'status')?.children[0]?.local;
    const disposition = status === undefined ? undefined : toDisposition(notification, status);
    if (disposition === undefined) throw new DecodeError(codec, element.local, 'no status, or an unknown one');
    return disposition;
  }
  throw new DecodeError(codec, 'imdn', 'no notification');
}

function toDisposition(notification: ImdnNotification, status: string): ImdnDisposition | undefined {
  // The extension's words also stand in a delivery-notification, whose schema is open (RFC 5438 §11.1).
  if (status === 'interworked') return { notification: 'interworking', status: 'interworked' };
  if (status.startsWith('legacy-')) return { notification: 'interworking', status: 'interworked', as: status };
  const known: readonly string[] = imdnStatuses[notification];
  return known.includes(status) ? ({ notification, status } as ImdnDisposition) : undefined;
}

function dispositionDraft(disposition: ImdnDisposition): XmlDraft {
  const name = `${disposition.notification}-notification`;
  const status = disposition.status === 'interworked' ? (disposition.as ?? 'interworked') : disposition.status;
  const children = [{ name: 'status', children: [{ name: status }] }];
  return disposition.notification === 'interworking'
    ? { name, attributes: [['xmlns', extensionNamespace]], children }
    : { name, children };
}
