/** A request from the network, its transaction and its answers (RFC 3261 §8.2.6, §17.2.3). */
import type { Address, DialogId, ResponseDraft, Sent, ServerTransaction } from '../api.js';
import type { Dialog } from '../dialog/dialog.js';
import type { WireMessage } from '../message/message.js';
import type { Parsed, Routing } from '../message/parse.js';
import type { Path } from '../transport/path.js';
import type { ServerMachine } from './server-transaction.js';
import { newToken } from '../message/token.js';
import { MAGIC_COOKIE } from '../message/via.js';

/** What stays of a transaction once it is answered: no request, no application. */
export interface ServerEntry {
  readonly key: string;
  /** From-tag, Call-ID and CSeq: the same under another key is a merged request (§8.2.2.2). */
  readonly mergeKey: string | undefined;
  readonly machine: ServerMachine;
  /** While it wants an answer. */
  request: InboundRequest | undefined;
}

/** §17.2.3; clients older than RFC 3261 are told apart by what their messages say. */
export function serverKey(message: WireMessage, routing: Routing, method: string): string {
  const { via } = routing;
  // The cookie alone identifies nothing (RFC 4475 §3.2.1).
  const unique = via.branch !== undefined && via.branch.length > MAGIC_COOKIE.length;
  if (unique && via.branch.startsWith(MAGIC_COOKIE)) return `${via.branch} ${via.sentBy} ${method}`;
  return `${routing.callId} ${routing.fromTag ?? ''} ${routing.cseq} ${via.sentBy} ${message.uri ?? ''} ${method}`;
}

/** The same text on its own: a slice would keep the whole head in memory for as long as the key lives. */
export function detached(binary: string): string {
  return Buffer.from(binary, 'latin1').toString('latin1');
}

export class InboundRequest implements ServerTransaction {
  readonly id = newToken();
  readonly request: WireMessage;
  readonly routing: Routing;
  readonly source: Address;
  readonly local: Address;
  readonly arrivedMs: number;
  /** Where answers go. */
  readonly path: Path;
  dialog: Dialog | undefined;
  answered = false;
  /** It is the INVITE that its dialog waits for (§14). */
  inviting = false;
  /** Of all answers but 100. */
  toTag = newToken();
  private readonly answer: (request: InboundRequest, draft: ResponseDraft) => Sent;

  constructor(
    parsed: Parsed,
    ways: { from: Path; reply: Path; atMs: number },
    answer: (request: InboundRequest, draft: ResponseDraft) => Sent,
  ) {
    this.request = parsed.message;
    this.routing = parsed.routing;
    this.source = ways.from.remote;
    this.local = ways.from.local;
    this.arrivedMs = ways.atMs;
    this.path = ways.reply;
    this.answer = answer;
  }

  get dialogId(): DialogId | undefined {
    return this.dialog?.id;
  }

  respond(draft: ResponseDraft): Sent {
    return this.answer(this, draft);
  }
}
