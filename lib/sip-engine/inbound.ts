/** The called side: what comes from the network, matched, checked and handed on (RFC 3261 §8.2, §9.2, §12.2.2, §17.2). */
import { isIP } from 'node:net';
import type { Address, ResponseDraft, Sent } from './api.js';
import { contactAddress, contactFor, guarded, type Core } from './core.js';
import { busy, ownOptions, refusalOf } from './duties.js';
import { Finished } from './transaction/finished.js';
import { InboundDialogs } from './dialog/inbound-dialogs.js';
import { detached, InboundRequest, serverKey, type ServerEntry } from './transaction/inbound-request.js';
import { answeredLabels } from './message/answered.js';
import type { WireMessage } from './message/message.js';
import type { Parsed } from './message/parse.js';
import type { Path } from './transport/path.js';
import { namingUsIn } from './request.js';
import { draftTag, makeResponse, timestampOf } from './message/response.js';
import { secondsOf } from './dialog/session-timer.js';
import { ServerMachine } from './transaction/server-transaction.js';
import { newToken } from './message/token.js';
import { defaultPort, parseSipUri } from './message/uri.js';

/** Whose 2xx says where to be found (RFC 3261 §12.1.1, RFC 3311 §5.2). */
const ANSWERED_WITH_CONTACT = new Set(['INVITE', 'UPDATE']);

export class InboundCalls {
  private readonly core: Core;
  private readonly dialogs: InboundDialogs;
  private readonly entries = new Map<string, ServerEntry>();
  private readonly merged = new Map<string, ServerEntry>();
  private readonly finished: Finished;
  /** Without a final answer. */
  private waiting = 0;

  constructor(core: Core, dialogs: InboundDialogs) {
    this.core = core;
    this.dialogs = dialogs;
    const { maxFinished, maxFinishedBytes } = core.settings.limits;
    const evicted = (): void => core.settings.count('sip_finished_evicted_total');
    this.finished = new Finished({ max: maxFinished, maxBytes: maxFinishedBytes }, evicted);
  }

  get unanswered(): number {
    return this.waiting;
  }

  /** Answered transactions that are remembered. */
  get remembered(): number {
    return this.finished.size;
  }

  onRequest(parsed: Parsed, path: Path): void {
    const { message, routing } = parsed;
    if (message.method === 'ACK') {
      this.onAck(parsed, path);
      return;
    }
    const entry = this.entries.get(serverKey(message, routing, message.method ?? ''));
    if (entry) entry.machine.onRetransmission();
    else if (message.method === 'CANCEL') this.onCancel(parsed, path);
    else this.onNew(parsed, path);
  }

  /** Without a transaction: of a malformed message, or above a limit (§8.2.7). */
  answerStateless(
    parsed: Pick<Parsed, 'message'> & { routing: Pick<Parsed['routing'], 'via'> },
    path: Path,
    draft: ResponseDraft,
  ): void {
    const { message, routing } = parsed;
    if (message.method === undefined || message.method === 'ACK') return;
    this.count(message, draft.status);
    const reply = this.core.transport.reply(path, routing.via);
    reply.send(makeResponse({ request: message, routing, source: path.remote, toTag: newToken() }, draft).bytes);
  }

  close(): void {
    for (const entry of [...this.entries.values()]) entry.machine.terminate();
  }

  private onAck(parsed: Parsed, path: Path): void {
    const entry = this.entries.get(serverKey(parsed.message, parsed.routing, 'INVITE'));
    if (entry && entry.machine.state !== 'accepted') entry.machine.onAck();
    else this.dialogs.onAck(parsed, path.remote);
  }

  /** §9.2 */
  private onCancel(parsed: Parsed, path: Path): void {
    const entry = this.entries.get(serverKey(parsed.message, parsed.routing, 'INVITE'));
    const invite = entry?.request;
    const cancel = this.open(parsed, path);
    if (invite) cancel.toTag = invite.toTag;
    cancel.respond({ status: entry ? 200 : 481, headers: [] });
    if (!invite || entry.machine.answered) return;
    invite.respond({ status: 487, headers: [] });
    guarded(this.core, () => this.core.delegate?.onCancel(invite, parsed.message, path.remote));
  }

