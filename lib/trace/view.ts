/** The ring as the admin face shows it: a list, and each conversation as JSON, ladder diagram, plain text or capture file. */
import { printLadder } from './ladder.js';
import { printPcap } from './pcap.js';
import { printableLines } from './printable.js';
import type { ConversationTrace, TraceRing } from './ring.js';

export interface TraceView {
  list(limit: number): readonly object[];
  json(name: string): object | undefined;
  ladder(name: string): string | undefined;
  text(name: string): string | undefined;
  /** A capture file. */
  pcap(name: string): Buffer | undefined;
}

export function traceView(ring: TraceRing): TraceView {
  const show = <T>(name: string, print: (conversation: ConversationTrace) => T): T | undefined => {
    const found = ring.read(name);
    return found && print(found);
  };
  return {
    list: (limit) =>
      ring.recent(limit).map(({ firstMs, lastMs, ...rest }) => ({ ...rest, first: iso(firstMs), last: iso(lastMs) })),
    json: (name) => show(name, json),
    ladder: (name) => show(name, printLadder),
    text: (name) => show(name, text),
    pcap: (name) => show(name, printPcap),
  };
}

function json({ conversation, keys, events }: ConversationTrace): object {
  return { conversation, keys, events: events.map(({ atMs, ...rest }) => ({ at: iso(atMs), ...rest })) };
}

function text({ events }: ConversationTrace): string {
  return events
    .map(({ atMs, border, direction, peer, text }) => `--- ${iso(atMs)} ${border} ${direction} ${peer}\n${text}\n`)
    .map(printableLines)
    .join('\n');
}

function iso(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : '';
}
