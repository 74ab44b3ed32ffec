/** RCS feature tags in Contact and Accept-Contact: the tolerant reader, the strict printer (RFC 3840, RFC 3841). */
import { DecodeError } from './decode-error.js';

/** What stands before the name of a service or application in its URN. */
const icsiPrefix = 'urn:urn-7:3gpp-service.ims.icsi.';
const iariPrefix = 'urn:urn-7:3gpp-application.ims.iari.';

/** Names of services (ICSI), as `icsis` holds them. */
export const icsi = {
  session: 'oma.cpm.session',
  message: 'oma.cpm.msg',
  largeMessage: 'oma.cpm.largemsg',
  deferred: 'oma.cpm.deferred',
  systemMessage: 'oma.cpm.systemmsg',
  fileTransfer: 'oma.cpm.filetransfer',
  voice: 'mmtel',
} as const;

/** Names of applications (IARI), as `iaris` holds them. */
export const iari = {
  chatbot: 'rcs.chatbot',
  chatbotStandalone: 'rcs.chatbot.sa',
  alias: 'rcs.alias',
  aliasLink: 'rcs.botlink',
  fileTransferHttp: 'rcs.fthttp',
  fileThumbnail: 'rcs.ftthumb',
  fileSms: 'rcs.ftsms',
  geolocationPush: 'rcs.geopush',
} as const;

const tagNames = {
  icsi: '+g.3gpp.icsi-ref',
  iari: '+g.3gpp.iari-ref',
  isbot: '+g.gsma.rcs.isbot',
  botVersion: '+g.gsma.rcs.botversion',
  msgrevoke: '+g.gsma.rcs.msgrevoke',
  msgfallback: '+g.gsma.rcs.msgfallback',
  pagerLarge: '+g.gsma.rcs.cpm.pager-large',
} as const;

export interface FeatureTags {
  /** Names without their URN prefix, in lower case: `oma.cpm.session`. Names we do not know are kept too. */
  readonly icsis: ReadonlySet<string>;
  readonly iaris: ReadonlySet<string>;
  readonly isbot: boolean;
  /** `#=1`, `#>=1` … as written; empty where no version was named. */
  readonly botVersions: ReadonlySet<string>;
  readonly msgrevoke: boolean;
  readonly msgfallback: boolean;
  readonly pagerLarge: boolean;
  /** Names of every other parameter, in lower case: `video`, `+sip.instance` … */
  readonly others: ReadonlySet<string>;
}

const codec = 'feature-tags';
const maxLength = 8192;
const maxParameters = 200;

/**
 * Reads the tags of all values of Contact, or of Accept-Contact. Throws DecodeError beyond 8192 characters or 200
 * parameters; what it does not understand it skips.
 * Seen, and taken: several names in one quoted value, separated by `,` or `;`; a tag repeated; `%3A` or `:`; the
 * hyphen missing after 3gpp; `,` between parameters; values without quotes.
 */
export function readFeatureTags(values: readonly string[]): FeatureTags {
  const found = nothingFound();
  let count = 0;
  for (const value of values) {
    for (const [name, text] of headerParameters(value)) {
      if (++count > maxParameters) throw new DecodeError(codec, 'header', 'too many parameters');
      take(found, name, text);
    }
  }
  return found;
}

type Found = { -readonly [K in keyof FeatureTags]: FeatureTags[K] extends boolean ? boolean : Set<string> };

function nothingFound(): Found {
  return {
    icsis: new Set(),
    iaris: new Set(),
    isbot: false,
    botVersions: new Set(),
    msgrevoke: false,
    msgfallback: false,
    pagerLarge: false,
    others: new Set(),
  };
}

function take(found: Found, name: string, value: string | undefined): void {
  switch (name) {
    case tagNames.icsi:
      addNames(found.icsis, value, icsiPrefix);
      return;
    case tagNames.iari:
      addNames(found.iaris, value, iariPrefix);
      return;
    case tagNames.botVersion:
      addNames(found.botVersions, value, '');
      return;
    case tagNames.isbot:
      found.isbot ||= isTrue(value);
      return;
    case tagNames.msgrevoke:
      found.msgrevoke ||= isTrue(value);
      return;
    case tagNames.msgfallback:
      found.msgfallback ||= isTrue(value);
      return;
    case tagNames.pagerLarge:
      found.pagerLarge ||= isTrue(value);
      return;
    default:
      found.others.add(name);
  }
}

