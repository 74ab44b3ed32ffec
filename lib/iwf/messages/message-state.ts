/**
 * Life of an outbound message: (status, event) → status; undefined = the event changes nothing.
 *
 *   Pending ──sent──→ Sent ──delivered──→ Delivered ──displayed──→ Displayed
 *      │                │ └─interworked─→ Interworked ─displayed──↗   (end)
 *      │                └─revoked → Revoked    └─revokeFailed → RevokeFailed ─ receipts as from Sent
 *      ├──failed──→ Failed    ├──expired──→ Expired    └──revoked──→ Revoked
 *
 * A receipt is the truth about the user's device: it wins over Failed, Expired, Revoked and RevokeFailed,
 * whenever it comes; a late Delivered never lowers Displayed.
 */
import type { MessageStatus } from '../../resources/message-status.js';

export type MessageEvent =
  'sent' | 'delivered' | 'displayed' | 'interworked' | 'failed' | 'expired' | 'revoked' | 'revokeFailed';

type Row = Partial<Record<MessageEvent, MessageStatus>>;

const receipts = { delivered: 'Delivered', displayed: 'Displayed', interworked: 'Interworked' } as const satisfies Row;
const waiting = { ...receipts, failed: 'Failed', expired: 'Expired', revoked: 'Revoked' } as const satisfies Row;

const transitions: Readonly<Record<MessageStatus, Row>> = {
  Pending: { ...waiting, sent: 'Sent' },
  Sent: { ...waiting, revokeFailed: 'RevokeFailed' },
  RevokeFailed: waiting,
  Interworked: { displayed: 'Displayed', delivered: 'Delivered' },
  Delivered: { displayed: 'Displayed' },
  Displayed: {},
  Failed: receipts,
  Expired: receipts,
  Revoked: receipts,
};

export function next(status: MessageStatus, event: MessageEvent): MessageStatus | undefined {
  return transitions[status][event];
}

/** What lies between the two: a receipt may be faster than our own note of having sent. */
export function passedOver(from: MessageStatus, to: MessageStatus): readonly MessageStatus[] {
  return from === 'Pending' && to in receiptsOf ? ['Sent'] : [];
}

const receiptsOf: Partial<Record<MessageStatus, true>> = { Delivered: true, Displayed: true, Interworked: true };

/** Whether it may still have to be sent; once the network has it, nobody here needs what it says. */
export function needsContent(status: MessageStatus): boolean {
  return status === 'Pending';
}
