/** The methods that we take (RFC 3261 §20.5). */
export const allowed = 'INVITE, ACK, CANCEL, BYE, UPDATE, MESSAGE, OPTIONS';

/** Within a dialog messages go by MSRP. */
export const allowedWithinDialog = 'INVITE, ACK, CANCEL, BYE, UPDATE, OPTIONS';
