/** Who is meant by a tel:, sip: or token address, and the key that all forms of one user share (RFC 3966, RFC 3261 §20.10, RFC 3325). */
import { DecodeError } from './decode-error.js';
import { splitOutsideQuotes, unquoted } from './media-type.js';
import {
  canonicalEscapes,
  checkUriText,
  maxUriLength,
  parseSipUri,
  parseUriParameters,
  printUriParameters,
  sipUriKey,
  uriParameter,
  type SipUri,
  type UriParameter,
} from './sip-uri.js';

/** URI parameter `tk` of an aliased user: on = in use, off = supported and not in use, undefined = not supported. */
export type AliasUse = 'on' | 'off' | undefined;

interface Named {
  /** The URI as it came, for replies; without header parameters. */
  readonly original: string;
  readonly displayName?: string;
  readonly tk: AliasUse;
}

export type Identity =
  /** A number. `key` is `tel:+` and the E.164 digits. */
  | (Named & { readonly kind: 'user'; readonly key: string })
  /** Any other SIP URI: an anonymised user, a chatbot. `key` keeps every parameter but `tk`, and the case of the user part. */
  | (Named & { readonly kind: 'token'; readonly key: string })
  /** A number whose country nobody named: 484 Address Incomplete, never a guess. */
  | (Named & { readonly kind: 'undefined-number' });

export interface AddressOptions {
  /** Country code, `49` or `+49`, for national numbers without phone-context. */
  readonly defaultCountry?: string;
}

export interface NameAddr {
  readonly displayName?: string;
  readonly uri: string;
  /** Header parameters, such as tag. */
  readonly parameters: readonly UriParameter[];
}

const codec = 'address';
const maxAddresses = 20;

/**
 * Whom an address names: a URI, `<URI>`, or `"Name" <URI>;parameters`.
 * Throws DecodeError (a control character, no tel:, sip: or sips: URI …).
 */
export function parseAddress(text: string, options: AddressOptions = {}): Identity {
  const { uri, displayName } = parseNameAddr(text);
  const name = displayName === undefined ? {} : { displayName };
  return /^tel:/i.test(uri) ? telIdentity(uri, name, options) : sipIdentity(uri, name, options);
}

/** All addresses of a comma list, such as P-Asserted-Identity, with or without angle brackets. Throws DecodeError. */
export function parseAddressList(text: string, options: AddressOptions = {}): readonly Identity[] {
  const parts = splitAddresses(text).filter((part) => part.trim() !== '');
  if (parts.length > maxAddresses) throw new DecodeError(codec, `value ${maxAddresses + 1}`, 'too many addresses');
  return parts.map((part) => parseAddress(part, options));
}

/** The one that names the sender best: of several values, the number counts (RFC 3325 §9.1). */
export function preferredIdentity(identities: readonly Identity[]): Identity | undefined {
  return (
    identities.find((identity) => identity.kind === 'user' && /^tel:/i.test(identity.original)) ??
    identities.find((identity) => identity.kind === 'user') ??
    identities[0]
  );
}

/**
 * Splits display name, URI and header parameters. Without angle brackets everything but `tag` is taken as the URI's:
 * P-Asserted-Identity has no header parameters (RFC 3325 §9.1), and comes without brackets in the field.
 */
export function parseNameAddr(text: string): NameAddr {
  const address = text.trim();
  checkAddressText(address);
  const open = openBracket(address);
  if (open === -1) {
    const [uri = '', ...parameters] = address.split(';');
    const tags = parameters.filter((part) => /^tag=/i.test(part));
    const own = parameters.filter((part) => !tags.includes(part));
    return { uri: [uri, ...own].join(';'), parameters: parseUriParameters(tags) };
  }
  const close = address.indexOf('>', open);
  if (close === -1) throw new DecodeError(codec, 'address', 'no > behind <');
  const displayName = unquoted(address.slice(0, open).trim());
  const parameters = parseUriParameters(splitOutsideQuotes(address.slice(close + 1), ';').map((part) => part.trim()));
  const uri = address.slice(open + 1, close).trim();
  return displayName === '' ? { uri, parameters } : { displayName, uri, parameters };
}

