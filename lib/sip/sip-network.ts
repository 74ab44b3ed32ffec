/** The Network over SIP and MSRP. */
import type { Timer } from '../clock.js';
import type { Metrics } from '../metrics.js';
import type { AddressOptions } from '../wire/address.js';
import { DecodeError } from '../wire/decode-error.js';
import { readFeatureTags } from '../wire/feature-tags.js';
import type { HeaderLine, InboundInvite, InboundRequest, RequestDraft, SipAgent } from './agent.js';
import { allowed } from './allowed.js';
import type { Chat } from './chat/chat.js';
import { ChatMaker, type ChatMakerOptions } from './chat/chat-maker.js';
import { dial, outcomeOf } from './chat/dial.js';
import { type Reading, readIncoming } from './incoming.js';
import { invitationOf, refuse } from './chat/invitation.js';
import { largeMessageBody, readInviteBody } from './chat/invite-body.js';
import { cpimType, sdpType } from './chat/media.js';
import type {
  Disguise,
  Network,
  NetworkBot,
  NetworkHandlers,
  Opened,
  Outgoing,
  OutgoingMessage,
  Refusal,
  Service,
  SessionDelegate,
  SessionSend,
  SipOutcome,
  StandaloneMessage,
} from './network.js';
import { wantsPrivacy } from './privacy.js';
import { capabilityContact, capabilityHeaders, inviteHeaders, requestHeaders } from './rcs-headers.js';

export interface SipNetworkOptions extends ChatMakerOptions {
  readonly agent: SipAgent;
  readonly metrics: Metrics;
  readonly userOptions: AddressOptions;
  readonly disguise: Disguise;
  /** Of the whole MESSAGE request to this user, before what its route adds. */
  readonly pagerMaxBytes: (userUri: string) => number;
  readonly messageAnswer: 200 | 202;
  readonly sessionExpiresS: number;
  readonly minSeS: number;
  /** `onLate` comes where the store keeps one waiting for too long; whoever is done before closes it. */
  readonly late?: (onLate: () => void) => Timer;
  /** In the 503 to it, and where there is no place for a session. */
  readonly retryAfterS?: number;
}

/**
 * Via, Max-Forwards, Call-ID, CSeq, From tag and Content-Length that the engine adds to a request, in bytes: 195 of ours
 * with an IPv4 address, 225 with IPv6; a drachtio-server's ids are somewhat longer.
 */
const engineBytes = 240;

export class SipNetwork implements Network {
  private readonly options: SipNetworkOptions;
  private readonly chats: ChatMaker;
  /** BYEs under way. */
  private readonly farewells = new Set<Promise<void>>();

  constructor(options: SipNetworkOptions) {
    this.options = options;
    this.chats = new ChatMaker(options);
  }

  get ready(): boolean {
    return this.options.agent.ready;
  }

  start(handlers: NetworkHandlers): Promise<void> {
    return this.options.agent.start({
      onInvite: (invite) => this.onInvite(invite, handlers),
      onMessage: (request) => this.onMessage(request, handlers),
      onOptions: (request) => this.onOptions(request, handlers),
    });
  }

  async hungUp(): Promise<void> {
    await Promise.all(this.farewells);
  }

  close(): Promise<void> {
    return this.options.agent.close();
  }

  async openSession(outgoing: Outgoing, delegate: SessionDelegate, signal?: AbortSignal): Promise<Opened> {
    const made = this.chats.make({ bot: outgoing.bot, service: 'session', direction: 'outbound', delegate });
    if (!made) return { kind: 'refused', outcome: noPlace() };
    const { chat, media } = made;
    const draft = this.inviteDraft(outgoing, 'session', { contentType: sdpType, body: media.offer() });
    const problem = await dial({ agent: this.options.agent, draft, chat, media, ...(signal && { signal }) });
    if (problem) return { kind: 'refused', outcome: problem };
    return { kind: 'open', session: chat };
  }

  fitsPager(message: OutgoingMessage): boolean {
    const draft = this.messageDraft(message);
    const lines = draft.headers.reduce((bytes, [name, value]) => bytes + name.length + value.length + 4, 0);
    const bytes = engineBytes + `MESSAGE ${draft.uri} SIP/2.0`.length + lines + message.content.length;
    return bytes <= this.options.pagerMaxBytes(message.userUri);
  }

  async sendMessage(message: OutgoingMessage): Promise<SipOutcome> {
    return outcomeOf(await this.options.agent.request(this.messageDraft(message)));
  }

  async sendLarge(message: OutgoingMessage, signal?: AbortSignal): Promise<SipOutcome | SessionSend> {
    const delegate: SessionDelegate = {
      onMessage: () => Promise.resolve({ status: 403, comment: 'sendonly' }),
      onEnd: () => undefined,
    };
    const made = this.chats.make({ bot: message.bot, service: 'largeMessage', direction: 'outbound', delegate });
    if (!made) return noPlace();
    const { chat, media } = made;
    // CPIM headers with empty content; the whole message follows by MSRP.
    const head = message.content.subarray(0, endOfHeaders(message.content));
    const body = largeMessageBody(head, media.offer());
    const draft = this.inviteDraft(message, 'largeMessage', body);
    const problem = await dial({ agent: this.options.agent, draft, chat, media, ...(signal && { signal }) });
    if (problem) return problem;
    try {
      return await chat.send(message);
    } finally {
      this.hangUp(chat);
    }
  }

  /** What became of the message does not wait for the answer to BYE. */
  private hangUp(chat: Chat): void {
    const farewell = chat.close().finally(() => this.farewells.delete(farewell));
    this.farewells.add(farewell);
  }

