/** A session description as its lines in order, split into session and media sections (RFC 8866 §5). */
import { DecodeError } from '../decode-error.js';

export interface Line {
  /** One letter: v, o, s, c, t, m, a, … */
  readonly type: string;
  readonly value: string;
}

export interface MediaSection {
  readonly media: string;
  /** 0: rejected, or not offered any more. */
  readonly port: number;
  readonly protocol: string;
  readonly formats: readonly string[];
  /** The m= line's value as it came, and the lines that follow it. */
  readonly text: string;
  readonly lines: readonly Line[];
}

export interface Description {
  readonly session: readonly Line[];
  readonly media: readonly MediaSection[];
}

const maxBytes = 65_536;
const maxLines = 1000;
const lineForm = /^([a-z])=(.*)$/;
const mediaForm = /^(\S+) +(\d{1,5})(?:\/\d{1,5})? +(\S+)((?: +\S+)*) *$/;

/** Lines may end in CRLF or LF alone (seen in the field); empty lines at the end are passed over. Throws DecodeError. */
export function parseDescription(input: Buffer | string): Description {
  if (input.length > maxBytes) throw new DecodeError('sdp', 'text', 'longer than 65536 octets');
  const lines = linesOf(typeof input === 'string' ? input : input.toString('utf8'));
  if (lines[0]?.type !== 'v' || lines[0].value !== '0') throw new DecodeError('sdp', 'line 1', 'not v=0');
  const firstMedia = lines.findIndex(({ type }) => type === 'm');
  if (firstMedia < 0) return { session: lines, media: [] };
  return { session: lines.slice(0, firstMedia), media: mediaOf(lines.slice(firstMedia)) };
}

/** The same lines, each with CRLF. Throws DecodeError on a value with a line break. */
export function printDescription(description: Description): string {
  const lines = [...description.session, ...description.media.flatMap(sectionLines)];
  return lines.map(printLine).join('');
}

/** The first value of an attribute: '' for a flag, undefined where absent; its name without case. */
export function attributeOf(lines: readonly Line[], name: string): string | undefined {
  return attributesOf(lines, name)[0];
}

export function attributesOf(lines: readonly Line[], name: string): readonly string[] {
  const values: string[] = [];
  for (const { type, value } of lines) {
    if (type !== 'a') continue;
    const colon = value.indexOf(':');
    const attribute = colon < 0 ? value : value.slice(0, colon);
    if (attribute.trim().toLowerCase() === name) values.push(colon < 0 ? '' : value.slice(colon + 1).trim());
  }
  return values;
}

/** The value of the first line of a type. */
export function valueOf(lines: readonly Line[], type: string): string | undefined {
  return lines.find((line) => line.type === type)?.value;
}

/** Declines one medium of an offer: its m= line with port 0 and nothing else (RFC 3264 §6). */
export function rejectedSection(offered: MediaSection): MediaSection {
  const { media, protocol, formats } = offered;
  return { media, port: 0, protocol, formats, text: [media, '0', protocol, ...formats].join(' '), lines: [] };
}

function linesOf(text: string): readonly Line[] {
  const texts = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  while (texts.at(-1)?.trim() === '') texts.pop();
  if (texts.length > maxLines) throw new DecodeError('sdp', `line ${maxLines}`, 'too many lines');
  return texts.map((line, index) => {
    const match = lineForm.exec(line);
    if (!match) throw new DecodeError('sdp', `line ${index + 1}`, 'not type=value');
    const [, type = '', value = ''] = match;
    return { type, value };
  });
}

/** `lines` begins with an m= line. */
function mediaOf(lines: readonly Line[]): readonly MediaSection[] {
  const sections: { text: string; lines: Line[] }[] = [];
  for (const line of lines) {
    if (line.type === 'm') sections.push({ text: line.value, lines: [] });
    else sections.at(-1)?.lines.push(line);
  }
  return sections.map((section) => ({ ...readMedia(section.text), ...section }));
}

function readMedia(text: string): Pick<MediaSection, 'media' | 'port' | 'protocol' | 'formats'> {
  const match = mediaForm.exec(text);
  if (!match || Number(match[2]) > 65_535) throw new DecodeError('sdp', 'm=', 'not media, port, protocol and formats');
  const [, media = '', port, protocol = '', formats = ''] = match;
  return { media, port: Number(port), protocol, formats: formats.split(' ').filter((format) => format !== '') };
}

function sectionLines(section: MediaSection): readonly Line[] {
  return [{ type: 'm', value: section.text }, ...section.lines];
}

function printLine({ type, value }: Line): string {
  if (/[\r\n]/.test(value)) throw new DecodeError('sdp', `${type}=`, 'a value holds a line break');
  return `${type}=${value}\r\n`;
}
