/** Reads both JSON dialects of the field by the schema: quoted scalars with collapsed lists (2012), and arrays with numbers (2014 and later). */
import type { Schema } from './schema.js';

const exactInteger = /^-?(?:0|[1-9][0-9]{0,15})$/;

/**
 * The value as the schema wants it, wherever the conversion is exact; what cannot be converted is left as it was, for
 * validation to name. Members the schema does not know are dropped, and so are those which are the server's to say or null.
 */
export function readDialects(schema: Schema, value: unknown): unknown {
  switch (schema.type) {
    case 'object':
      return isRecord(value) ? readMembers(schema, value) : value;
    case 'array':
      return readList(schema, value);
    case 'string':
      return schema.enum === undefined ? value : spelledAs(schema.enum, value);
    case 'integer':
      return typeof value === 'string' && exactInteger.test(value) ? Number(value) : value;
    case 'boolean':
      return value === 'true' ? true : value === 'false' ? false : value;
  }
}

/** The members of `value` in the schema's order, all the way down; undefined ones left out. */
export function inSchemaOrder(schema: Schema, value: unknown): unknown {
  if (schema.type === 'array' && Array.isArray(value)) {
    const items = schema.items;
    return items === undefined ? value : value.map((item) => inSchemaOrder(items, item));
  }
  if (schema.type !== 'object' || !isRecord(value)) return value;
  const ordered: Record<string, unknown> = {};
  for (const { name, schema: member, isDeep } of membersOf(schema)) {
    const found = value[name];
    if (found !== undefined) ordered[name] = isDeep ? inSchemaOrder(member, found) : found;
  }
  return ordered;
}

interface Member {
  readonly name: string;
  readonly schema: Schema;
  /** It has an order of its own below it. */
  readonly isDeep: boolean;
}

/** Every notification asks for them. */
const known = new WeakMap<Schema, readonly Member[]>();

function membersOf(schema: Schema): readonly Member[] {
  const before = known.get(schema);
  if (before) return before;
  const members = Object.entries(schema.properties ?? {}).map(([name, member]) => {
    return { name, schema: member, isDeep: member.type === 'object' || member.type === 'array' };
  });
  known.set(schema, members);
  return members;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readMembers(schema: Schema, value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const name in schema.properties) {
    const member = schema.properties[name];
    // Own members alone: a body must not reach what its prototype has.
    if (member === undefined || member.readOnly === true || !Object.hasOwn(value, name)) continue;
    const found = value[name];
    if (saysNothing(member, found)) continue;
    read[name] = readDialects(member, found);
  }
  return read;
}

/**
 * null is the JSON of an element without content (OMA REST NetAPI Common §5.6), and what many serializers write for a member
 * that is not set. For a list it is one such element, for in the older dialect a list of one item stands without brackets.
 */
function saysNothing(member: Schema, value: unknown): boolean {
  return value === null && member.type !== 'array';
}

function readList(schema: Schema, value: unknown): unknown {
  const items = schema.items;
  if (items === undefined) return value;
  return Array.isArray(value) ? value.map((item) => readDialects(items, item)) : [readDialects(items, value)];
}

function spelledAs(allowed: readonly string[], value: unknown): unknown {
  if (typeof value !== 'string' || allowed.includes(value)) return value;
  const lower = value.toLowerCase();
  return allowed.find((one) => one.toLowerCase() === lower) ?? value;
}
