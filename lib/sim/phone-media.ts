/** The media of one chat of the phone: what sip.js calls a session description handler, over our MSRP. */
import { randomUUID } from 'node:crypto';
import type { Session } from 'sip.js/lib/api/index.js';
import type { MsrpEndpoint, MsrpSession, SendOutcome } from '../msrp/api.js';
import { type Description, parseDescription, printDescription } from '../wire/sdp/description.js';
import { answer, type LocalMedia, makeOffer, type NegotiatedMedia, readAnswer } from '../wire/sdp/negotiate.js';

type Handler = NonNullable<Session['sessionDescriptionHandler']>;

export interface PhoneMediaOptions {
  readonly msrp: MsrpEndpoint;
  readonly templates: { readonly offer: string; readonly answer: string };
  readonly onMessage: (contentType: string, content: Buffer) => void;
  /** The connection is gone, or never came. */
  readonly onLost: () => void;
}

export class PhoneMedia implements Handler {
  private readonly msrpSession: MsrpSession;
  private readonly local: LocalMedia;
  private readonly answerTemplate: string;
  private offered: Description | undefined;
  private answered: Description | undefined;
  private started: Promise<void> | undefined;

  constructor({ msrp, templates, onMessage, onLost }: PhoneMediaOptions) {
    this.msrpSession = msrp.createSession({
      acceptTypes: ['message/cpim', 'application/im-iscomposing+xml'],
      delegate: {
        onMessage: ({ contentType, content }) => {
          onMessage(contentType, content);
          return Promise.resolve(undefined);
        },
        onClosed: onLost,
      },
    });
    this.answerTemplate = templates.answer;
    this.local = {
      template: templates.offer,
      origin: { id: '1', version: '1' },
      paths: this.msrpSession.paths,
      fingerprints: [],
      maxBytes: undefined,
    };
  }

  hasDescription(contentType: string): boolean {
    return contentType.toLowerCase() === 'application/sdp';
  }

  getDescription(): Promise<{ body: string; contentType: string }> {
    const description = this.answered ?? (this.offered ??= makeOffer(this.local));
    return Promise.resolve({ body: printDescription(description), contentType: 'application/sdp' });
  }

  setDescription(sdp: string): Promise<void> {
    const outcome = this.offered
      ? readAnswer(this.offered, parseDescription(sdp))
      : this.answerTo(parseDescription(sdp));
    if (outcome.kind === 'refused') return Promise.reject(new Error(outcome.reason));
    this.started ??= this.begin(outcome);
    // Nobody may be waiting for it: what fails here is told to onLost.
    this.started.catch(() => undefined);
    return Promise.resolve();
  }

  private answerTo(offer: Description): ReturnType<typeof answer> {
    const outcome = answer(offer, { ...this.local, template: this.answerTemplate });
    if (outcome.kind === 'accepted') this.answered = outcome.answer;
    return outcome;
  }

  sendDtmf(): boolean {
    return false;
  }

  /** Whether nothing can be sent any more. */
  get closed(): boolean {
    return this.msrpSession.state === 'closed';
  }

  async send(contentType: string, content: Buffer): Promise<SendOutcome> {
    try {
      await this.started;
    } catch {
      return { kind: 'lost' };
    }
    return this.msrpSession.send({ messageId: randomUUID().replaceAll('-', ''), contentType, content });
  }

  close(): void {
    this.msrpSession.close();
  }

  private begin({ remotePath, role, connect, cema }: NegotiatedMedia): Promise<void> {
    return this.msrpSession.start({ path: remotePath, role, connect, cema });
  }
}
