/**
 * A chat: one dialog with its MSRP session.
 *
 *   new ──attach (2xx)──→ open ──BYE, close, MSRP lost──→ ended
 *    └──────────abandon (refused, cancelled)──────────────↗
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.js';
import { PeerError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { DecodeError } from '../../wire/decode-error.js';
import type { FeatureTags } from '../../wire/feature-tags.js';
import type { Answer, Call, CallDelegate, SipRequest } from '../agent.js';
import { allowed, allowedWithinDialog } from '../allowed.js';
import { type ChatMedia, sdpType } from './media.js';
import { offerRefusal } from './offer-refusal.js';
import type { ChatSession, Service, SessionDelegate, SessionOutgoing, SessionSend } from '../network.js';
import { refusalAnswer } from '../rcs-headers.js';
import { acceptedTimer, timerHeaders } from '../session-timer.js';
import { SessionRefresh } from './session-refresh.js';

export interface ChatOptions {
  readonly service: Service;
  readonly direction: 'inbound' | 'outbound';
  readonly media: ChatMedia;
  readonly delegate: SessionDelegate;
  readonly clock: Clock;
  readonly log: Logger;
  /** Contact of our re-INVITEs and answers. */
  readonly contact: string;
}

/** What the peer said of itself when the dialog was made. */
export interface Established {
  readonly call: Call;
  readonly tags: FeatureTags;
  /** Its INVITE or its 2xx: the session timer stands there. */
  readonly sessionExpires: string | undefined;
  readonly allowsUpdate: boolean;
}

type State =
  | { readonly kind: 'new' }
  | { readonly kind: 'open'; readonly call: Call; readonly refresh: SessionRefresh }
  | { readonly kind: 'ended' };

const tooLarge: SessionSend = { kind: 'refused', status: 413, comment: 'Larger than the max-size of the user’s side' };

export class Chat implements ChatSession, CallDelegate {
  private readonly options: ChatOptions;
  private state: State = { kind: 'new' };
  private id = '';
  private tags: FeatureTags | undefined;

  constructor(options: ChatOptions) {
    this.options = options;
  }

  get callId(): string {
    return this.id;
  }

  get traceKeys(): readonly string[] {
    return [this.id, this.options.media.session.id];
  }

  get direction(): 'inbound' | 'outbound' {
    return this.options.direction;
  }

  get service(): Service {
    return this.options.service;
  }

  get peerTags(): FeatureTags {
    if (!this.tags) throw new TypeError('a chat without its dialog');
    return this.tags;
  }

  get open(): boolean {
    return this.state.kind === 'open';
  }

  get receiving(): boolean {
    return this.options.media.session.receiving;
  }

  /** The dialog stands; a chat that has ended meanwhile is hung up. */
  attach(established: Established): void {
    this.id = established.call.callId;
    this.tags = established.tags;
    if (this.state.kind === 'ended') {
      void established.call.bye();
      return;
    }
    const refresh = this.refreshOf(established);
    this.state = { kind: 'open', call: established.call, refresh };
    refresh.agreed(established.sessionExpires, this.direction === 'outbound');
  }

  /** It came to nothing: the MSRP session goes. */
  abandon(): void {
    this.end();
  }

  get held(): boolean {
    return this.options.media.held;
  }

  takes(contentType: string): 'bare' | 'wrapped' | undefined {
    return this.options.media.takes(contentType);
  }

  takesWrapped(contentType: string): boolean {
    return this.options.media.takesWrapped(contentType);
  }

  /**
   * Its MSRP Message-ID is of this attempt alone: 32 characters are all that RFC 4975 §9 allows. What is beyond the peer's
   * a=max-size is not sent: refused as the peer would (RFC 4975 §8.6), rather than perhaps dropped behind its 200.
   */
  send(message: SessionOutgoing): Promise<SessionSend> {
    const { media } = this.options;
    if (!media.fits(message.content.length)) return Promise.resolve(tooLarge);
    const messageId = randomUUID().replaceAll('-', '');
    return media.session.send({ ...message, messageId });
  }

  async close(): Promise<void> {
    const { state } = this;
    this.end();
    if (state.kind === 'open') await state.call.bye();
  }

  /** The MSRP side is gone: the call has lost its purpose. */
  mediaLost(reason: string): void {
    if (this.state.kind !== 'open') return;
    const { call } = this.state;
    this.end();
    this.options.delegate.onEnd(reason);
    void call.bye();
  }

