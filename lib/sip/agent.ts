/** SipAgent: the one seam to SIP. Requests in with a way to answer, requests out with their final response, calls with their dialog. */

/** Name and value; order and repetition kept. Names as on the wire; values without CR or LF. */
export type HeaderLine = readonly [name: string, value: string];

/** The headers of a message in the order of the wire; a compact name is the same as its long one. */
export interface Headers {
  readonly lines: readonly HeaderLine[];
  /** The first value, undefined if absent; case-insensitive. */
  get(name: string): string | undefined;
  /** All values in order, one for each header line (a comma-joined line is one). */
  all(name: string): readonly string[];
}

export interface Peer {
  readonly protocol: 'udp' | 'tcp' | 'tls';
  readonly address: string;
  readonly port: number;
}

export interface SipRequest {
  readonly method: string;
  /** Request-URI. */
  readonly uri: string;
  readonly callId: string;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly peer: Peer;
}

export interface SipResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly reason?: string;
  readonly headers?: readonly HeaderLine[];
  readonly body?: Buffer;
}

/** A request out of dialog that waits for its one final answer. */
export interface InboundRequest extends SipRequest {
  /** The first call counts; rejects (PeerError) if the engine did not take it in time. */
  answer(answer: Answer): Promise<void>;
}

export interface InboundInvite extends InboundRequest {
  /** Sends the 2xx; resolves once the engine has sent it, rejects where the caller has cancelled or the engine is gone. */
  accept(answer: Answer, delegate: CallDelegate): Promise<Call>;
  /** Set before any answer; called at most once when the caller gives up, at once where he has. */
  onCancel: (() => void) | undefined;
}

/** What happens to a call from outside. Each request is answered by the returned value. */
export interface CallDelegate {
  /** re-INVITE or UPDATE; the body may be empty. */
  onModify(request: SipRequest): Promise<Answer>;
  /** MESSAGE, OPTIONS, INFO … inside the dialog. */
  onRequest(request: SipRequest): Promise<Answer>;
  /** The ACK to our 2xx, with its body (the answer to an offer in the 2xx). */
  onAck?(request: SipRequest): void;
  /** BYE of the peer, or the dialog is lost (session timer, no ACK, engine gone). At most once; not after bye(). */
  onEnd(reason: 'bye' | 'lost'): void;
}

/** An established INVITE dialog. */
export interface Call {
  readonly callId: string;
  readonly remoteTarget: string;
  /** The engine refreshes the session where that is ours to do (RFC 4028 §7.2): a second one who does would cross it. */
  readonly refreshedBelow?: boolean;
  /** re-INVITE, UPDATE, MESSAGE … inside the dialog. A 2xx to INVITE is ACKed by the agent. */
  request(draft: { method: string; headers?: readonly HeaderLine[]; body?: Buffer }): Promise<SipResponse>;
  /** Ends the call; idempotent; never rejects. */
  bye(headers?: readonly HeaderLine[]): Promise<void>;
}

/** A request to the network. From, To, Call-ID, CSeq, Via, Max-Forwards are made where not given. */
export interface RequestDraft {
  readonly method: string;
  readonly uri: string;
  readonly headers: readonly HeaderLine[];
  readonly body?: Buffer;
  /** `sip:host:port;transport=`; default: the Request-URI decides. */
  readonly nextHop?: string;
}

export type Dialed =
  | { readonly kind: 'accepted'; readonly call: Call; readonly response: SipResponse }
  | { readonly kind: 'refused'; readonly response: SipResponse };

export interface SipHandlers {
  onInvite(invite: InboundInvite): void;
  /** MESSAGE out of dialog. */
  onMessage(request: InboundRequest): void;
  onOptions(request: InboundRequest): void;
}

export interface SipAgent {
  /** Connects and listens; rejects (PeerError) where it cannot. */
  start(handlers: SipHandlers): Promise<void>;
  /** Whether requests can be sent and received now. */
  readonly ready: boolean;
  /** Where the engine listens, e.g. `udp/127.0.0.1:5060`. */
  readonly listening: readonly string[];
  /** Any final response is a value; a local failure is a 408 or 503 made up. Rejects only when the agent is closed. */
  request(draft: RequestDraft, signal?: AbortSignal): Promise<SipResponse>;
  /** INVITE; the abort signal cancels it (the outcome is then refused, 487). A 2xx is ACKed by the agent. */
  invite(draft: RequestDraft, delegate: CallDelegate, signal?: AbortSignal): Promise<Dialed>;
  close(): Promise<void>;
}
