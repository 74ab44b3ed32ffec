/** The Store: records with revisions and lifetimes, and two durable queues of ordered lanes; one commit is all or nothing. */

/** What is kept. A key is unique within its kind. */
export type RecordKind =
  | 'subscription' // key: subscription id
  | 'message' // outbound message; key: bot, user and messageId, see iwf
  | 'inbound' // inbound message: dedupe and what its receipts need
  | 'correlator' // clientCorrelator of a bot and collection → first answer
  | 'conversation' // Conversation-ID, Contribution-ID, form of the user's address
  | 'contact' // cached capabilities of a contact
  | 'source' // capabilitySource
  | 'report' // spam report
  | 'command' // privacy command
  | 'revoke' // revoke under way
  | 'channel' // notification channel
  | 'chatbot' // chatbot known by its serverRoot
  | 'audit'
  | 'probe'; // written while commits fail, to learn when they do no more

export type QueueName = 'outbound' | 'notify';

/** Anything JSON can hold; a store returns an equal value, of a record never the same object. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

export interface StoredRecord {
  readonly key: string;
  readonly value: Json;
  /** 1 at creation, one more at each put. */
  readonly revision: number;
}

export interface Put {
  readonly kind: RecordKind;
  readonly key: string;
  readonly value: Json;
  /** From now on; absent: for ever. */
  readonly ttlMs?: number;
  /** The whole commit is refused unless the record stands at this revision; 0: unless it does not exist. */
  readonly ifRevision?: number;
}

export interface Remove {
  readonly kind: RecordKind;
  readonly key: string;
}

export interface Enqueue {
  readonly queue: QueueName;
  /**
   * Items of one lane are claimed in the order of their commits; lanes are independent. Of a name in parts,
   * `what|owner|…`, the second says whose it is.
   */
  readonly lane: string;
  /** Unique within the queue. */
  readonly id: string;
  /** Not to be changed any more: who claims the item may be given this object itself. */
  readonly value: Json;
}

/** One commit: everything in it happens, durably, or nothing does. */
export interface Changes {
  readonly put?: readonly Put[];
  readonly remove?: readonly Remove[];
  readonly enqueue?: readonly Enqueue[];
}

export interface ClaimedItem {
  readonly id: string;
  readonly value: Json;
  readonly enqueuedAtMs: number;
  /** How often the item was nacked before; survives restarts. */
  readonly attempts: number;
}

/** The head of one lane, lent to one worker until the lease ends, is acked whole, or is given back. */
export interface Claim {
  readonly queue: QueueName;
  readonly lane: string;
  /** Random; an ack or nack with an outdated token is refused: the lease was lost. */
  readonly token: string;
  /** Oldest first; at least one. */
  readonly items: readonly ClaimedItem[];
}

export interface ClaimOptions {
  /** At most so many lanes. */
  readonly lanes: number;
  /** At most so many items of each. */
  readonly perLane: number;
  readonly leaseMs: number;
}

export interface LaneState {
  readonly lane: string;
  readonly depth: number;
}

export interface Store {
  /** False on the fallback that forgets at exit. */
  readonly durable: boolean;
  /** `sqlite`, `volatile` or `redis`. */
  readonly kind: string;

  get(kind: RecordKind, key: string): Promise<StoredRecord | undefined>;
  /** All records of a kind whose key begins with `prefix`, by key; at most `limit` (1000), those behind the key `after`. */
  list(kind: RecordKind, prefix?: string, limit?: number, after?: string): Promise<readonly StoredRecord[]>;

  /**
   * Resolves true once the changes are durable, false if an `ifRevision` did not hold (then nothing was changed).
   * Rejects where the store failed (disk full, connection lost, closed): then nothing may be acknowledged.
   */
  commit(changes: Changes): Promise<boolean>;

  /** Lanes of `queue` that are due and not leased, the one that is due longest first. */
  claim(queue: QueueName, options: ClaimOptions): Promise<readonly Claim[]>;
  /**
   * Takes the first `count` items off the claimed lane (default: all of the claim) and applies `changes` in the same commit.
   * The lease ends once all items of the claim are acked; until then the rest stays claimed. False: the lease was lost
   * (or an `ifRevision` in `changes` did not hold), nothing was changed.
   */
  ack(claim: Claim, options?: { count?: number; changes?: Changes }): Promise<boolean>;
  /** Gives the lane back; its head has one attempt more and the lane is due again at `dueAtMs`. False: the lease was lost. */
  nack(claim: Claim, dueAtMs: number, options?: { changes?: Changes }): Promise<boolean>;
  /** Prolongs the lease. False: it was lost. */
  renew(claim: Claim, leaseMs: number): Promise<boolean>;
  /** Makes a waiting lane due at once (a user who was away has been seen). */
  hasten(queue: QueueName, lane: string): Promise<void>;
  /** Takes one item that is not claimed out of its lane, with `changes` in the same commit. False: it is not there any more, or is claimed. */
  withdraw(queue: QueueName, id: string, changes?: Changes): Promise<boolean>;

  /** Items waiting or claimed, in all lanes. */
  depth(queue: QueueName): Promise<number>;
  /** When the item that came first of those waiting or claimed was enqueued (wall clock, ms); undefined: there is none. */
  oldestMs(queue: QueueName): Promise<number | undefined>;
  /** Items of one lane. */
  laneDepth(queue: QueueName, lane: string): Promise<number>;
  /** Items of all lanes of one owner. */
  ownerDepth(queue: QueueName, owner: string): Promise<number>;
  /** Items of all lanes of one group. */
  groupDepth(queue: QueueName, group: string): Promise<number>;
  /** When the next unleased lane becomes due (wall clock, ms); undefined: none. For a worker's timer. */
  nextDueMs(queue: QueueName): Promise<number | undefined>;
  /** Called (soon) after an item was enqueued, a lane hastened or a lease given up by this or, where the backend tells, another process. */
  onWork(queue: QueueName, listener: () => void): void;
  /** Rejects if the store does not answer, and while commits fail; then it tries whether they do no more. */
  ping(): Promise<void>;
  /** Finishes what was begun; idempotent. */
  close(): Promise<void>;
}
