/** What the application sees of the MSRP endpoint: sessions, what it sends, what it is told. */

export interface Fingerprint {
  /** sha-1, sha-224, sha-256, sha-384 or sha-512, without regard to case. */
  readonly hash: string;
  /** Hexadecimal pairs with colons, without regard to case. */
  readonly value: string;
}

/** PEM texts of our certificate. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}

export interface MsrpEndpoint {
  /** Where it listens; the configured port before start(). */
  readonly port: number;
  readonly listening: boolean;
  readonly sessionCount: number;
  readonly connectionCount: number;
  /** Of our certificate, for a=fingerprint; empty without TLS. */
  readonly fingerprints: readonly Fingerprint[];
  /** For connections, and for a=fingerprint, from now on; throws where it cannot be used, and then nothing has changed. */
  reloadTls(own: TlsIdentity): void;
  /** Listens; rejects with the system's error where the port is taken. */
  start(): Promise<void>;
  /** The session is known to peers from now on, so that it may be offered. Throws PeerError 503 above the limit of sessions. */
  createSession(options: SessionOptions): MsrpSession;
  /** Stops listening, closes every session and connection. Idempotent. */
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Types taken at top level, as a=accept-types; parameters do not count; others are answered 415. */
  readonly acceptTypes: readonly string[];
  readonly delegate: SessionDelegate;
}

export interface SessionDelegate {
  /**
   * One whole message. The chunk that completed it is answered when the promise settles: undefined or 200 → 200, and the
   * success REPORT if it was asked for; another status → that; a rejection → 408. The next may come before this one settles.
   */
  onMessage(message: InboundMessage): Promise<undefined | { readonly status: number; readonly comment: string }>;
  /** The session ended by itself; at most once, and not after close(). */
  onClosed(reason: ClosedReason): void;
  /** A connection carries the session now. */
  onBound?(): void;
}

export type ClosedReason =
  'not-bound' | 'connect-failed' | 'connection-lost' | 'transaction-timeout' | 'unknown-to-peer';

export interface InboundMessage {
  readonly messageId: string;
  readonly contentType: string;
  readonly content: Buffer;
}

export interface OutboundMessage {
  /** `ALPHANUM 3*31(ALPHANUM / ".-+%=")` (RFC 4975 §9). */
  readonly messageId: string;
  readonly contentType: string;
  readonly content: Buffer;
  /** Default yes. With no, accepted means written; with partial, that no error came within the transaction timeout. */
  readonly failureReport?: 'yes' | 'no' | 'partial';
  /**
   * Called once at most, and only after `accepted` while the session lives: a hop behind the one that answered has failed,
   * and says so by REPORT (RFC 4975 §7.1.2).
   */
  readonly onLateFailure?: (failure: LateFailure) => void;
}

export interface LateFailure {
  readonly status: number;
  readonly comment: string | undefined;
}

export type SendOutcome =
  /** Every chunk was answered 200. */
  | { readonly kind: 'accepted' }
  /** The peer's answer; or 408 made up where too much is queued here. */
  | { readonly kind: 'refused'; readonly status: number; readonly comment: string | undefined }
  /** No answer will come: dead connection, timeout, session unknown to the peer or closed. */
  | { readonly kind: 'lost' };

export interface RemoteEnd {
  /** a=path of the peer, the nearest hop first. */
  readonly path: readonly string[];
  /** Our role. */
  readonly role: 'active' | 'passive';
  /** Where to connect to; used if active. */
  readonly connect: { readonly host: string; readonly port: number };
  /** Makes no difference here: the peer is known by its session-id in any case (RFC 6714 §5.3). */
  readonly cema?: boolean;
  /** TLS; the peer's certificate must match one of the fingerprints, if there are any. */
  readonly secure?: boolean;
  readonly fingerprints?: readonly Fingerprint[];
}

export type SessionState = 'idle' | 'awaiting' | 'connecting' | 'bound' | 'closed';

export interface MsrpSession {
  /** 128 random bits. */
  readonly id: string;
  /** The preferred one of `paths`. */
  readonly localPath: string;
  /** For a=path: one for each advertised address; msrps: ones last, where there is a certificate. */
  readonly paths: readonly string[];
  readonly state: SessionState;
  /** Whether the peer is in the midst of a message. */
  readonly receiving: boolean;
  /**
   * After offer and answer. Active: resolves once connected, with the binding SEND on its way; rejects (PeerError 408)
   * where that fails, and the session is closed. Passive: resolves at once; without a binding in time onClosed follows.
   */
  start(remote: RemoteEnd): Promise<void>;
  /** Waits for the binding where there is none yet. Rejects on a malformed messageId or contentType alone (TypeError). */
  send(message: OutboundMessage): Promise<SendOutcome>;
  /** What is unanswered is lost; messages in hand are still answered. Idempotent. */
  close(): void;
}
