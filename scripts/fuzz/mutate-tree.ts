/** JSON changed as a tree: members renamed, doubled, nested, replaced by values that nobody expects there. */
import type { Random } from './random.js';

const names: readonly string[] = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'length', '', 'a\r\nb', '0', '-1', 'valueOf', 'then'],
];
const strings: readonly string[] = [
  ...['', ' ', '\r\n', 'a\r\nX: y', '\0', '\ud800', '\u202e', '😀', 'é', 'true', '12', '1e5', '-0', '=\r\n', '<a&b>'],
  ...['tel:+15550100001', 'sip:a@b', 'http://127.0.0.1/', 'data:,x', 'adhoc', 'x'.repeat(3000), 'text/plain;x="\\'],
];

/** The input itself where it is no JSON. */
export function growTree(input: Buffer, random: Random): Buffer {
  let tree: unknown;
  try {
    tree = JSON.parse(input.toString('utf8'));
  } catch {
    return input;
  }
  const text = JSON.stringify(grown(tree, random)) as string | undefined;
  return Buffer.from(text === undefined ? 'null' : withDoubledMember(text, random));
}

function grown(value: unknown, random: Random): unknown {
  if (random.oneIn(6)) return hostile(value, random);
  if (Array.isArray(value)) return grownList(value, random);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value);
  const at = random.below(members.length || 1);
  const list = members.map(([name, inner], index): [string, unknown] =>
    index === at ? [random.oneIn(12) ? random.pick(names) : name, grown(inner, random)] : [name, inner],
  );
  if (random.oneIn(8)) list.splice(at, 1);
  if (random.oneIn(8)) list.push([random.pick(names), random.pick(strings)]);
  return Object.fromEntries(list);
}

function grownList(value: readonly unknown[], random: Random): unknown {
  const at = random.below(value.length || 1);
  const list = value.map((item, index) => (index === at ? grown(item, random) : item));
  if (random.oneIn(6)) list.splice(at, 1);
  if (random.oneIn(6)) list.push(...Array.from({ length: random.below(40) }, () => list[at]));
  return list;
}

function hostile(value: unknown, random: Random): unknown {
  switch (random.below(9)) {
    case 0:
      return null;
    case 1:
      return random.pick([0, -1, 1.5, 1e300, -1e-300, 2 ** 31, 2 ** 53, -(2 ** 63)]);
    case 2:
      return random.oneIn(2);
    case 3:
      return [value];
    case 4:
      return { [random.pick(names)]: value };
    case 5:
      return nested(value, 1 + random.below(60), random);
    default:
      return random.pick(strings);
  }
}

function nested(value: unknown, depth: number, random: Random): unknown {
  let nest = value;
  for (let i = 0; i < depth; i++) nest = random.oneIn(2) ? [nest] : { a: nest };
  return nest;
}

/** A member's text twice: which of the two counts? */
function withDoubledMember(text: string, random: Random): string {
  // The engine remembers the last text that a pattern was tried on.
  if (text.length > 100_000 || !random.oneIn(10)) return text;
  const member = /"[^"\\]{1,30}":(?:"[^"\\]{0,60}"|true|false|\d+),/.exec(text)?.[0];
  return member === undefined ? text : text.replace(member, member + member);
}