/** Whether an RCS tag is there at all: an answer without one says nothing of RCS. */
export function hasRcsTags(tags: FeatureTags): boolean {
  return tags.icsis.size > 0 || tags.iaris.size > 0 || tags.isbot || tags.botVersions.size > 0 || flags(tags);
}

/** Service named by P-Asserted-Service or P-Preferred-Service (RFC 6050), without its URN prefix. */
export function serviceName(value: string): string {
  return withoutPrefix(value.trim().toLowerCase(), icsiPrefix);
}

/** Value of P-Asserted-Service: the URN unescaped. */
export function printService(name: string): string {
  return icsiPrefix + name;
}

/** Whether two parties' versions meet; who names none that can be read takes any. */
export function versionsIntersect(ours: ReadonlySet<string>, theirs: ReadonlySet<string>): boolean {
  const [a, b] = [ranges(ours), ranges(theirs)];
  if (a.length === 0 || b.length === 0) return true;
  return a.some((one) => b.some((other) => one.least <= other.most && other.least <= one.most));
}

interface Range {
  readonly least: number;
  readonly most: number;
}

/** What is no numeric value is skipped, as all that is not understood. */
function ranges(versions: ReadonlySet<string>): readonly Range[] {
  return [...versions].flatMap((version) => rangeOf(version) ?? []);
}

const number = String.raw`[+-]?\d+(?:\.\d*)?`;
const relation = new RegExp(`^#(=|>=|<=)(${number})$`);
const between = new RegExp(`^#(${number}):(${number})$`);

/** `#=1`, `#>=1`, `#<=2`, `#1:2` (RFC 3840 §9). */
function rangeOf(version: string): Range | undefined {
  const [, least, most] = between.exec(version) ?? [];
  if (least !== undefined) return { least: Number(least), most: Number(most) };
  const [, sign, value] = relation.exec(version) ?? [];
  if (sign === undefined) return undefined;
  return { least: sign === '<=' ? -Infinity : Number(value), most: sign === '>=' ? Infinity : Number(value) };
}

/** `#=1,#=2` as a set. */
export function parseVersions(text: string): ReadonlySet<string> {
  return new Set(listItems(text));
}

export interface ContactTags {
  readonly icsis?: readonly string[];
  readonly iaris?: readonly string[];
  readonly isbot?: boolean;
  readonly botVersions?: readonly string[];
  readonly msgrevoke?: boolean;
  readonly msgfallback?: boolean;
  readonly pagerLarge?: boolean;
}

/** Parameters of a Contact, each with its `;` in front; several names share one tag (RFC 3840 §9). */
export function printContactParameters(tags: ContactTags): string {
  const { icsis = [], iaris = [], botVersions = [] } = tags;
  return [
    icsis.length > 0 ? `;${icsiTag(icsis)}` : '',
    iaris.length > 0 ? `;${iariTag(iaris)}` : '',
    tags.isbot === true ? `;${tagNames.isbot}` : '',
    botVersions.length > 0 ? `;${versionTag(botVersions)}` : '',
    tags.msgrevoke === true ? `;${tagNames.msgrevoke}` : '',
    tags.msgfallback === true ? `;${tagNames.msgfallback}` : '',
    tags.pagerLarge === true ? `;${tagNames.pagerLarge}` : '',
  ].join('');
}

export interface AcceptContactTags {
  readonly icsi: string;
  readonly iari?: string;
  readonly botVersions?: readonly string[];
}

