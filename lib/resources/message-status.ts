/** messageStatusReport: where a message stands, and what a bot may put. */

export type MessageStatus =
  'Pending' | 'Sent' | 'Delivered' | 'Displayed' | 'Failed' | 'Revoked' | 'RevokeFailed' | 'Expired' | 'Interworked';

/** What a bot may PUT: a receipt for an inbound message, or the wish to revoke an outbound one. */
export type StatusRequest = 'Delivered' | 'Displayed' | 'RevokeRequested';

export interface MessageStatusReport {
  readonly status: MessageStatus;
  readonly description?: string;
  readonly resourceURL?: string;
}
