/** How much a store takes before it refuses. */

export interface StoreLimits {
  /** Items of one queue, waiting or claimed. An item costs about 250 bytes of memory beside its value on disk. */
  readonly maxItems: number;
  /** UTF-16 units of the JSON text of one value. */
  readonly maxValueLength: number;
  /** UTF-16 units of a key, lane or id. */
  readonly maxKeyLength: number;
  /** Puts, removes and enqueues of one commit, together. */
  readonly maxChanges: number;
  /** Commits, acks and nacks that wait to be written. */
  readonly maxPending: number;
  /** UTF-16 units of the values that wait to be written. */
  readonly maxPendingLength: number;
  /** UTF-16 units of the values of waiting items that are kept in memory too; the rest is read when claimed. */
  readonly cachedLength: number;
  /** Size of the SQLite file; absent: as large as the disk. */
  readonly maxFileBytes?: number;
}

export const defaultLimits: StoreLimits = {
  maxItems: 1_000_000,
  maxValueLength: 8 * 1024 * 1024,
  maxKeyLength: 1024,
  maxChanges: 1000,
  maxPending: 20_000,
  maxPendingLength: 128 * 1024 * 1024,
  cachedLength: 32 * 1024 * 1024,
};
