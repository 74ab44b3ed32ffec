/** One conversation as a ladder diagram in plain text: network, gateway, platform. */
import { printable } from './printable.js';
import type { ConversationTrace, ShownEvent } from './ring.js';

/** Columns between two lifelines. */
const width = 38;
const blank = ' '.repeat(width);

export function printLadder({ conversation, events }: ConversationTrace): string {
  const head = `${' '.repeat(13)}network${' '.repeat(width - 6)}gateway${' '.repeat(width - 6)}platform`;
  return [`conversation ${printable(conversation)}`, '', head, ...events.map(rung), ''].join('\n');
}

/** The network stands on the left (SIP, MSRP), the platform on the right (HTTP). */
function rung(event: ShownEvent): string {
  const time = new Date(event.atMs).toISOString().slice(11, 23);
  const toRight = (event.border === 'http') === (event.direction === 'out');
  const drawn = arrow(label(event), toRight);
  const [left, right] = event.border === 'http' ? [blank, drawn] : [drawn, blank];
  return `${time}    |${left}|${right}|  ${event.border} ${event.peer}`;
}

function arrow(text: string, toRight: boolean): string {
  const shown = ` ${text.slice(0, width - 6)} `;
  const dashes = width - 1 - shown.length;
  const before = '-'.repeat(Math.floor(dashes / 2));
  const after = '-'.repeat(Math.ceil(dashes / 2));
  return toRight ? `${before}${shown}${after}>` : `<${before}${shown}${after}`;
}

/** What a start line says: method, or status with its reason. */
function label({ text }: ShownEvent): string {
  const line = printable(text.slice(0, 512).split(/\r?\n/, 1)[0] ?? '');
  const status = /^(?:SIP\/2\.0|HTTP\/[0-9.]+) ([0-9]{3}.*)$/.exec(line);
  if (status?.[1] !== undefined) return status[1];
  const msrp = /^MSRP \S+ (.+)$/.exec(line);
  if (msrp?.[1] !== undefined) return msrp[1];
  return line.replace(/ (?:SIP|HTTP)\/[0-9.]+$/, '');
}