/** What somebody calls himself; undefined where he does not, says that he wants no name (RFC 3323 §4.1.1.3), or it is no address. */
export function displayNameOf(address: string | undefined): string | undefined {
  // Most say none.
  if (address === undefined || address.startsWith('<')) return undefined;
  try {
    const { displayName } = parseNameAddr(address);
    return displayName?.toLowerCase() === 'anonymous' ? undefined : displayName;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** The key of a number that is written in full, `tel:+` and its digits; undefined where it is none (RFC 3966 §3). */
export function e164Key(text: string): string | undefined {
  const digits = text.replace(/[-.()]/g, '');
  return /^\+[1-9]\d{0,14}$/.test(digits) ? `tel:${digits}` : undefined;
}

/** A URI as one segment of a path: percent-encoded, upper-case hex. Throws DecodeError on half a surrogate pair. */
export function encodePathSegment(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    throw new DecodeError(codec, 'path', 'not well-formed text');
  }
}

/** Undoes the encoding once. Throws DecodeError on a broken escape, and on any control character. */
export function decodePathSegment(segment: string): string {
  const text = decoded(segment);
  checkAddressText(text);
  return text;
}

function telIdentity(uri: string, name: { displayName?: string }, options: AddressOptions): Identity {
  checkUriText(uri);
  const [number = '', ...rest] = uri.slice('tel:'.length).split(';');
  const parameters = parseUriParameters(rest);
  const named = { ...name, original: uri, tk: aliasUse(parameters) };
  if (!/^\+?[0-9A-Fa-f*#\-.()]+$/.test(decoded(number)))
    throw new DecodeError(codec, 'number', 'not a telephone number');
  return numberIdentity(decoded(number), parameters, { named, options });
}

function sipIdentity(text: string, name: { displayName?: string }, options: AddressOptions): Identity {
  const uri = parseSipUri(text);
  const named = { ...name, original: text, tk: aliasUse(uri.parameters) };
  const [subscriber = '', ...rest] = (uri.user ?? '').split(';');
  const number = decoded(subscriber);
  const byPhone = uriParameter(uri.parameters, 'user')?.toLowerCase() === 'phone';
  // `user=phone` may be missing (seen): a leading + with digits alone is a number all the same; bare digits are not.
  if (byPhone ? /^\+?[0-9*#\-.()]+$/.test(number) : e164Key(number) !== undefined) {
    return numberIdentity(number, parseUriParameters(rest), { named, options });
  }
  return { ...named, kind: 'token', key: tokenKey(uri) };
}

interface NumberContext {
  readonly named: Named;
  readonly options: AddressOptions;
}

/** Parameters but phone-context (npdi, rn, cpc …) say nothing of whose number it is. */
function numberIdentity(number: string, parameters: readonly UriParameter[], context: NumberContext): Identity {
  const prefix = uriParameter(parameters, 'phone-context') ?? context.options.defaultCountry ?? '';
  const key = number.startsWith('+') ? e164Key(number) : nationalKey(number, prefix);
  if (key === undefined) return { ...context.named, kind: 'undefined-number' };
  return { ...context.named, kind: 'user', key };
}

/** A context that is a domain (RFC 3966 §5.1.5), and a number with a dialling prefix 00, leave the country open. */
function nationalKey(number: string, prefix: string): string | undefined {
  if (!/^\+?[\d\-.()]+$/.test(prefix) || number.startsWith('00')) return undefined;
  return e164Key(`+${prefix.replace(/^\+/, '')}${number}`);
}

function tokenKey(uri: SipUri): string {
  const kept = uri.parameters.filter(([name]) => name.toLowerCase() !== 'tk');
  const sorted = kept
    .map(([name, value]): UriParameter => [name.toLowerCase(), value === undefined ? value : canonicalEscapes(value)])
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return sipUriKey(uri) + printUriParameters(sorted);
}

function aliasUse(parameters: readonly UriParameter[]): AliasUse {
  const tk = uriParameter(parameters, 'tk')?.toLowerCase();
  return tk === 'on' || tk === 'off' ? tk : undefined;
}

/** The `<` that opens the URI: the first one outside a quoted display name; -1 without one. */
function openBracket(address: string): number {
  let quotes = false;
  for (let i = 0; i < address.length; i++) {
    if (quotes && address[i] === '\\') i++;
    else if (address[i] === '"') quotes = !quotes;
    else if (!quotes && address[i] === '<') return i;
  }
  return -1;
}

/** Splits at commas outside quotes and angle brackets. */
function splitAddresses(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quotes = false;
  let brackets = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quotes && c === '\\') i++;
    else if (c === '"') quotes = !quotes;
    else if (quotes) continue;
    else if (c === '<' || c === '>') brackets = c === '<';
    else if (c === ',' && !brackets) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new DecodeError(codec, 'escape', 'a broken percent escape');
  }
}

function checkAddressText(text: string): void {
  if (text.length > maxUriLength) throw new DecodeError(codec, `character ${maxUriLength}`, 'address too long');
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || code === 127) throw new DecodeError(codec, `character ${i}`, 'a control character');
  }
}
