/** Inputs of kinds that break parsers, made of good ones: octets, lines, tokens, numbers, elements and members changed. */
import { growTree } from './mutate-tree.js';
import type { Random } from './random.js';

/** How an input is built, besides being octets: what is moved, doubled and left out as a whole. */
export type Shape = 'lines' | 'xml' | 'json' | 'tokens';

export interface Material {
  readonly shape: Shape;
  /** Words that mean something to the parser. */
  readonly words: readonly string[];
  /** Good and once interesting inputs. */
  readonly corpus: readonly Buffer[];
  readonly maxBytes: number;
}

const empty = Buffer.alloc(0);

/** Octets that are borders somewhere, or never text. */
const borders: readonly string[] = [
  ...['\r', '\n', '\r\n', '\n\n', '\r\n\r\n', '\r\n ', '\0', ' ', '\t', '\x7f', '\x1b', '\xa0', '\u2028'],
  ...['"', "'", '\\', '\\"', '<', '>', '<>', '&', ';', ';;', ',', ',,', ':', '=', '==', '@', '/', '//', '?', '#', '%'],
  ...['%00', '%0d%0a', '%zz', '%', '*', '+', '-', '--', '.', '..', '[', ']', '{', '}', '(', ')', '|', '`', '$', '~'],
  ...['\xff', '\xc0\xaf', '\xed\xa0\x80', '\xf4\x90\x80\x80', '\xef\xbb\xbf', '\xe2\x80\xae', '\xf0\x9f\x98\x80'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'undefined', 'null', 'NaN', 'true'],
];

const numbers: readonly string[] = [
  ...['0', '-0', '-1', '+1', '1', '00', '01', '0x10', '1e9', '1e400', '1.5', ' 5', '5 ', '٣', ''],
  ...['127', '128', '255', '256', '65535', '65536', '2147483647', '2147483648', '4294967295', '4294967296'],
  ...['9007199254740991', '9007199254740993', '999999999999999', '9999999999', '18446744073709551616', '-2147483649'],
  '9'.repeat(40),
];

/** One input: mostly a few changes of a kept one, sometimes of what was spliced of two, seldom anything at all. */
export function makeInput(material: Material, random: Random): Buffer {
  if (random.oneIn(500)) return noise(random);
  let input = kept(material, random);
  const changes = 1 + random.below(random.oneIn(8) ? 16 : 4);
  for (let i = 0; i < changes; i++) input = clipped(change(input, material, random), material.maxBytes);
  return random.oneIn(600) ? clipped(inflated(input, material.maxBytes, random), material.maxBytes) : input;
}

/** A copy: a view would keep the whole of it. */
function clipped(input: Buffer, maxBytes: number): Buffer {
  return input.length > maxBytes ? Buffer.from(input.subarray(0, maxBytes)) : input;
}

function kept({ corpus }: Material, random: Random): Buffer {
  return corpus[random.below(corpus.length)] ?? empty;
}

function noise(random: Random): Buffer {
  return Buffer.from(Array.from({ length: random.below(300) }, () => random.below(256)));
}

type Change = (input: Buffer, material: Material, random: Random) => Buffer;

const octetChanges: readonly Change[] = [
  (input, _, random) => replaced(input, random.below(input.length + 1), 1, Buffer.from([random.below(256)])),
  (input, _, random) => flipped(input, random),
  (input, _, random) => replaced(input, random.below(input.length + 1), random.below(9), empty),
  (input, _, random) => replaced(input, random.below(input.length + 1), 0, border(random)),
  (input, _, random) => replaced(input, random.below(input.length + 1), 1, border(random)),
  (input, _, random) => input.subarray(0, random.below(input.length + 1)),
  (input, _, random) => doubled(input, random),
  (input, material, random) => spliced(input, kept(material, random), random),
  (input, _, random) => withNumber(input, random),
  (input, { words }, random) => withWord(input, words, random),
  (input, { words }, random) => withWord(input, words, random),
];

