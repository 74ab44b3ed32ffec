/** Fields of a log line as plain data: bounded, without bodies and secrets, numbers masked; whatever comes, nothing throws. */
import type { Mask } from './mask-numbers.js';

/** Names of fields that hold what users wrote or what proves who one is; compared in lower case. */
const dropped = new Set([
  'text',
  'bodytext',
  'content',
  'body',
  'authorization',
  'cookie',
  'key',
  'password',
  'secret',
  'secrets',
  'token',
  // Set as a member it would be the prototype of what is printed.
  '__proto__',
]);

const maxDepth = 6;
const maxItems = 50;
const maxCharacters = 2_000;
/** A stack is worth its length. */
const maxStackCharacters = 8_000;

interface Walk {
  readonly mask: Mask;
  /** Objects on the way down to here. */
  readonly above: readonly object[];
}

export function printableFields(fields: object, mask: Mask): Readonly<Record<string, unknown>> {
  return printObject(fields, { mask, above: [] });
}

function print(value: unknown, walk: Walk): unknown {
  switch (typeof value) {
    case 'string':
      return clip(walk.mask(value), maxCharacters);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
    case 'symbol':
      return String(value);
    case 'function':
    case 'undefined':
      return undefined;
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : printReference(value, walk);
  }
}

function printReference(value: object, walk: Walk): unknown {
  if (walk.above.includes(value)) return '[circular]';
  if (walk.above.length >= maxDepth) return '[deeper]';
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[no date]' : value.toISOString();
  const inner = { mask: walk.mask, above: [...walk.above, value] };
  if (value instanceof Error) return printError(value, inner);
  if (value instanceof Map || value instanceof Set) return `[${value.constructor.name} of ${value.size}]`;
  if (!Array.isArray(value)) return printObject(value, inner);
  const items = value.slice(0, maxItems).map((item) => print(item, inner) ?? null);
  return value.length > maxItems ? [...items, `[${value.length - maxItems} more]`] : items;
}

function printError(error: Error, walk: Walk): unknown {
  const { name, message, stack, cause } = error;
  return {
    ...printObject(error, walk),
    name: print(name, walk),
    message: print(message, walk),
    stack: typeof stack === 'string' ? clip(walk.mask(stack), maxStackCharacters) : undefined,
    cause: print(cause, walk),
  };
}

function printObject(value: object, walk: Walk): Readonly<Record<string, unknown>> {
  const printed: Record<string, unknown> = {};
  let count = 0;
  for (const name of Object.keys(value)) {
    if (count >= maxItems) break;
    const shown = shownName(name, walk.mask);
    if (shown === undefined) continue;
    count++;
    printed[shown] = print(read(value, name), walk);
  }
  return printed;
}

/** What nearly all names of fields are: nothing in them to mask, and to look twice at them costs more than the values. */
const plainName = /^[A-Za-z]{1,40}$/;
const plainNames = new Set<string>();
const maxPlainNames = 1_000;

/** Undefined: the field is not shown. */
function shownName(name: string, mask: Mask): string | undefined {
  if (plainNames.has(name)) return name;
  if (dropped.has(name.toLowerCase())) return undefined;
  if (plainName.test(name) && plainNames.size < maxPlainNames) plainNames.add(name);
  return clip(mask(name), 100);
}

/** A getter may throw. */
function read(value: object, name: string): unknown {
  try {
    return (value as Readonly<Record<string, unknown>>)[name];
  } catch {
    return '[unreadable]';
  }
}

function clip(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}… (${text.length} characters)` : text;
}
