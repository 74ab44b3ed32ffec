/** A chat with its media, both new: its MSRP session, what it offers and takes, whom it tells. */
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { MsrpEndpoint } from '../../msrp/api.js';
import type { Fingerprint } from '../../wire/sdp/message-media.js';
import { Chat } from './chat.js';
import { ChatMedia, cpimType } from './media.js';
import type { NetworkBot, Service, SessionDelegate } from '../network.js';
import { contact } from '../rcs-headers.js';

export interface ChatMakerOptions {
  readonly msrp: MsrpEndpoint;
  readonly clock: Clock;
  readonly log: Logger;
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

const composingType = 'application/im-iscomposing+xml';

export class ChatMaker {
  private readonly options: ChatMakerOptions;
  private originId = 0;

  constructor(options: ChatMakerOptions) {
    this.options = options;
  }

  make({ bot, service, direction, delegate }: ChatParts): { chat: Chat; media: ChatMedia } {
    const { msrp, clock, log, contactHost } = this.options;
    const slot: { chat?: Chat } = {};
    const session = msrp.createSession({
      acceptTypes: service === 'session' ? [cpimType, composingType] : [cpimType],
      delegate: {
        onMessage: (message) => delegate.onMessage(message),
        onClosed: (reason) => slot.chat?.mediaLost(reason),
      },
    });
    const media = this.media(session, service);
    const name = contact(bot, service, contactHost());
    const chat = new Chat({ service, direction, media, delegate, clock, log, contact: name });
    slot.chat = chat;
    return { chat, media };
  }

  private media(session: ReturnType<MsrpEndpoint['createSession']>, service: Service): ChatMedia {
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
