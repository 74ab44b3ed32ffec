/** Content-Transfer-Encoding of a body part: undone, and applied (RFC 2045 §6). */
import { DecodeError } from './decode-error.js';
import { headerValue, type HeaderLine } from './header-lines.js';

const codec = 'transfer-encoding';

/** Content with its headers: of a CPIM message or of a part of a multipart body. */
export interface EncodedContent {
  readonly headers: readonly HeaderLine[];
  readonly content: Buffer;
}

/** The content without its transfer encoding; the same bytes where there is none. Throws DecodeError. */
export function decodeTransfer({ headers, content }: EncodedContent): Buffer {
  const encoding = (headerValue(headers, 'Content-Transfer-Encoding') ?? '').trim().toLowerCase();
  switch (encoding) {
    case '':
    case '7bit':
    case '8bit':
    case 'binary':
      return content;
    case 'base64':
      return decodeBase64(content.toString('latin1'));
    case 'quoted-printable':
      return decodeQuotedPrintable(content);
    default:
      throw new DecodeError(codec, 'Content-Transfer-Encoding', 'unknown encoding');
  }
}

/** Line breaks and blanks are skipped; padding may be missing. Throws DecodeError on anything else that is not base64. */
export function decodeBase64(text: string): Buffer {
  const compact = text.replace(/[\r\n\t ]+/g, '');
  const match = /^[A-Za-z0-9+/]*/.exec(compact);
  const digits = match?.[0].length ?? 0;
  const padding = compact.slice(digits);
  if (digits % 4 === 1 || !/^={0,2}$/.test(padding) || (padding !== '' && compact.length % 4 !== 0)) {
    throw new DecodeError(codec, `character ${digits}`, 'not base64');
  }
  return Buffer.from(compact, 'base64');
}

/** RFC 2045 §6.7; a broken escape is an error, blanks at the end of a line are none of the content. */
export function decodeQuotedPrintable(content: Buffer): Buffer {
  const lines = content.toString('latin1').split('\n');
  const text = lines.map((line, i) => unbrokenLine(line, i === lines.length - 1)).join('');
  const broken = /=(?![0-9A-Fa-f]{2})/.exec(text);
  if (broken) throw new DecodeError(codec, `character ${broken.index}`, 'a broken quoted-printable escape');
  return Buffer.from(
    text.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
}

/** The line with its own break, or without it after the `=` of a soft one. */
function unbrokenLine(line: string, last: boolean): string {
  const end = last ? '' : line.endsWith('\r') ? '\r\n' : '\n';
  const text = trimEndBlanks(line.endsWith('\r') ? line.slice(0, -1) : line);
  return text.endsWith('=') && !last ? text.slice(0, -1) : text + end;
}

function trimEndBlanks(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === ' ' || line[end - 1] === '\t')) end--;
  return line.slice(0, end);
}