  private onNew(parsed: Parsed, path: Path): void {
    const { settings } = this.core;
    if (this.waiting >= settings.limits.maxTransactions) {
      settings.count('sip_overload_total', { limit: 'transactions' }, path.remote.host);
      this.answerStateless(parsed, path, busy(503, settings.retryAfterS));
      return;
    }
    const retryAfterS = isNewWork(parsed) ? settings.overloaded(parsed.message) : undefined;
    if (retryAfterS !== undefined) {
      settings.count('sip_overload_total', { limit: 'load' });
      this.answerStateless(parsed, path, busy(503, retryAfterS));
      return;
    }
    const merges = parsed.routing.toTag === undefined && this.merged.has(mergeKeyOf(parsed));
    const request = this.open(parsed, path);
    const refusal = this.refusal(request, merges);
    if (refusal) {
      settings.count('sip_refused_total', { status: String(refusal.status) });
      request.respond(refusal);
      return;
    }
    this.dialogs.onRequest(request);
    const turn = isPager(parsed) ? settings.turn(parsed.message) : undefined;
    // Its time may be over meanwhile.
    if (turn) void turn.then(() => request.answered || this.handOn(request));
    else this.handOn(request);
  }

  private handOn(request: InboundRequest): void {
    if (!guarded(this.core, () => this.core.delegate?.onRequest(request))) this.onThrown(request);
  }

  private refusal(request: InboundRequest, merges: boolean): ResponseDraft | undefined {
    const { request: message, routing } = request;
    if (message.method === 'OPTIONS' && routing.toTag === undefined && this.isOwn(message.uri ?? '', request.local)) {
      return refusalOf(message, this.core.settings) ?? ownOptions(this.core.settings, this.core.draining);
    }
    if (merges) return { status: 482, headers: [] };
    return refusalOf(message, this.core.settings) ?? this.dialogs.refusal(request);
  }

  /** A Request-URI that names where we listen (§11.2), without user or, as load balancers ask, with one who is nobody. */
  private isOwn(text: string, local: Address): boolean {
    const uri = parseSipUri(text);
    if (!uri) return false;
    const port = uri.port ?? defaultPort(uri.scheme === 'sips' ? 'tls' : undefined);
    const { localHosts, advertise, nobody } = this.core.settings;
    if (uri.user !== undefined && (isIP(uri.host) === 0 || !nobody(uri.user))) return false;
    if (localHosts.includes(uri.host) || localHosts.includes(`${uri.host}:${port}`)) return true;
    return [local, ...this.core.listening].some(
      (own) => own.port === port && (own.host === uri.host || advertise === uri.host),
    );
  }

  /** A transaction of its own. */
  private open(parsed: Parsed, path: Path): InboundRequest {
    const { message, routing } = parsed;
    const reply = this.core.transport.reply(path, routing.via);
    const request = new InboundRequest(parsed, { from: path, reply, atMs: this.core.timers.now() }, (own, draft) =>
      this.answer(entry, own, draft),
    );
    const mergeKey =
      routing.toTag === undefined && message.method !== 'CANCEL' ? detached(mergeKeyOf(parsed)) : undefined;
    const machine = this.machine(message, reply, () => entry);
    const key = detached(serverKey(message, routing, message.method ?? ''));
    const entry: ServerEntry = { key, mergeKey, machine, request };
    this.entries.set(entry.key, entry);
    if (mergeKey !== undefined && !this.merged.has(mergeKey)) this.merged.set(mergeKey, entry);
    this.waiting++;
    return request;
  }

  private machine(message: WireMessage, path: Path, entry: () => ServerEntry): ServerMachine {
    const { timers, settings } = this.core;
    const invite = message.method === 'INVITE';
    const validMs = invite ? validityOf(message) : Infinity;
    const expires = validMs < settings.values.answerMs;
    let remembered: ReturnType<Finished['add']> | undefined;
    return new ServerMachine({
      invite,
      path,
      timers,
      values: expires ? { ...settings.values, answerMs: validMs } : settings.values,
      user: {
        onTryingDue: () => entry().request?.respond({ status: 100, headers: [] }),
        onUnanswered: () => this.onUnanswered(entry(), invite, expires),
        onUnacknowledged: () => settings.count('sip_unacknowledged_total'),
        onRetained: (bytes) => {
          remembered = this.finished.add(bytes, () => entry().machine.terminate());
        },
        onTerminated: () => {
          if (remembered) this.finished.remove(remembered);
          this.forget(entry());
        },
      },
    });
  }

