/** A Content-Type value with its parameters (RFC 2045 §5.1). */
import { DecodeError } from './decode-error.js';

export interface MediaType {
  /** `type/subtype` in lower case. */
  readonly type: string;
  /** In order; names in lower case, values without their quotes. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

const codec = 'media-type';
const maxLength = 1024;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const type = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Throws DecodeError; a `;` with nothing behind it is tolerated. */
export function parseMediaType(text: string): MediaType {
  if (text.length > maxLength) throw new DecodeError(codec, `character ${maxLength}`, 'too long');
  const [first = '', ...rest] = splitOutsideQuotes(text, ';');
  const name = first.trim();
  if (!type.test(name)) throw new DecodeError(codec, 'type', 'not type/subtype');
  const parameters = rest.filter((part) => part.trim() !== '').map(parseParameter);
  return { type: name.toLowerCase(), parameters };
}

/** Values that are no tokens are quoted. */
export function printMediaType(mediaType: MediaType): string {
  return mediaType.parameters.reduce((text, [name, value]) => `${text};${name}=${quoted(value)}`, mediaType.type);
}

/** Value of the first parameter of that name (lower case). */
export function mediaParameter(mediaType: MediaType, name: string): string | undefined {
  return mediaType.parameters.find(([n]) => n === name)?.[1];
}

/** `type/subtype` of a Content-Type value, in lower case, whatever follows it; '' where there is none. */
export function essence(contentType: string): string {
  const semicolon = contentType.indexOf(';');
  return (semicolon === -1 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}

/** Splits at a separator that stands outside double quotes. */
export function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quotes = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quotes && c === '\\') i++;
    else if (c === '"') quotes = !quotes;
    else if (!quotes && c === separator) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** The text of a quoted-string; any other text as it is (RFC 3261 §25.1, RFC 822 §3.3). */
export function unquoted(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return text.slice(1, -1).replace(/\\(.)/gs, '$1');
}

function quoted(value: string): string {
  if (token.test(value)) return value;
  if (/[\r\n]/.test(value)) throw new DecodeError(codec, 'parameter', 'a line break or NUL in a value');
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

function parseParameter(text: string): readonly [string, string] {
  const equals = text.indexOf('=');
  const name = text.slice(0, equals).trim().toLowerCase();
  const value = text.slice(equals + 1).trim();
  if (equals === -1 || !token.test(name)) throw new DecodeError(codec, 'parameter', 'not name=value');
  if (value.startsWith('"') && !/^"(?:[^"\\]|\\.)*"$/s.test(value)) {
    throw new DecodeError(codec, name, 'a quoted value without its end');
  }
  return [name, unquoted(value)];
}
