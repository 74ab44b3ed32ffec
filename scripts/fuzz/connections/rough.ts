/** What makes an honest sequence hostile: steps out of order, octets spoilt, writes cut or joined, connections left in the midst. */
import { makeInput, type Shape } from '../mutate.js';
import type { Random } from '../random.js';
import { leave, type Step } from './script.js';

export interface Roughness {
  readonly shape: Shape;
  readonly words: readonly string[];
  readonly maxBytes: number;
}

type Send = Step & { readonly kind: 'send' };

const maxPieces = 12;
/** What is spoilt may never be answered. */
const hurriedMs = 30;

/** Mostly as it was: what is deep inside is reached by those who begin well. */
export function disordered(steps: readonly Step[], random: Random): readonly Step[] {
  const list = [...steps];
  for (let changes = random.oneIn(3) ? 1 + random.below(3) : 0; changes > 0; changes--) {
    const at = random.below(list.length || 1);
    const other = random.below(list.length || 1);
    const [from, to] = [list[at], list[other]];
    if (!from || !to) continue;
    if (random.oneIn(3)) list.splice(at, 1);
    else if (random.oneIn(2)) list.splice(other, 0, from);
    else [list[at], list[other]] = [to, from];
  }
  return list;
}

export function roughened(steps: readonly Step[], how: Roughness, random: Random): readonly Step[] {
  const rough: Step[] = [];
  let hurried = false;
  for (const step of steps) {
    if (step.kind !== 'send') {
      rough.push(step.kind === 'await' && hurried ? { ...step, ms: Math.min(step.ms, hurriedMs) } : step);
      continue;
    }
    const before = rough.at(-1);
    hurried = random.oneIn(5);
    const said = hurried ? spoilt(step, how, random) : step;
    if (before?.kind === 'send' && before.line === said.line && random.oneIn(3))
      rough.splice(-1, 1, joined(before, said));
    else rough.push(random.oneIn(6) ? cut(said, random) : said);
    if (random.oneIn(24)) rough.push(...leftInTheMidst(said, random));
  }
  return rough;
}

export function spoiltText(text: string, { shape, words, maxBytes }: Roughness, random: Random): string {
  return makeInput({ shape, words, maxBytes, corpus: [Buffer.from(text, 'latin1')] }, random).toString('latin1');
}

function spoilt(step: Send, how: Roughness, random: Random): Send {
  return { ...step, pieces: step.pieces.map((piece) => spoiltText(piece, how, random)) };
}

/** As pipelined requests come. */
function joined(first: Send, second: Send): Send {
  return { ...first, pieces: [first.pieces.join('') + second.pieces.join('')] };
}

function cut(step: Send, random: Random): Send {
  const text = step.pieces.join('');
  const places = Array.from({ length: 1 + random.below(maxPieces - 1) }, () => random.below(text.length + 1));
  const borders = [0, ...places.sort((a, b) => a - b), text.length];
  return { ...step, pieces: borders.slice(1).map((end, at) => text.slice(borders[at], end)) };
}

/** Half of it said, or all, and gone. */
function leftInTheMidst(step: Send, random: Random): readonly Step[] {
  const text = step.pieces.join('');
  const half: Send = { ...step, pieces: [text.slice(0, random.below(text.length + 1))] };
  const gone = leave(step.line, random.pick(['end', 'reset', 'close', 'forget'] as const));
  return random.oneIn(2) ? [half, gone] : [gone];
}
