/** A file by URL: what the content server holds, and its thumbnail (RCS file transfer via HTTP, ns fthttp). */
import { DecodeError } from '../decode-error.js';
import { attributeOf, childOf, childText, parseXml, printXml, type XmlDraft, type XmlElement } from '../xml.js';

export const fileTransferHttpContentType = 'application/vnd.gsma.rcs-ft-http+xml';

export interface FileInfo {
  readonly type: 'file' | 'thumbnail';
  /** `attachment` or `render`, as a rule. */
  readonly disposition?: string;
  /** Bytes. */
  readonly size: number;
  readonly name?: string;
  readonly contentType: string;
  readonly url: string;
  /** RFC 3339: how long the server keeps it. */
  readonly until?: string;
  readonly brandedUrl?: string;
  readonly hash?: string;
  /** Of an audio message. */
  readonly playingLengthMs?: number;
}

export interface FileTransferHttp {
  /** In the order of the document; one at least is of type file. */
  readonly files: readonly FileInfo[];
}

const codec = 'file-transfer-http';
const namespace = 'urn:gsma:params:xml:ns:rcs:rcs:fthttp';
const extensionNamespace = 'urn:gsma:params:xml:ns:rcs:rcs:up:fthttpext';
const audioNamespace = 'urn:gsma:params:xml:ns:rcs:rcs:rram';
const maxFiles = 10;

/**
 * Throws DecodeError at the element. Seen, and taken: no namespace, an unbound prefix, the thumbnail first, no `until`,
 * elements in any order, no `type` on the only file-info, `&` unescaped in a URL or name.
 */
export function parseFileTransferHttp(input: string | Buffer): FileTransferHttp {
  const root = parseDocument(input);
  if (root.local !== 'file') throw new DecodeError(codec, 'root', 'not a file document');
  if (root.ns !== namespace && root.ns !== '') throw new DecodeError(codec, 'root', 'another namespace');
  const infos = root.children.filter((child) => child.local === 'file-info');
  if (infos.length > maxFiles) throw new DecodeError(codec, 'file-info', 'too many');
  const files = infos.map(parseFileInfo);
  if (!files.some((file) => file.type === 'file')) throw new DecodeError(codec, 'file-info', 'none of type file');
  return { files };
}

function parseDocument(input: string | Buffer): XmlElement {
  const options = { codec, unboundPrefixes: 'tolerate' } as const;
  try {
    return parseXml(input, options);
  } catch (error) {
    // Octets stay what they are, so that what is no UTF-8 is refused all the same.
    const written = Buffer.from(input).toString('latin1');
    const escaped = written.replace(bareAmpersand, '&amp;');
    if (!(error instanceof DecodeError) || escaped === written) throw error;
    return parseXml(Buffer.from(escaped, 'latin1'), options);
  }
}

/** One that begins no reference (XML 1.0 §4.1): of who puts his document together from strings, liblinphone for one. */
const bareAmpersand = /&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)/g;

export function printFileTransferHttp({ files }: FileTransferHttp): Buffer {
  return printXml({ name: 'file', attributes: [['xmlns', namespace]], children: files.map(fileInfoDraft) });
}

function parseFileInfo(info: XmlElement): FileInfo {
  const type = attributeOf(info, 'type') ?? 'file';
  if (type !== 'file' && type !== 'thumbnail') throw new DecodeError(codec, 'type', 'neither file nor thumbnail');
  const contentType = childText(info, 'content-type') ?? '';
  if (contentType === '') throw new DecodeError(codec, 'content-type', 'missing');
  const data = childOf(info, 'data');
  const url = data === undefined ? undefined : attributeOf(data, 'url')?.trim();
  if (data === undefined || url === undefined || url === '') throw new DecodeError(codec, 'data', 'no url');
  const playingLengthMs = number(childText(info, 'playing-length'), 'playing-length');
  return {
    type,
    ...given('disposition', attributeOf(info, 'file-disposition')),
    size: number(childText(info, 'file-size') ?? '', 'file-size') ?? 0,
    ...given('name', childText(info, 'file-name')),
    contentType,
    url,
    ...given('until', attributeOf(data, 'until')),
    ...given('brandedUrl', childText(info, 'branded-url')),
    ...given('hash', childText(info, 'file-hash')),
    ...(playingLengthMs === undefined ? {} : { playingLengthMs }),
  };
}

function number(text: string | undefined, place: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new DecodeError(codec, place, 'not a number');
  return Number(text);
}

function given<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined || value === '' ? {} : ({ [key]: value } as Record<K, string>);
}

function fileInfoDraft(file: FileInfo): XmlDraft {
  const attributes = [['type', file.type] as const];
  const children: XmlDraft[] = [{ name: 'file-size', text: String(file.size) }];
  if (file.name !== undefined) children.push({ name: 'file-name', text: file.name });
  children.push({ name: 'content-type', text: file.contentType });
  if (file.playingLengthMs !== undefined) {
    children.push(foreign('am:playing-length', audioNamespace, String(file.playingLengthMs)));
  }
  const until = file.until === undefined ? [] : [['until', file.until] as const];
  children.push({ name: 'data', attributes: [['url', file.url], ...until] });
  if (file.brandedUrl !== undefined) children.push(foreign('x:branded-url', extensionNamespace, file.brandedUrl));
  if (file.hash !== undefined) children.push(foreign('x:file-hash', extensionNamespace, file.hash));
  const disposition = file.disposition === undefined ? [] : [['file-disposition', file.disposition] as const];
  return { name: 'file-info', attributes: [...attributes, ...disposition], children };
}

function foreign(name: string, ns: string, text: string): XmlDraft {
  return { name, attributes: [[`xmlns:${name.split(':', 1).join()}`, ns]], text };
}
