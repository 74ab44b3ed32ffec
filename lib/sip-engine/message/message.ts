/** A SIP message on its Buffer: header text and order kept, headers found when asked for (RFC 3261 §7). */
import { isUtf8 } from 'node:buffer';
import type { HeaderLine, SipMessage } from '../api.js';
import { sameName } from './grammar.js';
import { headerPlaces, lineEnd, unfold, type HeaderLimits, type HeaderPlaces } from './header-lines.js';
import { compactName, longName } from './header-names.js';

const NO_LIMITS: HeaderLimits = { maxHeaders: Number.MAX_SAFE_INTEGER, maxHeaderBytes: Number.MAX_SAFE_INTEGER };

export interface StartLine {
  readonly method: string | undefined;
  readonly uri: string | undefined;
  readonly status: number | undefined;
  readonly reason: string | undefined;
}

/** One character per byte → text; invalid sequences are replaced. */
export function asText(binary: string): string {
  return Buffer.byteLength(binary, 'utf8') === binary.length ? binary : Buffer.from(binary, 'latin1').toString('utf8');
}

/** Text → one character per byte, as it goes into a head. */
export function asBinary(text: string): string {
  return Buffer.byteLength(text, 'utf8') === text.length ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** The class is the lazily read value itself: one object a message, nothing copied before it is asked for. */
export class WireMessage implements SipMessage {
  readonly bytes: Buffer;
  readonly body: Buffer;
  readonly method: string | undefined;
  readonly uri: string | undefined;
  readonly status: number | undefined;
  readonly reason: string | undefined;
  /** Start line and header lines without the empty line, one character per byte. */
  readonly head: string;
  private found: HeaderPlaces | undefined;

  constructor(start: StartLine, parts: { bytes: Buffer; head: string; body: Buffer; places?: HeaderPlaces }) {
    this.method = start.method;
    this.uri = start.uri;
    this.status = start.status;
    this.reason = start.reason;
    this.bytes = parts.bytes;
    this.head = parts.head;
    this.body = parts.body;
    this.found = parts.places;
  }

  get places(): HeaderPlaces {
    this.found ??= headerPlaces(this.head, lineEnd(this.head, 0) + 2, NO_LIMITS);
    return this.found;
  }

  header(name: string): string | undefined {
    const value = this.raw(longName(name));
    return value === undefined ? undefined : asText(value);
  }

  headers(name: string): readonly string[] {
    return this.rawAll(longName(name)).map(asText);
  }

  headerLines(): readonly HeaderLine[] {
    const { places } = this;
    const lines: HeaderLine[] = [];
    for (let at = 0; at < places.length; at += 4) {
      lines.push([this.head.slice(places[at], places[at + 1]), asText(this.valueAt(at))]);
    }
    return lines;
  }

  /** First value, one character per byte; `long` in lower case. */
  raw(long: string): string | undefined {
    const compact = compactName(long);
    for (let at = 0; at < this.places.length; at += 4) if (this.isNamed(at, long, compact)) return this.valueAt(at);
    return undefined;
  }

  /** All values, one character per byte; `long` in lower case. */
  rawAll(long: string): string[] {
    const compact = compactName(long);
    const values: string[] = [];
    for (let at = 0; at < this.places.length; at += 4)
      if (this.isNamed(at, long, compact)) values.push(this.valueAt(at));
    return values;
  }

  private isNamed(at: number, long: string, compact: string | undefined): boolean {
    const start = this.places[at] ?? 0;
    const end = this.places[at + 1] ?? 0;
    if (end - start === 1) return compact !== undefined && sameName(this.head, start, end, compact);
    return sameName(this.head, start, end, long);
  }

  /** Unfolded value of the line whose places begin at `at`, one character per byte. */
  valueAt(at: number): string {
    return unfold(this.head.slice(this.places[at + 2], this.places[at + 3]));
  }
}

export function bodyIsUtf8(message: SipMessage): boolean {
  return isUtf8(message.body);
}