  async queryCapabilities(bot: NetworkBot, userUri: string, signal?: AbortSignal): Promise<SipOutcome> {
    const draft = this.draft('OPTIONS', userUri, [
      ...capabilityHeaders(bot, userUri),
      ['Contact', capabilityContact(bot, this.options.contactHost())],
    ]);
    return outcomeOf(await this.options.agent.request(draft, signal));
  }

  private messageDraft(message: OutgoingMessage): RequestDraft {
    const headers: readonly HeaderLine[] = [
      ...requestHeaders(message, message.service),
      ['Content-Type', message.contentType],
    ];
    return this.draft('MESSAGE', message.userUri, headers, message.content);
  }

  private inviteDraft(
    outgoing: Outgoing,
    service: Service,
    { contentType, body }: { contentType: string; body: Buffer },
  ): RequestDraft {
    const { sessionExpiresS, minSeS } = this.options;
    const headers = inviteHeaders(outgoing, service, {
      contactHost: this.options.contactHost(),
      sessionExpiresS,
      minSeS,
    });
    return this.draft('INVITE', outgoing.userUri, [...headers, ['Content-Type', contentType]], body);
  }

  private draft(method: string, uri: string, headers: readonly HeaderLine[], body?: Buffer): RequestDraft {
    return { method, uri, headers, ...(body && { body }) };
  }

  private onInvite(invite: InboundInvite, handlers: NetworkHandlers): void {
    const reading = this.read(invite);
    if (reading.kind === 'refused') {
      this.refuseNow(invite, reading.refusal);
      return;
    }
    const { incoming } = reading;
    let body;
    try {
      body = readInviteBody(invite);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const status = error.codec === 'invite' ? 415 : 400;
      this.refuseNow(invite, { status });
      return;
    }
    const { log, contactHost, retryAfterS } = this.options;
    handlers.onInvitation(
      invitationOf({
        invite,
        incoming,
        body,
        log,
        contactHost: contactHost(),
        ...(retryAfterS === undefined ? {} : { retryAfterS }),
        makeChat: (bot, delegate) =>
          this.chats.make({
            bot,
            service: incoming.service,
            direction: 'inbound',
            delegate,
          }),
      }),
    );
  }

  private onMessage(request: InboundRequest, handlers: NetworkHandlers): void {
    const reading = this.read(request);
    if (reading.kind === 'refused') {
      this.refuseNow(request, reading.refusal);
      return;
    }
    const { incoming } = reading;
    handlers.onMessage({
      ...incoming,
      contentType: request.headers.get('Content-Type') ?? '',
      content: request.body,
      answer: this.inTime(request, (refusal) =>
        refusal ? refuse(request, refusal) : request.answer({ status: this.options.messageAnswer }),
      ),
    });
  }

  /** 503 where the store keeps it waiting for too long: then the message comes again, and is known by its Message-ID. */
  private inTime(request: InboundRequest, answer: StandaloneMessage['answer']): StandaloneMessage['answer'] {
    const { late, retryAfterS } = this.options;
    if (!late) return answer;
    let isLate = false;
    const wait = late(() => {
      isLate = true;
      this.refuseNow(request, { status: 503, ...(retryAfterS === undefined ? {} : { retryAfterS }) });
    });
    return async (refusal) => {
      wait.close();
      if (!isLate) await answer(refusal);
    };
  }

  private onOptions(request: InboundRequest, handlers: NetworkHandlers): void {
    // Who cannot say who he is may ask all the same.
    const reading = this.read(request);
    handlers.onCapabilityQuery({
      botUri: request.uri,
      user: reading.kind === 'read' ? reading.incoming.user : undefined,
      tags: reading.kind === 'read' ? reading.incoming.tags : readFeatureTags([]),
      answer: (bot, refusal) => {
        if (refusal) return refuse(request, refusal);
        if (!bot) return refuse(request, { status: 404 });
        return request.answer({
          status: 200,
          headers: [
            ['Contact', capabilityContact(bot, this.options.contactHost())],
            ['Allow', allowed],
            ['Accept', `${sdpType}, ${cpimType}`],
            ['Supported', 'timer'],
          ],
        });
      },
    });
  }

  private read(request: InboundRequest): Reading {
    try {
      const reading = readIncoming(request, this.options.userOptions);
      if (reading.kind === 'refused') return reading;
      const { incoming } = reading;
      const user = this.options.disguise(incoming.botUri, incoming.user, wantsPrivacy(request.headers));
      return { kind: 'read', incoming: { ...incoming, user } };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return { kind: 'refused', refusal: { status: 400 } };
    }
  }

  private refuseNow(request: Pick<InboundRequest, 'answer' | 'callId' | 'method'>, refusal: Refusal): void {
    const { log, metrics } = this.options;
    metrics.count('sip_refused_total', { status: String(refusal.status) });
    log.warn('request refused', { callId: request.callId, status: refusal.status });
    refuse(request, refusal).catch((error: unknown) => log.warn('request not answered', { problem: String(error) }));
  }
}

/** For a message of ours that must wait: as if the network had no place. */
function noPlace(): SipOutcome {
  return { status: 503, reason: 'Too many sessions', tags: readFeatureTags([]) };
}

/** The empty line after the message headers and after the MIME headers (RFC 3862 §2). */
function endOfHeaders(cpim: Buffer): number {
  const first = cpim.indexOf('\r\n\r\n');
  const second = cpim.indexOf('\r\n\r\n', first + 4);
  return second < 0 ? cpim.length : second + 4;
}
