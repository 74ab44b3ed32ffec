/** A network that answers as the spec says, and keeps what it was asked. */
import { randomUUID } from 'node:crypto';
import type {
  ChatSession,
  Invitation,
  MsrpRefusal,
  Network,
  NetworkHandlers,
  Opened,
  Outgoing,
  OutgoingMessage,
  Refusal,
  SessionDelegate,
  SessionOutgoing,
  SessionSend,
  SipOutcome,
  StandaloneMessage,
} from '../../lib/sip/network.js';
import { readFeatureTags } from '../../lib/wire/feature-tags.js';

const tags = readFeatureTags([]);

export class ScriptedSession implements ChatSession {
  readonly callId: string;
  readonly traceKeys: readonly string[] = [];
  readonly peerTags = tags;
  readonly direction: 'inbound' | 'outbound';
  readonly service = 'session';
  readonly delegate: SessionDelegate;
  readonly sent: SessionOutgoing[] = [];
  /** One for each message; accepted where there is none. */
  readonly answers: (SessionSend | Promise<SessionSend>)[] = [];
  /** How the peer takes what is not a message. */
  way: 'bare' | 'wrapped' | undefined = 'wrapped';
  receiving = false;
  held = false;
  open = true;

  constructor(direction: 'inbound' | 'outbound', delegate: SessionDelegate, callId: string = randomUUID()) {
    this.direction = direction;
    this.delegate = delegate;
    this.callId = callId;
  }

  takes(): 'bare' | 'wrapped' | undefined {
    return this.way;
  }

  takesWrapped(): boolean {
    return this.way !== undefined;
  }

  send(message: SessionOutgoing): Promise<SessionSend> {
    this.sent.push(message);
    return Promise.resolve(this.answers.shift() ?? { kind: 'accepted' });
  }

  close(): Promise<void> {
    this.open = false;
    return Promise.resolve();
  }

  /** BYE of the peer. */
  bye(): void {
    this.open = false;
    this.delegate.onEnd('BYE');
  }

  receive(contentType: string, content: string | Buffer): Promise<MsrpRefusal | undefined> {
    return this.delegate.onMessage({ contentType, content: Buffer.from(content) });
  }
}

export class ScriptedNetwork implements Network {
  readonly ready = true;
  readonly sessions: ScriptedSession[] = [];
  readonly invites: Outgoing[] = [];
  readonly messages: OutgoingMessage[] = [];
  readonly large: OutgoingMessage[] = [];
  /** Final responses to the INVITEs and MESSAGEs to come; 200 where there is none. */
  readonly inviteAnswers: (Partial<SipOutcome> | Promise<Partial<SipOutcome>>)[] = [];
  readonly messageAnswers: (Partial<SipOutcome> | Promise<Partial<SipOutcome>>)[] = [];
  readonly largeAnswers: (SipOutcome | SessionSend | Promise<SessionSend>)[] = [];
  /** Octets that fit in a pager message. */
  pagerBytes = 1300;
  handlers: NetworkHandlers | undefined;

  start(handlers: NetworkHandlers): Promise<void> {
    this.handlers = handlers;
    return Promise.resolve();
  }

  /** A CANCEL is answered 487 at once. */
  async openSession(outgoing: Outgoing, delegate: SessionDelegate, signal?: AbortSignal): Promise<Opened> {
    this.invites.push(outgoing);
    const cancelled = new Promise<Partial<SipOutcome>>((resolve) => {
      signal?.addEventListener('abort', () => resolve({ status: 487 }));
    });
    const outcome = finalOf(await Promise.race([cancelled, this.inviteAnswers.shift()]));
    if (outcome.status >= 300) return { kind: 'refused', outcome };
    const session = new ScriptedSession('outbound', delegate);
    this.sessions.push(session);
    return { kind: 'open', session };
  }

  fitsPager({ content }: OutgoingMessage): boolean {
    return content.length <= this.pagerBytes;
  }

  async sendMessage(message: OutgoingMessage): Promise<SipOutcome> {
    this.messages.push(message);
    return finalOf(await this.messageAnswers.shift());
  }

  sendLarge(message: OutgoingMessage): Promise<SipOutcome | SessionSend> {
    this.large.push(message);
    return Promise.resolve(this.largeAnswers.shift() ?? { kind: 'accepted' });
  }

  queryCapabilities(): Promise<SipOutcome> {
    return Promise.resolve(finalOf({ status: 408 }));
  }

  hungUp(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** A user's INVITE. */
  call(incoming: Pick<Invitation, 'botUri' | 'user'> & Partial<Invitation>): Call {
    const call = new Call(this, incoming);
    this.handlers?.onInvitation(call.invitation);
    return call;
  }

  /** A user's MESSAGE; resolves with how it was refused, undefined: it was taken. */
  message(incoming: Said): Promise<Refusal | undefined> {
    return new Promise((resolve) => {
      this.handlers?.onMessage({
        ...nothingSaid,
        service: 'standalone',
        ...incoming,
        content: Buffer.from(incoming.content),
        answer: (refusal) => {
          resolve(refusal);
          return Promise.resolve();
        },
      });
    });
  }
}

type Said = Pick<StandaloneMessage, 'botUri' | 'user' | 'contentType'> &
  Partial<Pick<StandaloneMessage, 'ids' | 'service'>> & { readonly content: string };

/** A user's INVITE, and what becomes of it. */
export class Call {
  readonly invitation: Invitation;
  refused: Refusal | undefined;
  session: ScriptedSession | undefined;
  /** The caller gives up. */
  cancel = (): void => undefined;
  /** The answer leaves only then. */
  held: Promise<void> = Promise.resolve();

  constructor(network: ScriptedNetwork, incoming: Pick<Invitation, 'botUri' | 'user'> & Partial<Invitation>) {
    this.invitation = {
      ...nothingSaid,
      service: 'session',
      refuse: (refusal) => {
        this.refused = refusal;
        return Promise.resolve();
      },
      onceCancelled: (listener) => void (this.cancel = listener),
      accept: async (_bot, delegate) => {
        await this.held;
        this.session = new ScriptedSession('inbound', delegate);
        network.sessions.push(this.session);
        return this.session;
      },
      ...incoming,
    };
  }
}

const nothingSaid = {
  get callId(): string {
    return randomUUID();
  },
  ids: {},
  tags,
  askedVersions: new Set<string>(),
  askedApplications: new Set<string>(),
};

function finalOf(answer: Partial<SipOutcome> = {}): SipOutcome {
  return { status: 200, reason: 'scripted', tags, ...answer };
}
