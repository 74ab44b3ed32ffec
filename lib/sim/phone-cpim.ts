/** What the phone writes into CPIM and reads out of it (RFC 3862, RFC 5438, RFC 3994). */
import { randomUUID } from 'node:crypto';
import {
  type Cpim,
  cpimContentType,
  cpimHeader,
  cpimNamespaces,
  decodedContent,
  parseCpim,
  printCpim,
} from '../wire/cpim.js';
import { imdnContentType, type ImdnDisposition, parseImdn, printImdn } from '../wire/imdn.js';
import { isComposingContentType, parseIsComposing, printIsComposing } from '../wire/is-composing.js';
import { essence } from '../wire/media-type.js';

export const cpimType = 'message/cpim';

export type ReceiptStatus = 'delivered' | 'displayed';

export interface PhoneText {
  readonly messageId: string;
  readonly contentType: string;
  readonly content: Buffer;
}

/** All three receipts are asked for. */
export function textCpim({ messageId, contentType, content }: PhoneText): Buffer {
  return printCpim({
    headers: [
      ...anonymousHeaders(),
      imdn('Message-ID', messageId),
      imdn('Disposition-Notification', 'positive-delivery, display, negative-delivery'),
    ],
    contentHeaders: [{ name: 'Content-Type', value: contentType }],
    content,
  });
}

export function receiptCpim(messageId: string, status: ReceiptStatus): Buffer {
  const disposition: ImdnDisposition =
    status === 'displayed' ? { notification: 'display', status } : { notification: 'delivery', status };
  return printCpim({
    headers: [...anonymousHeaders(), imdn('Message-ID', randomUUID())],
    contentHeaders: [
      { name: 'Content-Type', value: imdnContentType },
      { name: 'Content-Disposition', value: 'notification' },
    ],
    content: printImdn({ messageId, dateTime: new Date().toISOString(), disposition }),
  });
}

export function composingCpim(state: 'active' | 'idle'): Buffer {
  return printCpim({
    headers: [core('From', anonymous), core('To', anonymous)],
    contentHeaders: [{ name: 'Content-Type', value: isComposingContentType }],
    content: printIsComposing({ state }),
  });
}

export type PhoneReading =
  /** A body of its own type in a MESSAGE: a revoke, an answer to a privacy command. */
  | { readonly kind: 'document' }
  | { readonly kind: 'composing'; readonly state: 'active' | 'idle' }
  | { readonly kind: 'receipt'; readonly messageId: string; readonly status: ImdnDisposition['status'] }
  | (PhoneText & {
      readonly kind: 'message';
      readonly trafficType: string | undefined;
      /** Receipts that the bot asked for, in the order in which a phone sends them. */
      readonly asked: readonly ReceiptStatus[];
    });

/** Throws DecodeError. */
export function readArrival(contentType: string, content: Buffer): PhoneReading {
  if (essence(contentType) === isComposingContentType) {
    return { kind: 'composing', state: parseIsComposing(content).state };
  }
  if (essence(contentType) !== cpimType) return { kind: 'document' };
  const cpim = parseCpim(content);
  const type = cpimContentType(cpim);
  const inner = decodedContent(cpim);
  switch (essence(type)) {
    case imdnContentType: {
      const { messageId, disposition } = parseImdn(inner);
      return { kind: 'receipt', messageId, status: disposition.status };
    }
    case isComposingContentType:
      return { kind: 'composing', state: parseIsComposing(inner).state };
    default:
      return {
        kind: 'message',
        messageId: cpimHeader(cpim, cpimNamespaces.imdn, 'Message-ID') ?? '',
        trafficType: cpimHeader(cpim, cpimNamespaces.maap, 'Traffic-Type'),
        contentType: type,
        content: inner,
        asked: askedOf(cpim),
      };
  }
}

function askedOf(cpim: Cpim): readonly ReceiptStatus[] {
  const asked = (cpimHeader(cpim, cpimNamespaces.imdn, 'Disposition-Notification') ?? '').split(',');
  const words = new Set(asked.map((word) => word.trim()));
  return [
    ...(words.has('positive-delivery') ? (['delivered'] as const) : []),
    ...(words.has('display') ? (['displayed'] as const) : []),
  ];
}

const anonymous = '<sip:anonymous@anonymous.invalid>';

function anonymousHeaders(): Cpim['headers'] {
  return [core('From', anonymous), core('To', anonymous), core('DateTime', new Date().toISOString())];
}

function core(name: string, value: string): Cpim['headers'][number] {
  return { namespace: undefined, name, value };
}

function imdn(name: string, value: string): Cpim['headers'][number] {
  return { namespace: cpimNamespaces.imdn, name, value };
}
