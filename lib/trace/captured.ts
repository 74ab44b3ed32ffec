/** What a traced message gives to a capture file: the octets that are shown, and how many of its end are not. */
import type { ShownEvent } from './ring.js';

export interface Captured {
  readonly octets: Buffer;
  /** 1 where it is not known how many. */
  readonly missing: number;
}

/** What stands for a body that is left out, or for the rest of a head. */
const leftOut = /\[([0-9]{1,9}) bytes\]$/;
const unknown = 1;

export function captured({ border, text }: Pick<ShownEvent, 'border' | 'text'>): Captured {
  // Each MSRP frame ends with its end-line, whatever its body is shown as (RFC 4975 §7.1).
  if (border === 'msrp') return { octets: Buffer.from(text), missing: 0 };
  const blank = text.indexOf('\r\n\r\n');
  const found = blank < 0 ? cutHead(text) : whole(text.slice(0, blank + 4), text.slice(blank + 4));
  // Of a SIP message that says to be cut Wireshark shows no header at all; a datagram without its body shows them all.
  return border === 'sip' ? { ...found, missing: 0 } : found;
}

function cutHead(text: string): Captured {
  const rest = leftOut.exec(text);
  return { octets: Buffer.from(text.slice(0, rest?.index)), missing: Number(rest?.[1] ?? unknown) };
}

function whole(head: string, body: string): Captured {
  const length = contentLength(head);
  const shown = isLeftOut(body, length) ? Buffer.alloc(0) : Buffer.from(body);
  const announced = length ?? (isOpenEnded(head) ? shown.length + unknown : 0);
  return { octets: Buffer.concat([Buffer.from(head), shown]), missing: Math.max(announced - shown.length, 0) };
}

/** A user may have written just that. */
function isLeftOut(body: string, length: number | undefined): boolean {
  return leftOut.exec(body)?.index === 0 && length !== body.length;
}

/** The compact form is SIP's (RFC 3261 §7.3.3). */
function contentLength(head: string): number | undefined {
  const digits = /^(?:content-length|l)[ \t]*:[ \t]*([0-9]{1,9})[ \t]*$/im.exec(head)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** An HTTP message whose body ends with its last chunk or its connection (RFC 9112 §6.3). */
function isOpenEnded(head: string): boolean {
  return /^HTTP\/1\.1 (?!1|204|304)/.test(head) || /^transfer-encoding[ \t]*:/im.test(head);
}
