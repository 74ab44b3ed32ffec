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
  /** Oldest first; of a key without conversation: none, its name is the key. */
  readonly keys: Set<string> | undefined;
  /** Written round once it is full. */
  readonly events: TraceEvent[];
  next: number;
}

interface Conversation extends Recording {
  readonly keys: Set<string>;
}

/** A conversation that lasts for weeks has a Call-ID and a messageId for every message. */
const maxKeys = 200;

export function createTraceRing({ conversations, eventsPerConversation }: TraceRingOptions): TraceRing {
  /** Both in the order of their last event. */
  const linked = new Map<string, Conversation>();
  const loose = new Map<string, Recording>();
  const byKey = new Map<string, Conversation>();

  function record(recording: Recording, event: TraceEvent): void {
    recording.events[recording.next] = event;
    recording.next = (recording.next + 1) % eventsPerConversation;
  }

  /** Makes it the latest; the one that was silent longest goes where there are too many. */
  function touch<R extends Recording>(map: Map<string, R>, recording: R): R | undefined {
    map.delete(recording.name);
    map.set(recording.name, recording);
    if (map.size <= conversations) return undefined;
    const [oldest] = map.values();
    if (oldest) map.delete(oldest.name);
    return oldest;
  }

  function touchLinked(conversation: Conversation): void {
    for (const key of touch(linked, conversation)?.keys ?? []) byKey.delete(key);
  }

  function adopt(conversation: Conversation, key: string): void {
    conversation.keys.add(key);
    byKey.set(key, conversation);
    const [oldest] = conversation.keys;
    if (conversation.keys.size <= maxKeys || oldest === undefined) return;
    conversation.keys.delete(oldest);
    byKey.delete(oldest);
  }

  return {
    event(event) {
      if (conversations === 0) return;
      const conversation = byKey.get(event.key);
      const recording = conversation ?? loose.get(event.key) ?? newRecording(event.key);
      record(recording, event);
      if (conversation) touchLinked(conversation);
      else touch(loose, recording);
    },

    link(key, name) {
      if (conversations === 0) return;
      const before = byKey.get(key);
      const conversation = linked.get(name) ?? { ...newRecording(name), keys: new Set<string>() };
      if (before === conversation) return;
      before?.keys.delete(key);
      const early = loose.get(key);
      if (early && loose.delete(key)) for (const event of inOrder(early)) record(conversation, event);
      adopt(conversation, key);
      touchLinked(conversation);
    },

    recent: (limit) =>
      [...linked.values(), ...loose.values()]
        .map(summary)
        .sort((a, b) => b.lastMs - a.lastMs)
        .slice(0, limit),

    read(name) {
      const recording = linked.get(name) ?? byKey.get(name) ?? loose.get(name);
      if (!recording) return undefined;
      const keys = [...(recording.keys ?? [recording.name])];
      return { conversation: recording.name, keys, events: inOrder(recording).map(shown) };
    },
  };
}

function newRecording(name: string): Recording {
  return { name, keys: undefined, events: [], next: 0 };
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
