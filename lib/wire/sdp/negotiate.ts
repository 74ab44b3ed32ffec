/** Offer and answer for one MSRP session (RFC 3264, RFC 4975 §8, RFC 6135, RFC 6714). */
import { parseUri } from '../msrp/uri.js';
import { parseDescription, rejectedSection, type Description, type MediaSection } from './description.js';
import {
  isMessageMedia,
  messageMediaOf,
  type AddressFamily,
  type Direction,
  type Fingerprint,
  type MessageMedia,
  type Setup,
} from './message-media.js';
import { fillTemplate } from './template.js';

/** Our side of the session. */
export interface LocalMedia {
  /** Text of sdp-templates/: what it accepts is what we accept. */
  readonly template: string;
  /** Digits, as o= wants them; the version rises with each change. */
  readonly origin: { readonly id: string; readonly version: string };
  /** The session's URIs, preferred first: one for each address family, msrps: where we can do TLS. */
  readonly paths: readonly string[];
  /** Of our certificate; wanted with a msrps: path. */
  readonly fingerprints: readonly Fingerprint[];
  readonly maxBytes: number | undefined;
}

/** active connects and sends first, passive listens. */
export type Role = 'active' | 'passive';

export interface NegotiatedMedia {
  readonly role: Role;
  readonly localPath: string;
  readonly remotePath: readonly string[];
  /** Where the active side connects to: the next hop of the path, or c= and m= with CEMA. */
  readonly connect: { readonly host: string; readonly port: number };
  /** Both sides have it: paths are matched by session-id alone. */
  readonly cema: boolean;
  readonly secure: boolean;
  /** Of the peer's certificate. */
  readonly fingerprints: readonly Fingerprint[];
  /** What the peer takes, as it wrote it. */
  readonly acceptTypes: readonly string[];
  readonly acceptWrappedTypes: readonly string[];
  readonly maxBytes: number | undefined;
  /** As seen from us. */
  readonly direction: Direction;
  readonly fileSelector: string | undefined;
}

export type RefusalReason = 'no-message-media' | 'no-common-type' | 'tls-required';

export type Refused = { readonly kind: 'refused'; readonly reason: RefusalReason };

export type Negotiation = ({ readonly kind: 'accepted'; readonly answer: Description } & NegotiatedMedia) | Refused;

export type AnswerReading = ({ readonly kind: 'accepted' } & NegotiatedMedia) | Refused;

/** Our offer: actpass, with the port we listen on. Throws DecodeError on a template that cannot be filled. */
export function makeOffer(local: LocalMedia): Description {
  const path = local.paths[0] ?? '';
  return fill(local, { path, family: undefined, setup: 'actpass', cema: true });
}

/** Answers the first m=message that can be taken; every other medium is declined. Throws DecodeError on a malformed m=message section. */
export function answer(offer: Description, local: LocalMedia): Negotiation {
  let reason: RefusalReason = 'no-message-media';
  for (const section of offer.media) {
    if (section.port === 0 || !isMessageMedia(section)) continue;
    const remote = messageMediaOf(offer, section);
    const path = choosePath(local.paths, remote);
    if (path === undefined) {
      reason = 'tls-required';
      continue;
    }
    const made = makeAnswer(local, remote, path);
    if (!haveCommonType(ownMedia(made).acceptTypes, remote.acceptTypes)) {
      reason = 'no-common-type';
      continue;
    }
    const role = roleOfAnswerer(remote.setup);
    const answered = placeAnswer(offer, section, made);
    return { kind: 'accepted', answer: answered, ...negotiated({ remote, role, localPath: path, ourCema: true }) };
  }
  return { kind: 'refused', reason };
}

/** What the answer to our own offer means. Throws DecodeError on a malformed m=message section. */
export function readAnswer(offer: Description, answered: Description): AnswerReading {
  const section = answered.media.find((one) => one.port !== 0 && isMessageMedia(one));
  if (!section) return { kind: 'refused', reason: 'no-message-media' };
  const remote = messageMediaOf(answered, section);
  const own = ownMedia(offer);
  if (remote.secure !== own.secure) return { kind: 'refused', reason: 'tls-required' };
  if (!haveCommonType(own.acceptTypes, remote.acceptTypes)) return { kind: 'refused', reason: 'no-common-type' };
  const role = roleOfOfferer(remote.setup);
  return { kind: 'accepted', ...negotiated({ remote, role, localPath: own.path.join(' '), ourCema: own.cema }) };
}

/** `*`, `type/*` and equal types match, parameters aside. */
export function typeIsAccepted(type: string, accepted: readonly string[]): boolean {
  const wanted = bareType(type);
  return accepted.some((one) => {
    const pattern = bareType(one);
    return pattern === '*' || pattern === wanted || (pattern.endsWith('/*') && wanted.startsWith(pattern.slice(0, -1)));
  });
}

