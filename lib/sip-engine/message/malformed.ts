/** What is wrong with a message that cannot be understood, and the status that says so (RFC 3261 §8.2, §18.3, §21.4.1). */
import type { SipMessage } from '../api.js';

/** What the sender is told. */
export type MalformedStatus = 400 | 413 | 501 | 503 | 505;

/** Limits that a message may exceed, as the configuration calls them. */
export type SizeLimit = 'maxMessageBytes' | 'maxHeadBytes' | 'maxHeaderBytes' | 'maxHeaders' | 'maxTotalBufferedBytes';

export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
  readonly status: MalformedStatus;
  /** Undefined: it is malformed indeed. */
  readonly limit: SizeLimit | undefined;
  /** As far as it could be read; undefined where not even lines were found. */
  partial: SipMessage | undefined;

  constructor(text: string, status: MalformedStatus = 400, limit?: SizeLimit) {
    super(text);
    this.status = status;
    this.limit = limit;
  }
}