  private onUnanswered(entry: ServerEntry, invite: boolean, expired: boolean): void {
    // The caller himself has said how long his invitation stands (§13.3.1).
    if (!expired) this.core.settings.count('sip_unanswered_total');
    // Silence, for a late 408 helps nobody (RFC 4320 §4.2).
    if (invite) entry.request?.respond({ status: expired ? 487 : 480, headers: [] });
  }

  private onThrown(request: InboundRequest): void {
    const entry = this.entries.get(serverKey(request.request, request.routing, request.routing.cseqMethod));
    if (entry?.request === request) request.respond({ status: 500, headers: [] });
  }

  private forget(entry: ServerEntry): void {
    if (entry.request) this.settle(entry);
    if (this.entries.get(entry.key) === entry) this.entries.delete(entry.key);
    if (entry.mergeKey !== undefined && this.merged.get(entry.mergeKey) === entry) this.merged.delete(entry.mergeKey);
  }

  private settle(entry: ServerEntry): void {
    const { request } = entry;
    entry.request = undefined;
    this.waiting--;
    if (request) request.answered = true;
    if (request && isNewWork({ message: request.request, routing: request.routing }))
      this.core.settings.settled(request.request);
  }

  /** Throws Error where a final response was given before, or the draft would break a line. */
  private answer(entry: ServerEntry, request: InboundRequest, draft: ResponseDraft): Sent {
    if (entry.request !== request) throw new Error('the final response was given before');
    const { status } = draft;
    if (status > 100) request.toTag = this.tagFor(request, draft);
    const { local } = request.path;
    const contact = contactAddress(this.core, request.path);
    const since = status === 100 ? timestampOf(request.request, this.core.timers.now() - request.arrivedMs) : [];
    const message = makeResponse(
      {
        request: request.request,
        routing: request.routing,
        source: request.source,
        toTag: status === 100 ? undefined : request.toTag,
        contact: this.contact(request, status),
      },
      { ...draft, headers: [...namingUsIn(draft.headers, { local, contact }), ...since] },
    );
    if (status >= 200) {
      this.settle(entry);
      this.count(request.request, status);
    }
    this.dialogs.onAnswer(request, message);
    // RFC 4320 §4.2: a 408 to a non-INVITE only adds to the storm.
    if (status === 408 && request.request.method !== 'INVITE') entry.machine.terminate();
    else if (this.mayLeave(request, status, entry.machine)) entry.machine.respond(status, message.bytes);
    return { message, local, remote: request.path.remote };
  }

  private count({ method }: WireMessage, status: number): void {
    this.core.settings.count('sip_requests_total', answeredLabels('inbound', method, status));
  }

  /** RFC 4320 §4.1: to a non-INVITE no provisional but 100, and that not early over UDP. */
  private mayLeave(request: InboundRequest, status: number, machine: ServerMachine): boolean {
    if (status >= 200 || request.request.method === 'INVITE') return true;
    return status === 100 && (request.path.reliable || machine.late);
  }

  /** A To tag once sent stays (§8.2.6.2). */
  private tagFor(request: InboundRequest, draft: ResponseDraft): string {
    return request.dialog ? request.toTag : (draftTag(draft) ?? request.toTag);
  }

  private contact(request: InboundRequest, status: number): string | undefined {
    const wanted = status > 100 && status < 300 && ANSWERED_WITH_CONTACT.has(request.routing.cseqMethod);
    return wanted ? contactFor(this.core, request.path) : undefined;
  }
}

/** Requests in a dialog end work, or are soon done (RFC 7339 §5.10.1 spares them, too). */
function isNewWork({ message, routing }: Pick<Parsed, 'message' | 'routing'>): boolean {
  return routing.toTag === undefined && (message.method === 'INVITE' || message.method === 'MESSAGE');
}

/** It can be neither cancelled nor followed by another: nothing overtakes it while it waits. */
function isPager({ message, routing }: Pick<Parsed, 'message' | 'routing'>): boolean {
  return routing.toTag === undefined && message.method === 'MESSAGE';
}

/** How long an invitation stands (§13.3.1); one that never stood is taken for a peer's slip. */
function validityOf(invite: WireMessage): number {
  return 1000 * (secondsOf(invite.raw('expires')) || Infinity);
}

function mergeKeyOf({ routing }: Parsed): string {
  return `${routing.fromTag ?? ''} ${routing.callId} ${routing.cseq} ${routing.cseqMethod}`;
}
