/** Dialogs: what two parties know of each other for as long as they talk (RFC 3261 §12). */
import type { DialogId, ServerTransaction } from '../api.js';
import { elements } from '../message/grammar.js';
import type { WireMessage } from '../message/message.js';
import { bracketed, uriOf, withTag } from '../message/name-addr.js';
import type { Routing } from '../message/parse.js';
import type { EngineTimer } from '../transaction/timers.js';
import { parseSipUri, schemeOf } from '../message/uri.js';
import { RecentMap } from '../transport/recent-map.js';

/**
 *   early ──2xx──▶ confirmed ──BYE either way, 408, 481, no ACK, session timer──▶ ended
 *     └──300-699──▶ ended
 */
export type DialogState = 'early' | 'confirmed' | 'ended';

export interface Dialog {
  readonly id: DialogId;
  readonly callId: string;
  readonly localTag: string;
  remoteTag: string;
  /** Our From, their To: with tags. */
  readonly local: string;
  remote: string;
  remoteTarget: string;
  /** Elements of Route, in order. */
  routes: readonly string[];
  localCseq: number;
  remoteCseq: number | undefined;
  state: DialogState;
  /** An INVITE of ours, or one of theirs, without its final answer (§14). */
  inviting: 'ours' | 'theirs' | undefined;
  /** Our 2xx that waits for its ACK. */
  unacknowledged: Unacknowledged | undefined;
  /** Runs out where the session is not refreshed (RFC 4028). */
  sessionTimer: EngineTimer | undefined;
}

export interface Unacknowledged {
  readonly cseq: number;
  readonly invite: ServerTransaction;
  readonly stop: () => void;
}

export function dialogIdOf(callId: string, callerTag: string): DialogId {
  return `${callId};from-tag=${callerTag}`;
}

/** As the called side, on the response that makes it (§12.1.1). */
export function calledDialog(request: WireMessage, routing: Routing, localTag: string): Dialog {
  return {
    id: dialogIdOf(routing.callId, routing.fromTag ?? ''),
    callId: routing.callId,
    localTag,
    remoteTag: routing.fromTag ?? '',
    local: withTag(routing.to, localTag),
    remote: routing.from,
    remoteTarget: contactOf(request) ?? targetOf(routing.from) ?? nowhere,
    routes: request.rawAll('record-route').flatMap(elements),
    localCseq: 0,
    remoteCseq: routing.cseq,
    state: 'early',
    inviting: 'theirs',
    unacknowledged: undefined,
    sessionTimer: undefined,
  };
}

/** As the calling side (§12.1.2): `sent` is the routing of our INVITE. */
export function callingDialog(sent: Routing, uri: string, answer: { message: WireMessage; routing: Routing }): Dialog {
  const dialog: Dialog = {
    id: dialogIdOf(sent.callId, sent.fromTag ?? ''),
    callId: sent.callId,
    localTag: sent.fromTag ?? '',
    remoteTag: '',
    local: sent.from,
    remote: '',
    remoteTarget: uri,
    routes: [],
    localCseq: sent.cseq,
    remoteCseq: undefined,
    state: 'early',
    inviting: 'ours',
    unacknowledged: undefined,
    sessionTimer: undefined,
  };
  learnAnswer(dialog, answer);
  return dialog;
}

/** What a provisional or 2xx tells of the called side; until the 2xx the route set may change (§13.2.2.4). */
export function learnAnswer(dialog: Dialog, answer: { message: WireMessage; routing: Routing }): void {
  dialog.remoteTag = answer.routing.toTag ?? '';
  dialog.remote = answer.routing.to;
  dialog.routes = answer.message.rawAll('record-route').flatMap(elements).reverse();
  dialog.remoteTarget = contactOf(answer.message) ?? dialog.remoteTarget;
}

/** First Contact's URI. */
export function contactOf(message: WireMessage): string | undefined {
  const value = message.raw('contact');
  const first = value === undefined ? undefined : elements(value)[0];
  return first === undefined ? undefined : targetOf(first);
}

/** Leads to no address, but can be printed. */
const nowhere = 'sip:';

/** The URI of an element, where a request line can have it: a scheme, and no space. */
function targetOf(element: string): string | undefined {
  const uri = uriOf(element);
  return uri !== undefined && schemeOf(uri) !== undefined && /^[^\s\0]+$/.test(uri) ? uri : undefined;
}

export interface DialogRoute {
  readonly requestUri: string;
  /** Elements of Route. */
  readonly routes: readonly string[];
  /** URI that says where the request goes. */
  readonly next: string;
}

/** Request-URI, Route and next hop inside the dialog, loose or strict (§12.2.1.1). */
export function routeOf(dialog: Dialog): DialogRoute {
  const [first, ...rest] = dialog.routes;
  const uri = first === undefined ? undefined : targetOf(first);
  if (uri === undefined) return { requestUri: dialog.remoteTarget, routes: [], next: dialog.remoteTarget };
  if (parseSipUri(uri)?.lr === true) return { requestUri: dialog.remoteTarget, routes: dialog.routes, next: uri };
  return { requestUri: uri, routes: [...rest, bracketed(dialog.remoteTarget)], next: uri };
}

/** More than end within the 64*T1 that a BYE of the peer may be on its way. */
const maxLeft = 10_000;

/** Dialogs by the id of the API, and by Call-ID and our tag, as requests name them. */
export class DialogTable {
  private readonly byId = new Map<DialogId, Dialog>();
  private readonly byTag = new Map<string, Dialog>();
  /** The peer's tag of those that we have ended by BYE. */
  private readonly left = new RecentMap<string>(maxLeft);

  get size(): number {
    return this.byId.size;
  }

  get(id: DialogId): Dialog | undefined {
    return this.byId.get(id);
  }

  /** The dialog that a request is in (§12.2.2). */
  of(routing: Routing): Dialog | undefined {
    const dialog = this.byTag.get(`${routing.callId};${routing.toTag ?? ''}`);
    // A caller of RFC 2543 has no tag: that counts as an empty one (§12.1.1).
    return dialog?.remoteTag === (routing.fromTag ?? '') ? dialog : undefined;
  }

  add(dialog: Dialog): void {
    this.byId.set(dialog.id, dialog);
    this.byTag.set(`${dialog.callId};${dialog.localTag}`, dialog);
  }

  /** False where it had ended before. */
  end(dialog: Dialog): boolean {
    if (dialog.state === 'ended') return false;
    dialog.state = 'ended';
    if (this.byId.get(dialog.id) === dialog) this.byId.delete(dialog.id);
    this.byTag.delete(`${dialog.callId};${dialog.localTag}`);
    return true;
  }

  /** We have said BYE in it. */
  leave({ callId, localTag, remoteTag }: Dialog): void {
    this.left.set(`${callId};${localTag}`, remoteTag);
  }

  /** Whether a BYE of the peer has crossed ours. */
  hasLeft(routing: Routing): boolean {
    return this.left.get(`${routing.callId};${routing.toTag ?? ''}`) === (routing.fromTag ?? '');
  }

  clear(): void {
    this.byId.clear();
    this.byTag.clear();
  }
}
