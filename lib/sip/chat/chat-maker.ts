/** A chat with its media, both new: its MSRP session, what it offers and takes, whom it tells. */
import type { Clock } from '../../clock.js';
import { PeerError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import type { MsrpEndpoint, MsrpSession, SessionOptions } from '../../msrp/api.js';
import type { Fingerprint } from '../../wire/sdp/message-media.js';
import { Chat } from './chat.js';
import { ChatMedia, cpimType } from './media.js';
import type { NetworkBot, Service, SessionDelegate } from '../network.js';
import { contact } from '../rcs-headers.js';

export interface ChatMakerOptions {
  readonly msrp: MsrpEndpoint;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Texts of sdp-templates/. */
  readonly templates: {
    readonly sessionOffer: string;
    readonly sessionAnswer: string;
    readonly largeMessageOffer: string;
  };
  /** `host:port` of Contact. */
  readonly contactHost: () => string;
  /** Of the certificate of msrps: that is shown now; empty without TLS. */
  readonly fingerprints: () => readonly Fingerprint[];
  /** Whether our own offers are TCP/TLS/MSRP; needs a certificate. */
  readonly offerTls: boolean;
  readonly maxMessageBytes: number;
}

export interface ChatParts {
  readonly bot: NetworkBot;
  readonly service: Service;
  readonly direction: 'inbound' | 'outbound';
  readonly delegate: SessionDelegate;
}

export interface MadeChat {
  readonly chat: Chat;
  readonly media: ChatMedia;
}

const composingType = 'application/im-iscomposing+xml';

export class ChatMaker {
  private readonly options: ChatMakerOptions;
  /** Of the latest description: from the time of the start on, so that no earlier process has used it (RFC 8866 §5.2). */
  private originId: number;

  constructor(options: ChatMakerOptions) {
    this.options = options;
    this.originId = options.clock.now();
  }

  /** undefined: there is no place for one more. */
  make({ bot, service, direction, delegate }: ChatParts): MadeChat | undefined {
    const { clock, log, contactHost } = this.options;
    const slot: { chat?: Chat } = {};
    const session = this.session(bot, {
      acceptTypes: service === 'session' ? [cpimType, composingType] : [cpimType],
      delegate: {
        onMessage: (message) => delegate.onMessage(message),
        onClosed: (reason) => slot.chat?.mediaLost(reason),
      },
    });
    if (!session) return undefined;
    const media = this.media(session, service);
    const name = contact(bot, service, contactHost());
    const chat = new Chat({ service, direction, media, delegate, clock, log, contact: name });
    slot.chat = chat;
    return { chat, media };
  }

  /** Those that ring and those of one message have their place, too: what is up does not tell whether there is one more. */
  private session(bot: NetworkBot, options: SessionOptions): MsrpSession | undefined {
    const { msrp, metrics } = this.options;
    try {
      return msrp.createSession(options);
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      if (msrp.listening) metrics.count('limit_reached_total', { limit: 'msrp.maxSessions' }, 1, bot.uri);
      return undefined;
    }
  }

  private media(session: MsrpSession, service: Service): ChatMedia {
    const { templates, fingerprints, offerTls, maxMessageBytes } = this.options;
    this.originId++;
    return new ChatMedia({
      session,
      templates: {
        offer: service === 'largeMessage' ? templates.largeMessageOffer : templates.sessionOffer,
        answer: templates.sessionAnswer,
      },
      maxBytes: maxMessageBytes,
      fingerprints,
      offerTls,
      originId: String(this.originId),
    });
  }
}
