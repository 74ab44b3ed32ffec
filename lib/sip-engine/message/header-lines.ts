/** Where the header lines of a message are, found in one pass (RFC 3261 §7.3); text is one character per byte. */
import { isSpace, isTokenIn } from './grammar.js';
import { MalformedMessage, type SizeLimit } from './malformed.js';

export interface HeaderLimits {
  readonly maxHeaders: number;
  /** Of one line with its folds. */
  readonly maxHeaderBytes: number;
}

/** Four places a header: name from, name to, value from, value to. Values are trimmed, folds still inside. */
export type HeaderPlaces = readonly number[];

const CR = 13;

/** The lines before `at` are within the limits: they may say whom to tell. */
export class TooManyHeaders extends MalformedMessage {
  readonly at: number;

  constructor(text: string, limit: SizeLimit, at: number) {
    super(text, 413, limit);
    this.at = at;
  }
}

/** End of the first line; throws where the line is not ended as §7 wants. */
export function lineEnd(head: string, from: number): number {
  const newline = head.indexOf('\n', from);
  const end = newline < 0 ? head.length : newline - 1;
  if (newline >= 0 && head.charCodeAt(end) !== CR) throw new MalformedMessage('line feed without carriage return');
  return end;
}

/** `head` from the end of the start line; throws MalformedMessage. */
export function headerPlaces(head: string, from: number, limits: HeaderLimits): HeaderPlaces {
  const places: number[] = [];
  for (let start = from; start < head.length;) {
    let end = lineEnd(head, start);
    while (isSpace(head.charCodeAt(end + 2))) end = lineEnd(head, end + 2);
    if (end - start > limits.maxHeaderBytes) throw new TooManyHeaders('header line too long', 'maxHeaderBytes', start);
    if (places.length >= limits.maxHeaders * 4) throw new TooManyHeaders('too many header lines', 'maxHeaders', start);
    pushPlaces(places, head, start, end);
    start = end + 2;
  }
  return places;
}

function pushPlaces(places: number[], head: string, start: number, end: number): void {
  const colon = head.indexOf(':', start);
  let nameEnd = colon;
  while (nameEnd > start && isSpace(head.charCodeAt(nameEnd - 1))) nameEnd--;
  if (colon < 0 || colon >= end || !isTokenIn(head, start, nameEnd)) throw new MalformedMessage('not a header line');
  let valueStart = colon + 1;
  let valueEnd = end;
  while (valueStart < valueEnd && head.charCodeAt(valueStart) <= 32) valueStart++;
  while (valueEnd > valueStart && head.charCodeAt(valueEnd - 1) <= 32) valueEnd--;
  places.push(start, nameEnd, valueStart, valueEnd);
}

/** Folds become one space each (§7.3.1). */
export function unfold(value: string): string {
  return value.includes('\r') ? value.replaceAll(/\r\n[ \t]+/g, ' ') : value;
}
