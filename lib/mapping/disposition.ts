/** Receipts: a user's IMDN as an event of the bot's message, a bot's receipt as IMDN (RFC 5438). */
import type { Cpim } from '../wire/cpim.js';
import { type Imdn, imdnContentType, type ImdnDisposition, printImdn } from '../wire/imdn.js';
import { anonymous, core, imdn } from './message-outbound.js';

export interface DispositionEvent {
  readonly event: 'delivered' | 'displayed' | 'interworked' | 'failed';
  readonly description?: string;
}

/** undefined: it changes nothing for the bot (processed, stored; a display that is forbidden or failed). */
export function dispositionEvent({ disposition }: Imdn): DispositionEvent | undefined {
  const { notification, status } = disposition;
  switch (status) {
    case 'delivered':
    case 'displayed':
      return { event: status };
    case 'interworked':
      return { event: status, description: 'Delivered as SMS or MMS' };
    case 'failed':
    case 'forbidden':
    case 'error':
      return notification === 'delivery' ? { event: 'failed', description: `IMDN: delivery ${status}` } : undefined;
    case 'processed':
    case 'stored':
      return undefined;
  }
}

/** What of the user's message its receipt repeats. */
export interface Acknowledged {
  readonly messageId: string;
  /** Of the message (RFC 5438 §11.1.2). */
  readonly dateTime?: string;
  readonly recordRoute: readonly string[];
  readonly originalTo?: string;
}

export interface Receipt {
  readonly status: 'delivered' | 'displayed' | 'failed';
  /** imdn.Message-ID of the IMDN itself. */
  readonly receiptId: string;
  readonly dateTime: string;
}

/** No IMDN asks for an IMDN; the recorded route is travelled back, in order (RFC 5438 §8.2). */
export function receiptCpim(message: Acknowledged, { status, receiptId, dateTime }: Receipt): Cpim {
  return {
    headers: [
      core('From', anonymous),
      core('To', anonymous),
      core('DateTime', dateTime),
      imdn('Message-ID', receiptId),
      ...message.recordRoute.map((value) => imdn('IMDN-Route', value)),
    ],
    contentHeaders: [
      { name: 'Content-Type', value: imdnContentType },
      { name: 'Content-Disposition', value: 'notification' },
    ],
    content: printImdn({
      messageId: message.messageId,
      ...(message.dateTime === undefined ? {} : { dateTime: message.dateTime }),
      ...(message.originalTo === undefined ? {} : { originalRecipientUri: message.originalTo }),
      disposition: dispositionOf(status),
    }),
  };
}

function dispositionOf(status: Receipt['status']): ImdnDisposition {
  return status === 'displayed' ? { notification: 'display', status } : { notification: 'delivery', status };
}
