/** What a border reports: handed to every part as a callback; costs a push when nobody looks. */

export interface TraceEvent {
  readonly atMs: number;
  readonly border: 'sip' | 'msrp' | 'http';
  readonly direction: 'in' | 'out';
  /** host:port of the other side. */
  readonly peer: string;
  /** What correlates it: Call-ID, MSRP session-id, messageId or Conversation-ID. */
  readonly key: string;
  /** Made only when somebody reads: first line and headers, the body as its length (or the whole where configured). */
  text(): string;
}

export interface Trace {
  event(event: TraceEvent): void;
  /** `key` belongs to the conversation `conversation` from now on (and what it has reported before). */
  link(key: string, conversation: string): void;
}
