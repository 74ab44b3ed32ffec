/**
 * What crossed the borders, in memory: the latest events of the latest conversations. An event costs a map look-up and
 * a push; nothing is formatted before somebody reads.
 *
 * Events of a key that belongs to no conversation (yet) are kept apart, in a room of the same size: keep-alives and
 * scans, each with a Call-ID of its own, push out one another and no conversation.
 */
import { redacted } from './redact.js';
import type { Trace, TraceEvent } from './trace.js';

export interface TraceRingOptions {
  /** At most so many conversations, and as many keys without one; 0: nothing is kept. */
  readonly conversations: number;
  readonly eventsPerConversation: number;
}

/** Times in ms since 1970. */
export interface ConversationSummary {
  readonly conversation: string;
  readonly events: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** One event as it is shown: credentials are never in `text`. */
export interface ShownEvent extends Omit<TraceEvent, 'text'> {
  readonly text: string;
}

export interface ConversationTrace {
  readonly conversation: string;
  readonly keys: readonly string[];
  /** In the order of time. */
  readonly events: readonly ShownEvent[];
}

export interface TraceRing extends Trace {
  /** The latest first. */
  recent(limit: number): readonly ConversationSummary[];
  /** By the conversation's name or any of its keys; undefined: unknown, or forgotten. */
  read(name: string): ConversationTrace | undefined;
}

interface Recording {
  readonly name: string;
  /** Oldest first. */
  readonly keys: Set<string>;
  /** Written round once it is full. */
  readonly events: TraceEvent[];
  next: number;
}

/** A conversation that lasts for weeks has a Call-ID and a messageId for every message. */
const maxKeys = 200;

export function createTraceRing({ conversations, eventsPerConversation }: TraceRingOptions): TraceRing {
  /** Both in the order of their last event. */
  const linked = new Map<string, Recording>();
  const loose = new Map<string, Recording>();
  const byKey = new Map<string, Recording>();

  const room = (recording: Recording): Map<string, Recording> =>
    linked.get(recording.name) === recording ? linked : loose;

  function touch(map: Map<string, Recording>, recording: Recording): void {
    map.delete(recording.name);
    map.set(recording.name, recording);
    if (map.size <= conversations) return;
    const [oldest] = map.values();
    if (!oldest) return;
    map.delete(oldest.name);
    for (const key of oldest.keys) byKey.delete(key);
  }

  function adopt(recording: Recording, key: string): void {
    recording.keys.delete(key);
    recording.keys.add(key);
    byKey.set(key, recording);
    const [oldest] = recording.keys;
    if (recording.keys.size <= maxKeys || oldest === undefined) return;
    recording.keys.delete(oldest);
    byKey.delete(oldest);
  }

  function record(recording: Recording, event: TraceEvent): void {
    recording.events[recording.next] = event;
    recording.next = (recording.next + 1) % eventsPerConversation;
  }

  return {
    event(event) {
      if (conversations === 0) return;
      let recording = byKey.get(event.key);
      if (!recording) {
        recording = newRecording(event.key);
        adopt(recording, event.key);
      }
      record(recording, event);
      touch(room(recording), recording);
    },

    link(key, conversation) {
      if (conversations === 0) return;
      const before = byKey.get(key);
      const recording = linked.get(conversation) ?? newRecording(conversation);
      if (before === recording) return;
      if (before) {
        before.keys.delete(key);
        if (loose.delete(before.name)) for (const event of inOrder(before)) record(recording, event);
      }
      adopt(recording, key);
      touch(linked, recording);
    },

    recent: (limit) =>
      [...linked.values(), ...loose.values()]
        .map(summary)
        .sort((a, b) => b.lastMs - a.lastMs)
        .slice(0, limit),

    read(name) {
      const recording = linked.get(name) ?? byKey.get(name);
      if (!recording) return undefined;
      return { conversation: recording.name, keys: [...recording.keys], events: inOrder(recording).map(shown) };
    },
  };
}

function newRecording(name: string): Recording {
  return { name, keys: new Set(), events: [], next: 0 };
}

/** By time: what a key had reported before it was linked came earlier than it was recorded here. */
function inOrder({ events, next }: Recording): readonly TraceEvent[] {
  return [...events.slice(next), ...events.slice(0, next)].sort((a, b) => a.atMs - b.atMs);
}

function summary({ name, events }: Recording): ConversationSummary {
  const times = events.map(({ atMs }) => atMs);
  return { conversation: name, events: events.length, firstMs: Math.min(...times), lastMs: Math.max(...times) };
}

function shown(event: TraceEvent): ShownEvent {
  const { atMs, border, direction, peer, key } = event;
  return { atMs, border, direction, peer, key, text: textOf(event) };
}

function textOf(event: TraceEvent): string {
  try {
    return redacted(event.text());
  } catch (error) {
    return `(unreadable: ${error instanceof Error ? error.message : String(error)})`;
  }
}
