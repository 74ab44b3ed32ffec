/** JSON text → value (RFC 8259), limited in depth before it is parsed; what is malformed is named with its position. */
import { ApiError } from '../api-error.js';
import { memberNamedTwice } from './json-members.js';

export const maxJsonDepth = 32;

/** Throws SVC0002 for part `JSON`; the second variable says what is wrong, and at which character. */
export function parseJson(text: string): unknown {
  const tooDeepAt = beyondDepth(text);
  if (tooDeepAt !== undefined) throw malformed(`nested deeper than ${maxJsonDepth}`, tooDeepAt);
  const loneAt = loneSurrogate(text);
  if (loneAt !== undefined) throw malformed('a surrogate without its other half', loneAt);
  const value = parsed(text);
  const twiceAt = memberNamedTwice(text);
  if (twiceAt !== undefined) throw malformed('a member that stands more than once', twiceAt);
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw malformed('malformed', new SyntaxLocator(text).find());
  }
}

function malformed(problem: string, position: number): ApiError {
  return new ApiError('SVC0002', ['JSON', `${problem} at position ${position}`]);
}

const quote = 0x22;
const backslash = 0x5c;

/** Where the nesting exceeds the limit: brackets outside strings, counted in one pass. */
function beyondDepth(text: string): number | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxJsonDepth) return at;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return undefined;
}

/** The index of the closing quote, or the text's end. */
function endOfString(text: string, openAt: number): number {
  for (let at = openAt + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === backslash) at++;
    else if (code === quote) return at;
  }
  return text.length;
}

/** An escaped half of a surrogate pair cannot be said in UTF-8: the other side would get another text than was sent. */
function loneSurrogate(text: string): number | undefined {
  if (!/\\u[dD][89a-fA-F]/.test(text)) return undefined;
  const escapes = /\\(?:u([0-9a-fA-F]{4})|.)/gs;
  let highEndsAt = -1;
  let highAt = -1;
  for (let found = escapes.exec(text); found !== null; found = escapes.exec(text)) {
    const code = found[1] === undefined ? 0 : parseInt(found[1], 16);
    const low = code >= 0xdc00 && code <= 0xdfff;
    const completes = low && highEndsAt === found.index;
    if (highAt >= 0 && !completes) return highAt;
    if (low && !completes) return found.index;
    const high = code >= 0xd800 && code <= 0xdbff;
    highAt = high ? found.index : -1;
    highEndsAt = high ? escapes.lastIndex : -1;
  }
  return highAt >= 0 ? highAt : undefined;
}

const token = /[ \t\r\n]*(?:([{}[\],:])|(true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|("))/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const blank = /[ \t\r\n]*/y;

type Expects = 'value' | 'value-or-end' | 'name' | 'name-or-end' | 'colon' | 'comma-or-end' | 'nothing';

/** Finds where a text stops being JSON, for the error alone: run only after JSON.parse has refused. */
class SyntaxLocator {
  private readonly text: string;
  private readonly open: ('{' | '[')[] = [];
  private expects: Expects = 'value';
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  find(): number {
    for (;;) {
      token.lastIndex = this.at;
      const found = token.exec(this.text);
      if (found === null) return this.afterBlanks();
      const startsAt = token.lastIndex - (found[1] ?? found[2] ?? '"').length;
      this.at = token.lastIndex;
      if (found[3] !== undefined) {
        const wrongAt = this.string();
        if (wrongAt !== undefined) return wrongAt;
      }
      if (!this.take(found[1] ?? (found[3] === undefined ? 'scalar' : 'string'))) return startsAt;
    }
  }

  private afterBlanks(): number {
    blank.lastIndex = this.at;
    blank.exec(this.text);
    return blank.lastIndex;
  }

  /** Passes the rest of a string; the place of what must not stand in it. */
  private string(): number | undefined {
    for (; this.at < this.text.length; this.at++) {
      const code = this.text.charCodeAt(this.at);
      if (code === quote) {
        this.at++;
        return undefined;
      }
      if (code < 0x20) return this.at;
      if (code !== backslash) continue;
      escape.lastIndex = this.at;
      if (!escape.test(this.text)) return this.at;
      this.at = escape.lastIndex - 1;
    }
    return this.text.length;
  }

  private take(kind: string): boolean {
    switch (kind) {
      case '{':
      case '[':
        if (!this.expectsValue()) return false;
        this.open.push(kind);
        this.expects = kind === '{' ? 'name-or-end' : 'value-or-end';
        return true;
      case '}':
        return this.close('{', 'name-or-end');
      case ']':
        return this.close('[', 'value-or-end');
      case ':':
        return this.step('colon', 'value');
      case ',':
        if (this.open.length === 0) return false;
        return this.step('comma-or-end', this.open.at(-1) === '{' ? 'name' : 'value');
      case 'string':
        if (this.expects === 'name' || this.expects === 'name-or-end') return this.step(this.expects, 'colon');
        return this.value();
      default:
        return this.value();
    }
  }

  private expectsValue(): boolean {
    return this.expects === 'value' || this.expects === 'value-or-end';
  }

  private value(): boolean {
    if (!this.expectsValue()) return false;
    this.expects = this.open.length === 0 ? 'nothing' : 'comma-or-end';
    return true;
  }

  private close(opening: '{' | '[', whenEmpty: Expects): boolean {
    if (this.open.at(-1) !== opening) return false;
    if (this.expects !== 'comma-or-end' && this.expects !== whenEmpty) return false;
    this.open.pop();
    this.expects = this.open.length === 0 ? 'nothing' : 'comma-or-end';
    return true;
  }

  private step(from: Expects, to: Expects): boolean {
    if (this.expects !== from) return false;
    this.expects = to;
    return true;
  }
}