function change(input: Buffer, material: Material, random: Random): Buffer {
  if (random.oneIn(2)) return random.pick(octetChanges)(input, material, random);
  switch (material.shape) {
    case 'lines':
      return withParts(input, /(?<=\n)/, { material, random, glue: '' });
    case 'tokens':
      return withParts(input, /(?<=[;,\s])|(?=[;,\s])/, { material, random, glue: '' });
    case 'xml':
      return withParts(input, /(?=<)/, { material, random, glue: '' });
    case 'json':
      return growTree(input, random);
  }
}

function border(random: Random): Buffer {
  return Buffer.from(random.pick(borders), random.oneIn(4) ? 'utf8' : 'latin1');
}

function replaced(input: Buffer, at: number, length: number, by: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, at), by, input.subarray(at + length)]);
}

function flipped(input: Buffer, random: Random): Buffer {
  const copy = Buffer.from(input);
  const at = random.below(copy.length || 1);
  if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
  return copy;
}

function doubled(input: Buffer, random: Random): Buffer {
  const from = random.below(input.length + 1);
  const part = input.subarray(from, from + 1 + random.below(64));
  return replaced(input, random.below(input.length + 1), 0, part);
}

function spliced(input: Buffer, other: Buffer, random: Random): Buffer {
  return Buffer.concat([
    input.subarray(0, random.below(input.length + 1)),
    other.subarray(random.below(other.length + 1)),
  ]);
}

/** One of the numbers in the text, or of the words, becomes another. */
function withNumber(input: Buffer, random: Random): Buffer {
  const found = [...input.toString('latin1').matchAll(/\d{1,20}/g)];
  const one = found[random.below(found.length || 1)];
  return one ? replaced(input, one.index, one[0].length, Buffer.from(random.pick(numbers))) : input;
}

function withWord(input: Buffer, words: readonly string[], random: Random): Buffer {
  const word = Buffer.from(words[random.below(words.length || 1)] ?? '', 'utf8');
  const found = [...input.toString('latin1').matchAll(/[A-Za-z][\w.-]*/g)];
  const one = found[random.below(found.length || 1)];
  if (!one || random.oneIn(3)) return replaced(input, random.below(input.length + 1), 0, word);
  return replaced(input, one.index, one[0].length, word);
}

/** A slice many times over: what is more than linear shows. */
function inflated(input: Buffer, maxBytes: number, random: Random): Buffer {
  const from = random.below(input.length + 1);
  const slice = input.subarray(from, from + 1 + random.below(random.oneIn(2) ? 4 : 80));
  if (slice.length === 0) return input;
  const times = Math.floor((maxBytes - input.length) / slice.length / (1 + random.below(8)));
  return replaced(input, from, 0, Buffer.concat(Array.from({ length: Math.max(0, times) }, () => slice)));
}

interface Parts {
  readonly material: Material;
  readonly random: Random;
  readonly glue: string;
}

/** Whole lines, tokens or elements left out, doubled, exchanged, moved, or taken from another input. */
function withParts(input: Buffer, border: RegExp, { material, random, glue }: Parts): Buffer {
  const parts = input.toString('latin1').split(border);
  const at = random.below(parts.length);
  const other = random.below(parts.length);
  switch (random.below(6)) {
    case 0:
      parts.splice(at, 1 + random.below(2));
      break;
    case 1:
      parts.splice(other, 0, parts[at] ?? '');
      break;
    case 2:
      [parts[at], parts[other]] = [parts[other] ?? '', parts[at] ?? ''];
      break;
    case 3:
      parts.splice(other, 0, ...parts.splice(at, 1 + random.below(4)));
      break;
    case 4: {
      const foreign = kept(material, random).toString('latin1').split(border);
      parts.splice(at, random.below(2), foreign[random.below(foreign.length)] ?? '');
      break;
    }
    default:
      parts.splice(
        at,
        1,
        (parts[at] ?? '').toUpperCase() === parts[at] ? parts[at].toLowerCase() : (parts[at] ?? '').toUpperCase(),
      );
  }
  return Buffer.from(parts.join(glue), 'latin1');
}
