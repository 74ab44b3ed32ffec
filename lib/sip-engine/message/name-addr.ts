/** From, To, Contact, Route, Record-Route: a URI with a name before and parameters after (RFC 3261 §20.10). */
import { findParam, paramOf, quotedEnd, skipSpace } from './grammar.js';

interface Spans {
  readonly uriStart: number;
  readonly uriEnd: number;
  /** Where header parameters begin. */
  readonly params: number;
}

function spans(value: string): Spans | undefined {
  const start = skipSpace(value, 0);
  const afterName = value.charCodeAt(start) === 34 ? quotedEnd(value, start) : start;
  if (afterName < 0) return undefined;
  const open = value.indexOf('<', afterName);
  if (open < 0) {
    // Without brackets every parameter is the header's (§20.10).
    const semicolon = value.indexOf(';', afterName);
    const end = semicolon < 0 ? value.length : semicolon;
    return afterName === start ? { uriStart: start, uriEnd: end, params: end } : undefined;
  }
  const close = value.indexOf('>', open);
  return close < 0 ? undefined : { uriStart: open + 1, uriEnd: close, params: close + 1 };
}

/** The URI of one element; undefined where there is none. */
export function uriOf(value: string): string | undefined {
  const found = spans(value);
  const uri = found && value.slice(found.uriStart, found.uriEnd).trim();
  return uri === '' ? undefined : uri;
}

/** The tag, exactly as written; undefined where there is none. */
export function tagOf(value: string): string | undefined {
  const found = spans(value);
  return found && paramOf(value, found.params, 'tag');
}

/** The value with its tag taken away. */
export function withoutTag(value: string): string {
  const found = spans(value);
  const tag = found && findParam(value, found.params, 'tag');
  return tag ? value.slice(0, tag.at) + value.slice(tag.end) : value;
}

/** The value with `;tag=`, in place of one that it may have. */
export function withTag(value: string, tag: string): string {
  return `${withoutTag(value)};tag=${tag}`;
}

/** A bare URI put into brackets, so that its parameters stay its own. */
export function bracketed(uri: string): string {
  return uri.includes('<') ? uri : `<${uri}>`;
}

/** Whether a quoted string begins and does not end (RFC 4475 §3.1.2.6). */
export function isUnclosed(value: string): boolean {
  let at = value.indexOf('"');
  while (at >= 0) {
    do {
      if (value[at] === '\\') at++;
      at++;
    } while (at < value.length && value[at] !== '"');
    if (at >= value.length) return true;
    at = value.indexOf('"', at + 1);
  }
  return false;
}