  // — CallDelegate —

  onEnd(reason: 'bye' | 'lost'): void {
    if (this.state.kind === 'ended') return;
    this.end();
    this.options.delegate.onEnd(reason);
  }

  /** A re-INVITE without SDP is answered with our description (RFC 3261 §14.2), an UPDATE without SDP with none (RFC 3311 §5). */
  async onModify(request: SipRequest): Promise<Answer> {
    if (request.body.length === 0) {
      const answer = this.agreed(request);
      return request.method === 'INVITE' ? withSdp(answer, this.options.media.offer()) : answer;
    }
    try {
      const outcome = this.changing(() => this.options.media.takeOffer(request.body));
      if (outcome.kind === 'refused') return refusalAnswer(request.method, offerRefusal(outcome.reason));
      await this.options.media.start();
      return withSdp(this.agreed(request), outcome.body);
    } catch (error) {
      if (error instanceof DecodeError) return { status: 400, reason: 'Bad SDP' };
      if (!(error instanceof PeerError)) throw error;
      // where the peer's end cannot be reached the session has ended, and the BYE follows
      this.options.log.warn('media not established', { callId: this.id, error });
      return { status: 488, reason: 'MSRP connection failed' };
    }
  }

  /** The answer to the offer of our 2xx comes in the ACK; without one a re-INVITE has changed nothing, and a call has no media. */
  onAck(request: SipRequest): void {
    const { media } = this.options;
    if (!media.awaitsAnswer) return;
    if (request.body.length === 0) {
      if (!media.agreed) this.mediaLost('no answer in the ACK');
      return;
    }
    if (!this.takeAnswer(request.body)) this.mediaLost('no usable answer');
  }

  onRequest(request: SipRequest): Promise<Answer> {
    const known = request.method === 'OPTIONS' || request.method === 'INFO';
    // RFC 3261 §21.4.6: what a 405 allows is not what it refuses; OPTIONS is answered as outside of a dialog (§11.2).
    const answer: Answer = known
      ? { status: 200, headers: [['Allow', allowed]] }
      : { status: 405, headers: [['Allow', allowedWithinDialog]] };
    return Promise.resolve(answer);
  }

  /** False: it cannot be used. Else media goes where it says. */
  private takeAnswer(body: Buffer): boolean {
    const { media, log } = this.options;
    try {
      const refused = this.changing(() => media.takeAnswer(body));
      if (refused === undefined) {
        media.start().catch((error: unknown) => this.fail(error));
        return true;
      }
      log.warn('answer not usable', { callId: this.id, reason: refused });
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      log.warn('answer not understood', { callId: this.id, place: error.place });
    }
    return false;
  }

  /** By each description the peer may begin a hold, or end it. */
  private changing<T>(change: () => T): T {
    const before = this.held;
    const outcome = change();
    const after = this.held;
    if (before && !after) this.options.delegate.onResume?.();
    return outcome;
  }

  private fail(error: unknown): void {
    this.options.log.warn('media not established', { callId: this.id, error });
    this.mediaLost('media not established');
  }

  /** A 2xx to the peer's INVITE or UPDATE: the refresher is settled anew; who asks for no timer leaves it as it was. */
  private agreed({ headers }: SipRequest): Answer {
    const timer = acceptedTimer(headers);
    if (timer !== undefined && this.state.kind === 'open') this.state.refresh.agreed(timer, false);
    return { status: 200, headers: [['Contact', this.options.contact], ...timerHeaders(timer)] };
  }

  private refreshOf({ call, allowsUpdate }: Established): SessionRefresh {
    const { contact, media, clock, log } = this.options;
    return new SessionRefresh({
      ...{ call, allowsUpdate, contact, clock, log },
      ownership: this.direction === 'outbound' ? 'owner' : 'other',
      description: () => media.offer(),
      // By its answer the peer may change its own side (RFC 3264 §8); one that cannot be used leaves all as it was.
      onAnswer: (body) => body.length > 0 && this.takeAnswer(body),
      onLost: () => this.mediaLost('session timer'),
    });
  }

  private end(): void {
    if (this.state.kind === 'open') this.state.refresh.close();
    this.state = { kind: 'ended' };
    this.options.media.session.close();
  }
}

function withSdp(answer: Answer, body: Buffer): Answer {
  return { ...answer, headers: [...(answer.headers ?? []), ['Content-Type', sdpType]], body };
}
