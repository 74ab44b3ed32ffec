/** The basic grammar that the headers share: tokens, quoted strings, parameters, lists (RFC 3261 §25.1). */

const TAB = 9;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const SEMICOLON = 59;
const LESS = 60;
const EQUALS = 61;
const GREATER = 62;
const BACKSLASH = 92;

const TOKEN_CHARS = new Uint8Array(256);
for (const char of "-.!%*_+`'~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  TOKEN_CHARS[char.charCodeAt(0)] = 1;
}

/** Whether text[start, end) is a token of at least one character. */
export function isTokenIn(text: string, start: number, end: number): boolean {
  if (start >= end) return false;
  for (let i = start; i < end; i++) if (TOKEN_CHARS[text.charCodeAt(i)] !== 1) return false;
  return true;
}

export function isToken(text: string): boolean {
  return isTokenIn(text, 0, text.length);
}

export function isSpace(code: number): boolean {
  return code === SPACE || code === TAB;
}

export function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** Whether text[start, end) equals `lower` (ASCII lower case), case aside. */
export function sameName(text: string, start: number, end: number, lower: string): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    const code = text.charCodeAt(start + i);
    const folded = code >= 65 && code <= 90 ? code + 32 : code;
    if (folded !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/** Index after the closing quote of the quoted string that opens at `open`; -1 if it never closes. */
export function quotedEnd(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) return at + 1;
  }
  return -1;
}

function unquoted(text: string): string {
  if (text.charCodeAt(0) !== QUOTE) return text;
  return text.slice(1, -1).replaceAll(/\\(.)/g, '$1');
}

function valueEnd(text: string, start: number): number {
  if (text.charCodeAt(start) === QUOTE) {
    const end = quotedEnd(text, start);
    return end < 0 ? text.length : end;
  }
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === SEMICOLON || code === COMMA || isSpace(code)) break;
    at++;
  }
  return at;
}

/** One `;name=value`, by its places in the text. */
export interface ParamSpan {
  /** Of the semicolon. */
  readonly at: number;
  readonly nameStart: number;
  readonly nameEnd: number;
  /** Equal to `end` for a bare name. */
  readonly valueStart: number;
  readonly end: number;
}

/** The parameter whose semicolon is the next thing at or after `from`. */
export function paramAt(text: string, from: number): ParamSpan | undefined {
  const at = skipSpace(text, from);
  if (text.charCodeAt(at) !== SEMICOLON) return undefined;
  const nameStart = skipSpace(text, at + 1);
  let nameEnd = nameStart;
  while (TOKEN_CHARS[text.charCodeAt(nameEnd)] === 1) nameEnd++;
  const equals = skipSpace(text, nameEnd);
  if (text.charCodeAt(equals) !== EQUALS) return { at, nameStart, nameEnd, valueStart: nameEnd, end: nameEnd };
  const valueStart = skipSpace(text, equals + 1);
  return { at, nameStart, nameEnd, valueStart, end: valueEnd(text, valueStart) };
}

/** The place of `;name` in the parameters that begin at `from`; `name` in lower case. */
export function findParam(text: string, from: number, name: string): ParamSpan | undefined {
  for (let span = paramAt(text, from); span; span = paramAt(text, span.end)) {
    if (sameName(text, span.nameStart, span.nameEnd, name)) return span;
  }
  return undefined;
}

/** Value of a parameter among those that begin at `from`, quotes undone; '' for a bare name. */
export function paramOf(text: string, from: number, name: string): string | undefined {
  const span = findParam(text, from, name);
  return span && unquoted(text.slice(span.valueStart, span.end));
}

/** Index of the first comma outside quotes and angle brackets, from `from`; text.length if there is none. */
export function elementEnd(text: string, from: number): number {
  let bracketed = false;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE && !bracketed) {
      const end = quotedEnd(text, at);
      if (end < 0) return text.length;
      at = end - 1;
    } else if (code === LESS) bracketed = true;
    else if (code === GREATER) bracketed = false;
    else if (code === COMMA && !bracketed) return at;
  }
  return text.length;
}

/** The elements of a comma-separated header value, trimmed; empty ones are left out (RFC 3261 §7.3.1). */
export function elements(value: string): string[] {
  const found: string[] = [];
  for (let start = 0; start < value.length;) {
    const end = elementEnd(value, start);
    const element = value.slice(start, end).trim();
    if (element !== '') found.push(element);
    start = end + 1;
  }
  return found;
}
