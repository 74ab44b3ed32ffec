/** The embedded engine's typed API: requests in, requests out, dialogs (RFC 3261); all on Buffers, nothing parsed that nobody asks for. */

import type { TlsMaterial } from './transport/tls.js';

export type Protocol = 'udp' | 'tcp' | 'tls';

export interface Address {
  readonly protocol: Protocol;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** Whom a certificate has to name there (RFC 5922 §4); absent: the host. */
  readonly name?: string;
}

export type HeaderLine = readonly [name: string, value: string];

/** A message as it stood, or as it left, on the wire; headers are found when asked for. */
export interface SipMessage {
  readonly bytes: Buffer;
  /** undefined in a response. */
  readonly method: string | undefined;
  readonly uri: string | undefined;
  /** undefined in a request. */
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly body: Buffer;
  /** First value of the header, unfolded and trimmed; long or compact name, any case. */
  header(name: string): string | undefined;
  headers(name: string): readonly string[];
  /** All header lines in order. */
  headerLines(): readonly HeaderLine[];
}

/** A request to send: what is absent is filled in (Via, Max-Forwards, From tag, Call-ID, CSeq, Contact on INVITE). Content-Length is always ours. */
export interface RequestDraft {
  readonly method: string;
  readonly uri: string;
  readonly headers: readonly HeaderLine[];
  readonly body?: Buffer;
  /** `sip:host:port;transport=tcp`: where it goes, whatever the Request-URI says. */
  readonly nextHop?: string;
}

/** A response to send: Via, From, To (with tag), Call-ID, CSeq, Record-Route come from the request; Contact on 2xx to INVITE unless given. */
export interface ResponseDraft {
  readonly status: number;
  readonly reason?: string;
  readonly headers: readonly HeaderLine[];
  readonly body?: Buffer;
}

/** What was sent, and where to. */
export interface Sent {
  readonly message: SipMessage;
  readonly local: Address;
  readonly remote: Address;
}

/** `<Call-ID>;from-tag=<caller's tag>` */
export type DialogId = string;

/** A request from the network that wants a final response. */
export interface ServerTransaction {
  readonly id: string;
  readonly request: SipMessage;
  readonly source: Address;
  readonly local: Address;
  /** Set on requests inside a dialog, and after a dialog-making response. */
  readonly dialogId: DialogId | undefined;
  /** By the application, or by the engine itself: on CANCEL, and when its time was over. */
  readonly answered: boolean;
  /** Provisional or final. Throws Error if a final response was given before. */
  respond(draft: ResponseDraft): Sent;
}

/** A request of ours under way. */
export interface ClientTransaction {
  readonly id: string;
  readonly sent: Sent;
  readonly dialogId: DialogId | undefined;
  /** INVITE only: CANCEL as soon as the rules allow (RFC 3261 §9.1); undefined: nothing to cancel any more. */
  cancel(headers?: readonly HeaderLine[]): Sent | undefined;
}

/** Told never before `send()` has returned. The final response comes exactly once; made up by the engine: 408 (timer), 503 (transport). */
export interface ResponseListener {
  onResponse(response: SipMessage, from: Address, dialogId: DialogId | undefined): void;
}

export interface EngineDelegate {
  /** New requests, in and out of dialogs, but ACK and CANCEL. */
  onRequest(transaction: ServerTransaction): void;
  /** The ACK to our 2xx. */
  onAck(invite: ServerTransaction, ack: SipMessage, source: Address): void;
  /** The caller has cancelled; 200 to the CANCEL and 487 to the INVITE have been sent. */
  onCancel(invite: ServerTransaction, cancel: SipMessage, source: Address): void;
  /** The engine itself ended a dialog (no ACK in 32 s, session timer): the BYE as it left. */
  onBye(dialogId: DialogId, bye: Sent): void;
}

/** What an engine has in hand at a moment. */
export interface InHand {
  /** Without a final answer, in both directions. */
  readonly transactions: number;
  /** Answered, remembered for retransmissions. */
  readonly finished: number;
  readonly dialogs: number;
  /** Over TCP and TLS. */
  readonly connections: number;
}

export interface Engine {
  /** Where it listens, with the ports that the system chose. */
  readonly listening: readonly Address[];
  readonly inHand: InHand;
  /** Rejects with the system's error (EADDRINUSE …) naming the address; then nothing listens. */
  start(delegate: EngineDelegate): Promise<void>;
  /** Outside of dialogs, or inside one. A promise, for resolving and connecting take time; a failure on the way is a response. */
  send(draft: RequestDraft, listener: ResponseListener, dialogId?: DialogId): Promise<ClientTransaction>;
  /** ACK to a 2xx, inside the dialog. Undefined: there is nothing to acknowledge, or no way for the ACK; then the dialog has ended. */
  ack(dialogId: DialogId, draft: { headers: readonly HeaderLine[]; body?: Buffer }): Promise<Sent | undefined>;
  /** Whether a dialog stands, early or confirmed. */
  holds(dialogId: DialogId): boolean;
  /** While draining, OPTIONS to the gateway itself is answered 503. */
  setDraining(draining: boolean): void;
  /** Certificate, key and authorities for TLS connections from now on; throws where they cannot be read, and then nothing has changed. */
  reloadTls(material: TlsMaterial): void;
  close(): Promise<void>;
}
