/** The media of one chat: its MSRP session and the descriptions that were exchanged for it (RFC 3264, RFC 4975 §8). */
import type { MsrpSession } from '../../msrp/api.js';
import { type Description, parseDescription, printDescription } from '../../wire/sdp/description.js';
import type { Fingerprint } from '../../wire/sdp/message-media.js';
import {
  answer,
  type LocalMedia,
  makeOffer,
  type NegotiatedMedia,
  readAnswer,
  type RefusalReason,
  typeIsAccepted,
} from '../../wire/sdp/negotiate.js';

export type OfferOutcome =
  { readonly kind: 'answered'; readonly body: Buffer } | { readonly kind: 'refused'; readonly reason: RefusalReason };

export interface MediaOptions {
  readonly session: MsrpSession;
  /** Texts of sdp-templates/. */
  readonly templates: { readonly offer: string; readonly answer: string };
  readonly maxBytes: number;
  /** Of the certificate that we show now; empty without TLS. */
  readonly fingerprints: () => readonly Fingerprint[];
  /** Whether our own offers are TCP/TLS/MSRP. */
  readonly offerTls: boolean;
  /** o= of this session: digits. */
  readonly originId: string;
}

export const sdpType = 'application/sdp';
export const cpimType = 'message/cpim';

/** Throws DecodeError on descriptions that cannot be read. */
export class ChatMedia {
  readonly session: MsrpSession;
  private readonly options: MediaOptions;
  private version = 1;
  private negotiated: NegotiatedMedia | undefined;
  /** What we said last, and the offer it answered. */
  private current: { readonly description: Description; readonly theirs?: string } | undefined;
  /** Our description was the last that was said. */
  private offering = false;

  constructor(options: MediaOptions) {
    this.options = options;
    this.session = options.session;
  }

  /** Whether the peer takes nothing for now: by its word media is inactive, or comes from it alone (RFC 3264 §8.4). */
  get held(): boolean {
    const direction = this.negotiated?.direction;
    return direction === 'inactive' || direction === 'recvonly';
  }

  /** Whether a message is within the peer's a=max-size (RFC 4975 §8.6); 0, by which nothing could be sent, is no limit. */
  fits(bytes: number): boolean {
    return bytes <= (this.negotiated?.maxBytes || Infinity);
  }

  /** How the peer takes a type: bare if its accept-types list it, else wrapped in CPIM if accept-wrapped-types do. */
  takes(contentType: string): 'bare' | 'wrapped' | undefined {
    if (this.held) return undefined;
    const { acceptTypes = [], acceptWrappedTypes = [] } = this.negotiated ?? {};
    if (typeIsAccepted(contentType, acceptTypes)) return 'bare';
    return typeIsAccepted(contentType, acceptWrappedTypes) ? 'wrapped' : undefined;
  }

  /** What accept-types list may be wrapped, too (RFC 4975 §8.6). */
  takesWrapped(contentType: string): boolean {
    if (this.held) return false;
    const { acceptTypes = [], acceptWrappedTypes = [] } = this.negotiated ?? {};
    return (
      typeIsAccepted(cpimType, acceptTypes) && typeIsAccepted(contentType, [...acceptTypes, ...acceptWrappedTypes])
    );
  }

  /** Whether their answer is still to come: in the ACK, where our 2xx has offered (RFC 3261 §13.2.1). */
  get awaitsAnswer(): boolean {
    return this.offering;
  }

  /** Whether both sides have said what they take. */
  get agreed(): boolean {
    return this.negotiated !== undefined;
  }

  /** Our description as it stands, or our first offer. */
  offer(): Buffer {
    this.offering = true;
    this.current ??= { description: makeOffer(this.offered()) };
    return print(this.current.description);
  }

  /** Their answer to our offer; undefined: accepted. */
  takeAnswer(body: Buffer): RefusalReason | undefined {
    if (!this.current) return 'no-message-media';
    this.offering = false;
    const reading = readAnswer(this.current.description, parseDescription(body));
    if (reading.kind === 'refused') return reading.reason;
    this.negotiated = reading;
    return undefined;
  }

  /** The same offer again is a refresh: the same answer, and MSRP is not touched. */
  takeOffer(body: Buffer): OfferOutcome {
    this.offering = false;
    const theirs = body.toString('latin1');
    if (this.current?.theirs === theirs) return { kind: 'answered', body: print(this.current.description) };
    if (this.current) this.version++;
    const outcome = answer(parseDescription(body), this.local(this.options.templates.answer));
    if (outcome.kind === 'refused') return outcome;
    this.current = { description: outcome.answer, theirs };
    this.negotiated = outcome;
    return { kind: 'answered', body: print(outcome.answer) };
  }

  /** Connects or waits, as was negotiated. */
  async start(): Promise<void> {
    if (!this.negotiated) return;
    const { remotePath, role, connect, cema, secure, fingerprints } = this.negotiated;
    await this.session.start({ path: remotePath, role, connect, cema, secure, fingerprints });
  }

  private offered(): LocalMedia {
    const local = this.local(this.options.templates.offer);
    if (!this.options.offerTls) return local;
    return { ...local, paths: local.paths.filter((path) => path.startsWith('msrps:')) };
  }

  private local(template: string): LocalMedia {
    const { session, maxBytes, originId } = this.options;
    return {
      template,
      origin: { id: originId, version: String(this.version) },
      paths: session.paths,
      fingerprints: this.options.fingerprints(),
      maxBytes,
    };
  }
}

function print(description: Description): Buffer {
  return Buffer.from(printDescription(description), 'utf8');
}
