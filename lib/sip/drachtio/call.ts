/** An established INVITE dialog on drachtio-srf: its requests in both directions, and its one end (RFC 3261 §12, §15). */
import type { Logger } from '../../log.js';
import type { Answer, Call, CallDelegate, HeaderLine, Peer, SipResponse } from '../agent.js';
import type { Link } from './link.js';
import { contactUri, madeUp, outgoingRequest, requestOf } from './message.js';
import { exchange } from './exchange.js';
import { reply } from './reply.js';
import type { SrfRequest, SrfResponse } from './types.js';

export interface CallDeps {
  readonly link: Link;
  readonly log: Logger;
  readonly callTimeoutMs: number;
  readonly inviteTimeoutMs: number;
  /** Whether a request from outside of dialogs is heard, by the address that it came from. */
  readonly admits: (from: Peer) => boolean;
  /** What is said to OPTIONS with this Request-URI where it asks the gateway itself; undefined: it asks a chatbot. */
  readonly own: (uri: string) => Answer | undefined;
  /** Whether the engine leaves to us what a server owes before its application sees a request. */
  readonly dutiesLeft: boolean;
  /** The least Session-Expires that is taken; undefined: the engine has seen to it. */
  readonly minSeS: number | undefined;
  /** The engine keeps session timers by itself, and asks nobody. */
  readonly keepsTimers: boolean;
  /** Calls of this connection by dialog. */
  readonly calls: Map<string, DrachtioCall>;
}

export interface CallIdentity {
  readonly dialogId: string;
  readonly callId: string;
  readonly remoteTarget: string;
}

const METHODS_THAT_MODIFY = new Set(['INVITE', 'UPDATE']);

/**
 *   live ──bye()──▶ ended
 *     └──BYE, lost──▶ ended, onEnd told
 */
export class DrachtioCall implements Call {
  readonly callId: string;
  private readonly deps: CallDeps;
  private readonly delegate: CallDelegate;
  private readonly dialogId: string;
  private target: string;
  private live = true;
  private hangingUp: Promise<void> | undefined;

  constructor(deps: CallDeps, identity: CallIdentity, delegate: CallDelegate) {
    this.deps = deps;
    this.delegate = delegate;
    this.dialogId = identity.dialogId;
    this.callId = identity.callId;
    this.target = identity.remoteTarget;
    deps.calls.set(identity.dialogId, this);
  }

  get refreshedBelow(): boolean {
    return this.deps.keepsTimers;
  }

  get remoteTarget(): string {
    return this.target;
  }

  async request(draft: { method: string; headers?: readonly HeaderLine[]; body?: Buffer }): Promise<SipResponse> {
    if (!this.live) return madeUp(481);
    const isInvite = draft.method === 'INVITE';
    const response = await this.exchange(draft, isInvite ? this.deps.inviteTimeoutMs : this.deps.callTimeoutMs);
    if (response.status < 300 && METHODS_THAT_MODIFY.has(draft.method))
      this.refreshTarget(response.headers.get('Contact'));
    return response;
  }

  bye(headers: readonly HeaderLine[] = []): Promise<void> {
    this.hangingUp ??= this.hangUp(headers);
    return this.hangingUp;
  }

  /** A request of the peer inside the dialog. */
  handle(req: SrfRequest, res: SrfResponse): void {
    switch (req.method) {
      case 'ACK': {
        this.tell(() => this.delegate.onAck?.(requestOf(req)));
        return;
      }
      case 'BYE':
        this.answer(req, res, Promise.resolve({ status: 200 }));
        {
          this.end('bye');
          return;
        }
      case 'INVITE':
      case 'UPDATE': {
        this.modify(req, res);
        return;
      }
      case 'PRACK': {
        // no provisional response of ours is reliable (RFC 3262 §3)
        this.answer(req, res, Promise.resolve({ status: 481 }));
        return;
      }
      default: {
        this.answer(
          req,
          res,
          this.ask(() => this.delegate.onRequest(requestOf(req))),
        );
        return;
      }
    }
  }

  /** Ended by itself; nobody is told. */
  forget(): void {
    this.finish();
  }

  /** Tells the delegate, unless the call has ended before. */
  end(reason: 'bye' | 'lost'): void {
    if (!this.live) return;
    this.finish();
    this.tell(() => this.delegate.onEnd(reason));
  }

  private tell(news: () => void): void {
    try {
      news();
    } catch (error) {
      this.deps.log.error('call delegate failed', { error });
    }
  }

  private modify(req: SrfRequest, res: SrfResponse): void {
    const request = requestOf(req);
    const answered = this.ask(() => this.delegate.onModify(request)).then((answer) => {
      // target refresh request (RFC 3261 §12.2.2)
      if (answer.status < 300) this.refreshTarget(request.headers.get('Contact'));
      return answer;
    });
    this.answer(req, res, answered);
  }

  /** A delegate that fails answers 500: the peer must not wait for our bugs. */
  private async ask(question: () => Promise<Answer>): Promise<Answer> {
    try {
      return await question();
    } catch (error) {
      this.deps.log.error('call delegate failed', { error });
      return { status: 500 };
    }
  }

  private answer(req: SrfRequest, res: SrfResponse, answered: Promise<Answer>): void {
    const limitMs = req.method === 'INVITE' ? this.deps.inviteTimeoutMs : this.deps.callTimeoutMs;
    const pending = reply(this.deps.link, req, res, limitMs);
    void answered
      .then((answer) => pending.send(answer))
      .catch((error: unknown) => this.deps.log.warn('answer inside a call not sent', { error }));
  }

  private exchange(draft: { method: string; headers?: readonly HeaderLine[]; body?: Buffer }, timeoutMs: number) {
    const { method, headers = [], body } = draft;
    const request = { method, uri: 'sip:placeholder', headers, ...(body ? { body } : {}) };
    const outgoing = outgoingRequest(request, this.dialogId);
    return exchange(this.deps.link, outgoing, { timeoutMs });
  }

  private async hangUp(headers: readonly HeaderLine[]): Promise<void> {
    if (!this.live) return;
    this.live = false;
    const response = await this.exchange({ method: 'BYE', headers }, this.deps.callTimeoutMs);
    if (response.status >= 300) this.deps.log.debug('bye refused', { status: response.status });
    this.finish();
  }

  private finish(): void {
    this.live = false;
    this.deps.calls.delete(this.dialogId);
  }

  private refreshTarget(contact: string | undefined): void {
    this.target = contactUri(contact) ?? this.target;
  }
}