/** Values of the Accept-Contact headers: one for the service, and one that insists on the application and its version. */
export function printAcceptContacts(tags: AcceptContactTags): readonly string[] {
  const { botVersions = [] } = tags;
  const service = `*;${icsiTag([tags.icsi])}`;
  if (tags.iari === undefined) return [service];
  const version = botVersions.length > 0 ? `;${versionTag(botVersions)}` : '';
  return [service, `*;${iariTag([tags.iari])}${version};require;explicit`];
}

function icsiTag(list: readonly string[]): string {
  return `${tagNames.icsi}="${list.map((name) => escapedUrn(icsiPrefix, name)).join(',')}"`;
}

function iariTag(list: readonly string[]): string {
  return `${tagNames.iari}="${list.map((name) => escapedUrn(iariPrefix, name)).join(',')}"`;
}

function versionTag(list: readonly string[]): string {
  const bad = list.find((version) => !/^#[\w#=<>:.+-]+$/.test(version));
  if (bad !== undefined) throw new DecodeError(codec, 'botversion', 'not a version');
  return `${tagNames.botVersion}="${list.join(',')}"`;
}

/** The colons of the URN are escaped (3GPP TS 24.229 §7.9.2). */
function escapedUrn(prefix: string, name: string): string {
  if (!/^[\w.%-]+$/.test(name)) throw new DecodeError(codec, 'name', 'not the name of a service or application');
  return (prefix + name).replaceAll(':', '%3A');
}

type Parameter = readonly [name: string, value: string | undefined];

/** Parameters behind the address or `*`, wherever separators stand; what is in angle brackets belongs to the URI. */
function headerParameters(value: string): readonly Parameter[] {
  if (value.length > maxLength) throw new DecodeError(codec, 'header', 'value too long');
  return pieces(value).map((piece) => {
    const equals = piece.indexOf('=');
    if (equals === -1) return [piece.toLowerCase(), undefined];
    return [
      piece.slice(0, equals).trim().toLowerCase(),
      piece
        .slice(equals + 1)
        .trim()
        .replaceAll('"', ''),
    ];
  });
}

/** Splits at `;` and `,` outside quotes and angle brackets; drops empty pieces, `*` and addresses. */
function pieces(value: string): string[] {
  const found: string[] = [];
  let start = 0;
  let quotes = false;
  let brackets = false;
  const end = (at: number): void => {
    const piece = value.slice(start, at).trim();
    if (piece !== '' && piece !== '*' && !isAddress(piece)) found.push(piece);
    start = at + 1;
  };
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c === quote && !brackets) quotes = !quotes;
    else if (quotes) continue;
    else if (c === less || c === greater) brackets = c === less;
    else if (!brackets && (c === semicolon || c === comma)) end(i);
  }
  end(value.length);
  return found;
}

const [quote, less, greater, semicolon, comma] = [0x22, 0x3c, 0x3e, 0x3b, 0x2c];

/** `<URI>`, with or without a display name, or a bare URI. */
function isAddress(piece: string): boolean {
  const open = piece.indexOf('<');
  const equals = piece.indexOf('=');
  return piece.startsWith('"') || (open !== -1 && (equals === -1 || open < equals)) || /^(sips?|tel):/i.test(piece);
}

function addNames(found: Set<string>, value: string | undefined, prefix: string): void {
  if (value !== undefined) for (const item of listItems(value)) found.add(withoutPrefix(item, prefix));
}

function listItems(value: string): readonly string[] {
  const text = value.toLowerCase().replaceAll('%3a', ':');
  return text.split(/[,;\s]/).filter((item) => item !== '');
}

function withoutPrefix(item: string, prefix: string): string {
  if (item.startsWith(prefix)) return item.slice(prefix.length);
  // The typos `3gppservice` and `3gppapplication`.
  const misspelt = prefix.replace('3gpp-', '3gpp');
  return item.startsWith(misspelt) ? item.slice(misspelt.length) : item;
}

/** RFC 3840 §9: a boolean tag without a value is true. */
function isTrue(value: string | undefined): boolean {
  return value?.toUpperCase() !== 'FALSE';
}

function flags(tags: FeatureTags): boolean {
  return tags.msgrevoke || tags.msgfallback || tags.pagerLarge;
}
