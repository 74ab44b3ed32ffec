/** From what a caller asks to what is written: checked against the limits, values as JSON text. */
import type { EncodedPut, NewItem } from './journal.js';
import type { StoreLimits } from './limits.js';
import { StoreError } from './store-error.js';
import type { Changes, Enqueue, Json, Put, Remove } from './store.js';

export interface EncodedItem extends Omit<NewItem, 'seq' | 'enqueuedAtMs'> {
  readonly value: Json;
}

export interface EncodedChanges {
  readonly puts: readonly EncodedPut[];
  readonly removes: readonly Remove[];
  readonly items: readonly EncodedItem[];
  /** UTF-16 units of all values. */
  readonly length: number;
}

/** Throws StoreError `invalid`, or `full` where a limit is passed. */
export function encodeChanges(changes: Changes, limits: StoreLimits, nowMs: number): EncodedChanges {
  const { put = [], remove = [], enqueue = [] } = changes;
  if (put.length + remove.length + enqueue.length > limits.maxChanges)
    throw new StoreError('full', `one commit holds at most ${limits.maxChanges} changes`);
  const puts = put.map((each) => encodePut(each, limits, nowMs));
  for (const each of remove) checkName(each.key, limits);
  const items = enqueue.map((each) => encodeItem(each, limits));
  let length = 0;
  for (const { text } of puts) length += text.length;
  for (const { text } of items) length += text.length;
  return { puts, removes: remove, items, length };
}

function encodePut(put: Put, limits: StoreLimits, nowMs: number): EncodedPut {
  checkName(put.key, limits);
  return {
    kind: put.kind,
    key: put.key,
    text: encodeValue(put.value, limits),
    expiresAtMs: put.ttlMs === undefined ? undefined : Math.ceil(nowMs + put.ttlMs),
    ifRevision: put.ifRevision,
  };
}

function encodeItem({ queue, lane, id, value }: Enqueue, limits: StoreLimits): EncodedItem {
  checkName(lane, limits);
  checkName(id, limits);
  return { queue, lane, id, value, text: encodeValue(value, limits) };
}

/** Keys, lanes and ids are compared as UTF-8 by the backends, which a lone surrogate has none of; in values JSON escapes it. */
function checkName(name: string, limits: StoreLimits): void {
  if (name.length > limits.maxKeyLength)
    throw new StoreError('invalid', `a key, lane or id is longer than ${limits.maxKeyLength}`);
  if (!name.isWellFormed()) throw new StoreError('invalid', 'a key, lane or id holds a lone surrogate');
}

function encodeValue(value: Json, limits: StoreLimits): string {
  const text = stringify(value);
  if (text.length > limits.maxValueLength)
    throw new StoreError('full', `a value is longer than ${limits.maxValueLength} characters of JSON`);
  // Each level takes two characters at least: what is shorter need not be looked at.
  if (text.length > 2 * maxDepth && isTooDeep(value))
    throw new StoreError('invalid', `a value is deeper than ${maxDepth} levels`);
  return text;
}

/** No value of ours is: Node 20 prints as deep as its stack reaches, Node 26 any depth. */
const maxDepth = 1000;

function isTooDeep(value: Json): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return true;
    level = level.flatMap((each): readonly unknown[] =>
      typeof each === 'object' && each !== null ? Object.values(each) : [],
    );
  }
  return false;
}

function stringify(value: Json): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new StoreError('invalid', `a value cannot be written as JSON: ${String(error)}`);
  }
}

/** The value of a text that `encodeChanges` made. */
export function decodeValue(text: string): Json {
  return JSON.parse(text) as Json;
}
