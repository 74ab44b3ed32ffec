/** IMDN ↔ message status: what a user's receipt means, and the receipt that goes out for a bot (RFC 5438 §7.2, §8). */
import type { MessageStatus, StatusRequest } from '../resources/message-status.js';
import type { Cpim } from '../wire/cpim.js';
import { imdnContentType, printImdn, type Imdn, type ImdnDisposition } from '../wire/imdn.js';
import { envelop, imdnHeader, type Envelope } from './cpim-envelope.js';
import type { Acknowledged, DispositionRequest } from './message-inbound.js';

export interface StatusChange {
  readonly status: MessageStatus;
  readonly description?: string;
}

/**
 * What a receipt changes; undefined: nothing. That a notification of display or processing is forbidden or went wrong
 * says nothing of the message itself (RFC 5438 §7.2.1).
 */
export function statusOfImdn({ disposition }: Imdn): StatusChange | undefined {
  switch (disposition.notification) {
    case 'delivery':
      return disposition.status === 'delivered' ? { status: 'Delivered' } : failure(disposition);
    case 'display':
      return disposition.status === 'displayed' ? { status: 'Displayed' } : undefined;
    case 'processing':
      return undefined;
    case 'interworking':
      return disposition.status === 'error'
        ? failure(disposition)
        : { status: 'Interworked', description: `IMDN interworking ${disposition.as ?? disposition.status}` };
  }
}

/** What the gateway says of an inbound message: for the bot, or that it cannot be handed over after all. */
export type ReceiptStatus = 'delivered' | 'displayed' | 'failed';

export function receiptOfRequest(request: Exclude<StatusRequest, 'RevokeRequested'>): ReceiptStatus {
  return request === 'Delivered' ? 'delivered' : 'displayed';
}

const requests: Readonly<Record<ReceiptStatus, DispositionRequest>> = {
  delivered: 'positive-delivery',
  displayed: 'display',
  failed: 'negative-delivery',
};

/** Only what was asked for, of a message that has a name, is sent. */
export function isReceiptAsked(inbound: Acknowledged, status: ReceiptStatus): boolean {
  return inbound.imdnMessageId !== undefined && inbound.asked.includes(requests[status]);
}

/**
 * The receipt for an inbound message, in CPIM form; the envelope's Message-ID and DateTime are the receipt's own.
 * Undefined where the message has no imdn.Message-ID. Asks for nothing itself (RFC 5438 §8.2).
 */
export function mapReceipt(inbound: Acknowledged, status: ReceiptStatus, envelope: Envelope): Cpim | undefined {
  const { imdnMessageId, dateTime = envelope.dateTime, recordRoute } = inbound;
  if (imdnMessageId === undefined) return undefined;
  const imdn: Imdn = {
    messageId: imdnMessageId,
    // RFC 5438 §11.1.2: the DateTime of the message, not of the receipt.
    dateTime,
    ...recipients(inbound),
    disposition: dispositionOf(status),
  };
  return envelop(answering(inbound, envelope), {
    contentType: imdnContentType,
    content: printImdn(imdn),
    contentDisposition: 'notification',
    headers: recordRoute.map((route) => imdnHeader('IMDN-Route', route)),
  });
}

/** Both or neither, as the schema has them: whom the message has reached, and whom it was meant for (RFC 5438 §11.1). */
function recipients({ originalTo, to = originalTo }: Acknowledged): Partial<Imdn> {
  if (originalTo === undefined || to === undefined) return {};
  return { recipientUri: bareUri(to), originalRecipientUri: bareUri(originalTo) };
}

/** The message's sender is the receipt's recipient, unless the envelope names others. */
function answering(inbound: Acknowledged, envelope: Envelope): Envelope {
  const { from, to } = inbound;
  return { ...(to === undefined ? {} : { from: to }), ...(from === undefined ? {} : { to: from }), ...envelope };
}

function dispositionOf(status: ReceiptStatus): ImdnDisposition {
  return status === 'displayed' ? { notification: 'display', status } : { notification: 'delivery', status };
}

function failure({ notification, status }: ImdnDisposition): StatusChange {
  return { status: 'Failed', description: `IMDN ${notification} ${status}` };
}

function bareUri(address: string): string {
  const open = address.indexOf('<');
  const close = address.lastIndexOf('>');
  return open === -1 || close < open ? address : address.slice(open + 1, close);
}