function haveCommonType(ours: readonly string[], theirs: readonly string[]): boolean {
  return ours.some((type) => typeIsAccepted(type, theirs)) || theirs.some((type) => typeIsAccepted(type, ours));
}

function bareType(type: string): string {
  return (type.split(';')[0] ?? '').trim().toLowerCase();
}

/** In the offer's address family where we have it; undefined where the offer wants TLS and we cannot, or the reverse. */
function choosePath(paths: readonly string[], remote: MessageMedia): string | undefined {
  const candidates = paths.filter((path) => parseUri(path).secure === remote.secure);
  return candidates.find((path) => familyOf(parseUri(path).host) === remote.address?.family) ?? candidates[0];
}

/** undefined for a name. */
function familyOf(host: string): AddressFamily | undefined {
  if (host.includes(':')) return 'IP6';
  return /^[\d.]+$/.test(host) ? 'IP4' : undefined;
}

function makeAnswer(local: LocalMedia, remote: MessageMedia, path: string): Description {
  const direction = reverse(remote.direction);
  // An offer without a=setup knows only RFC 4975: its answer has none either.
  const setup = remote.setup && setupOfAnswer(remote.setup);
  return fill(local, { path, family: remote.address?.family, setup, cema: remote.cema, direction });
}

interface Filling {
  readonly path: string;
  readonly family: AddressFamily | undefined;
  readonly setup: Setup | undefined;
  readonly cema: boolean;
  readonly direction?: Direction;
}

function fill(local: LocalMedia, filling: Filling): Description {
  const uri = parseUri(filling.path);
  const fingerprints = uri.secure ? local.fingerprints.map(({ hash, value }) => `${hash} ${value}`) : [];
  const text = fillTemplate(local.template, {
    originId: local.origin.id,
    originVersion: local.origin.version,
    family: familyOf(uri.host) ?? filling.family ?? 'IP4',
    address: uri.host,
    port: String(uri.port ?? 2855),
    protocol: uri.secure ? 'TCP/TLS/MSRP' : 'TCP/MSRP',
    setup: filling.setup ?? [],
    path: filling.path,
    fingerprint: fingerprints,
    cema: filling.cema ? 'msrp-cema' : [],
    maxBytes: local.maxBytes === undefined ? [] : String(local.maxBytes),
    ...(filling.direction && { direction: filling.direction }),
  });
  return parseDescription(text);
}

/** The answer has as many m= lines as the offer, in its order, and its times (RFC 3264 §6). */
function placeAnswer(offer: Description, taken: MediaSection, made: Description): Description {
  const times = offer.session.filter(({ type }) => type === 't');
  const session = made.session.map((line) => (line.type === 't' ? (times[0] ?? line) : line));
  const media = offer.media.flatMap((section) => (section === taken ? made.media : [rejectedSection(section)]));
  return { session, media };
}

function ownMedia(description: Description): MessageMedia {
  const section = description.media.find(isMessageMedia);
  if (!section) throw new TypeError('a template without m=message');
  return messageMediaOf(description, section);
}

function setupOfAnswer(offered: Setup): Setup {
  switch (offered) {
    case 'active':
    case 'actpass':
      return 'passive';
    case 'passive':
      return 'active';
    case 'holdconn':
      return 'holdconn';
  }
}

function roleOfAnswerer(offered: Setup | undefined): Role {
  return offered === 'passive' ? 'active' : 'passive';
}

/** No a=setup in the answer: the offerer connects (RFC 4975 §5.4); actpass is no answer and counts as none. */
function roleOfOfferer(answered: Setup | undefined): Role {
  return answered === 'active' || answered === 'holdconn' ? 'passive' : 'active';
}

function reverse(direction: Direction): Direction {
  if (direction === 'sendonly') return 'recvonly';
  return direction === 'recvonly' ? 'sendonly' : direction;
}

interface Sides {
  readonly remote: MessageMedia;
  readonly role: Role;
  readonly localPath: string;
  readonly ourCema: boolean;
}

function negotiated({ remote, role, localPath, ourCema }: Sides): NegotiatedMedia {
  const cema = remote.cema && ourCema;
  const hop = parseUri(remote.path[0] ?? '');
  const byPath = { host: hop.host, port: hop.port ?? 2855 };
  const bySdp = remote.address && { host: remote.address.host, port: remote.port };
  return {
    role,
    localPath,
    remotePath: remote.path,
    // RFC 6714 §5.2: an SBC without the application's help rewrites c= and m= alone.
    connect: cema && bySdp ? bySdp : byPath,
    cema,
    secure: remote.secure,
    fingerprints: remote.fingerprints,
    acceptTypes: remote.acceptTypes,
    acceptWrappedTypes: remote.acceptWrappedTypes,
    maxBytes: remote.maxBytes,
    direction: reverse(remote.direction),
    fileSelector: remote.fileSelector,
  };
}
