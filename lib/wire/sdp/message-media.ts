/** The m=message section of a description: an MSRP session as its owner describes it (RFC 4975 §8, RFC 6135, RFC 6714, RFC 8122). */
import { DecodeError } from '../decode-error.js';
import { parsePath, splitPath } from '../msrp/uri.js';
import { attributeOf, attributesOf, valueOf, type Description, type Line, type MediaSection } from './description.js';

export type Setup = 'active' | 'passive' | 'actpass' | 'holdconn';
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
export type AddressFamily = 'IP4' | 'IP6';

export interface Fingerprint {
  /** Lower case: sha-1, sha-256, … */
  readonly hash: string;
  /** Upper case; hexadecimal pairs with colons, unless the peer has written something else. */
  readonly value: string;
}

export interface MessageMedia {
  /** TCP/TLS/MSRP. */
  readonly secure: boolean;
  readonly port: number;
  /** c= of the section, else of the session; host in the form of c=, without brackets. */
  readonly address: { readonly family: AddressFamily; readonly host: string } | undefined;
  /** URIs, the nearest hop first. */
  readonly path: readonly string[];
  /** As written; compare without case. `*` is any. */
  readonly acceptTypes: readonly string[];
  readonly acceptWrappedTypes: readonly string[];
  readonly setup: Setup | undefined;
  readonly cema: boolean;
  readonly fingerprints: readonly Fingerprint[];
  readonly maxBytes: number | undefined;
  readonly direction: Direction;
  /** Of a file transfer (RFC 5547), untouched. */
  readonly fileSelector: string | undefined;
}

/** Whether a section is MSRP at all, over TCP or TLS. */
export function isMessageMedia(section: MediaSection): boolean {
  return section.media.toLowerCase() === 'message' && /^TCP\/(TLS\/)?MSRP$/i.test(section.protocol);
}

/** Reads one section for which isMessageMedia holds. Throws DecodeError where path or accept-types are missing or malformed. */
export function messageMediaOf(description: Description, section: MediaSection): MessageMedia {
  const { lines } = section;
  const inherited = [...lines, ...description.session];
  const path = attributeOf(lines, 'path') ?? '';
  parsePath(path);
  const acceptTypes = typesOf(lines, 'accept-types');
  if (acceptTypes.length === 0) throw new DecodeError('sdp', 'a=accept-types', 'missing');
  return {
    secure: /TLS/i.test(section.protocol),
    port: section.port,
    address: addressOf(valueOf(inherited, 'c')),
    path: splitPath(path),
    acceptTypes,
    acceptWrappedTypes: typesOf(lines, 'accept-wrapped-types'),
    setup: setupOf(attributeOf(inherited, 'setup')),
    // RFC 6714; a=msrp-acm is its name in the drafts, still sent.
    cema: attributeOf(lines, 'msrp-cema') !== undefined || attributeOf(lines, 'msrp-acm') !== undefined,
    fingerprints: fingerprintsOf(inherited),
    // a=maxsize: a misspelling that is in the field.
    maxBytes: sizeOf(attributeOf(lines, 'max-size') ?? attributeOf(lines, 'maxsize')),
    direction: directionOf(inherited),
    fileSelector: attributeOf(lines, 'file-selector'),
  };
}

function typesOf(lines: readonly Line[], name: string): readonly string[] {
  // Commas and repeated attributes occur beside the blanks of the grammar.
  return attributesOf(lines, name).flatMap((value) => value.split(/[ ,\t]/).filter((type) => type !== ''));
}

function setupOf(value: string | undefined): Setup | undefined {
  const setup = value?.toLowerCase();
  switch (setup) {
    case 'active':
    case 'passive':
    case 'actpass':
    case 'holdconn':
      return setup;
    default:
      return undefined;
  }
}

function directionOf(lines: readonly Line[]): Direction {
  for (const { type, value } of lines) {
    const name = value.trim().toLowerCase();
    if (type !== 'a') continue;
    if (name === 'sendrecv' || name === 'sendonly' || name === 'recvonly' || name === 'inactive') return name;
  }
  return 'sendrecv';
}

function addressOf(value: string | undefined): MessageMedia['address'] {
  const match = /^IN +IP([46]) +([^ /]+)/i.exec(value ?? '');
  if (!match) return undefined;
  return { family: match[1] === '6' ? 'IP6' : 'IP4', host: match[2] ?? '' };
}

/** One that cannot be read fits no certificate: who wrote it does not want just anybody's. */
function fingerprintsOf(lines: readonly Line[]): readonly Fingerprint[] {
  return attributesOf(lines, 'fingerprint').map((value) => {
    const [hash = '', digest = ''] = value.trim().split(/[ \t]+/);
    return { hash: hash.toLowerCase(), value: digest.toUpperCase() };
  });
}

function sizeOf(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
