/**
 * What crossed the borders, in memory: the latest events of the latest conversations. An event costs a map look-up and
 * a push; nothing is formatted before somebody reads.
 *
 * Events of a key that belongs to no conversation (yet) are kept apart, in a room of the same size: keep-alives and
 * scans, each with a Call-ID of its own, push out one another and no conversation.
 */
import { createRecency, type Recent } from './recency.js';
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

interface Recording extends Recent<Recording> {
  readonly name: string;
  /** Written round once it is full; of a key without conversation: none, its name is the key. */
  readonly keys: Round<string> | undefined;
  readonly events: Round<TraceEvent>;
}

interface Conversation extends Recording {
  readonly keys: Round<string>;
}

/** The latest of something, written round once there are `max`. */
interface Round<T> {
  readonly max: number;
  readonly members: T[];
  next: number;
}

/** A conversation that lasts for weeks has a Call-ID and a messageId for every message. */
const maxKeys = 200;

export function createTraceRing({ conversations, eventsPerConversation }: TraceRingOptions): TraceRing {
  const linked = new Map<string, Conversation>();
  const loose = new Map<string, Recording>();
  const byKey = new Map<string, Conversation>();
  /** Both in the order of their last event. */
  const linkedOrder = createRecency<Recording>();
  const looseOrder = createRecency<Recording>();

  function newRecording<K extends Recording['keys']>(name: string, keys: K): Recording & { readonly keys: K } {
    return { name, keys, events: newRound(eventsPerConversation), older: undefined, newer: undefined };
  }

  function openLinked(name: string): Conversation {
    const conversation = newRecording(name, newRound<string>(maxKeys));
    linked.set(name, conversation);
    linkedOrder.touch(conversation);
    const oldest = linked.size > conversations ? linkedOrder.oldest : undefined;
    if (oldest) {
      linked.delete(oldest.name);
      linkedOrder.remove(oldest);
      for (const key of oldest.keys?.members ?? []) if (byKey.get(key) === oldest) byKey.delete(key);
    }
    return conversation;
  }

  function openLoose(key: string): Recording {
    const recording = newRecording(key, undefined);
    loose.set(key, recording);
    looseOrder.touch(recording);
    const oldest = loose.size > conversations ? looseOrder.oldest : undefined;
    if (oldest) dropLoose(oldest);
    return recording;
  }

  function dropLoose(recording: Recording): void {
    loose.delete(recording.name);
    looseOrder.remove(recording);
  }

  function adopt(conversation: Conversation, key: string): void {
    const oldest = write(conversation.keys, key);
    // It may have moved on to another conversation.
    if (oldest !== undefined && byKey.get(oldest) === conversation) byKey.delete(oldest);
    byKey.set(key, conversation);
  }

  return {
    event(event) {
      if (conversations === 0) return;
      const conversation = byKey.get(event.key);
      if (conversation) {
        write(conversation.events, event);
        linkedOrder.touch(conversation);
        return;
      }
      const recording = loose.get(event.key) ?? openLoose(event.key);
      write(recording.events, event);
      looseOrder.touch(recording);
    },

    link(key, name) {
      if (conversations === 0) return;
      const before = byKey.get(key);
      const conversation = linked.get(name) ?? openLinked(name);
      if (before === conversation) return;
      const early = loose.get(key);
      if (early) {
        dropLoose(early);
        for (const event of inOrder(early.events)) write(conversation.events, event);
      }
      adopt(conversation, key);
      linkedOrder.touch(conversation);
    },

    recent: (limit) =>
      [...linked.values(), ...loose.values()]
        .map(summary)
        .sort((a, b) => b.lastMs - a.lastMs)
        .slice(0, limit),

    read(name) {
      const recording = linked.get(name) ?? byKey.get(name) ?? loose.get(name);
      if (!recording) return undefined;
      const keys = recording.keys ? inOrder(recording.keys).filter((key) => byKey.get(key) === recording) : [name];
      return { conversation: recording.name, keys: [...new Set(keys)], events: byTime(recording.events).map(shown) };
    },
  };
}

function newRound<T>(max: number): Round<T> {
  return { max, members: [], next: 0 };
}

/** What had to make room for it. */
function write<T>(round: Round<T>, member: T): T | undefined {
  const { members, next, max } = round;
  const before = members[next];
  members[next] = member;
  round.next = next + 1 < max ? next + 1 : 0;
  return before;
}

/** The oldest first. */
function inOrder<T>({ members, next }: Round<T>): readonly T[] {
  return [...members.slice(next), ...members.slice(0, next)];
}

/** What a key had reported before it was linked came earlier than it was recorded here. */
function byTime(events: Round<TraceEvent>): readonly TraceEvent[] {
  return [...inOrder(events)].sort((a, b) => a.atMs - b.atMs);
}

function summary({ name, events }: Recording): ConversationSummary {
  const times = events.members.map(({ atMs }) => atMs);
  return { conversation: name, events: times.length, firstMs: Math.min(...times), lastMs: Math.max(...times) };
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
