/** Why the store refused or failed; the caller acknowledges nothing and answers 503, except for `invalid` and `duplicate`, which are bugs of the caller. */

export type StoreFailure =
  | 'full' // a limit of the store is reached, or the disk is full
  | 'busy' // more waits to be written than may wait
  | 'closed'
  | 'failed' // the backend reported an error
  | 'invalid' // a key, lane, id or value that cannot be kept
  | 'duplicate'; // an item of this id is in the queue

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly reason: StoreFailure;

  constructor(reason: StoreFailure, text: string) {
    super(text);
    this.reason = reason;
  }
}
