/** Bodies as phones and platforms send them, good and spoilt: the same that the parsers' targets begin with. */
import { corpusOf } from '../corpus.js';
import { makeInput } from '../mutate.js';
import type { Random } from '../random.js';
import type { Target } from '../target.js';
import { targets } from '../targets.js';

interface Known {
  readonly target: Target;
  readonly corpus: readonly Buffer[];
}

const known = new Map<string, Known>();

function knownAs(name: string): Known {
  const found = known.get(name) ?? readKnown(name);
  known.set(name, found);
  return found;
}

function readKnown(name: string): Known {
  const target = targets.find((one) => one.name === name);
  if (!target) throw new Error(`no such target: ${name}`);
  return { target, corpus: corpusOf(target).filter(({ length }) => length <= maxBytes) };
}

const maxBytes = 8192;

/** One of the good inputs of a parser's target, octets as latin1; one in three is spoilt. */
export function contentOf(name: string, random: Random): string {
  const { target, corpus } = knownAs(name);
  const { shape, words } = target;
  const bytes = random.oneIn(3) ? makeInput({ shape, words, corpus, maxBytes }, random) : random.pick(corpus);
  return bytes.toString('latin1');
}

export function wordsOf(...names: readonly string[]): readonly string[] {
  return names.flatMap((name) => knownAs(name).target.words);
}

/** A message in CPIM with an id of its own, that asks for receipts or not. */
export function cpimMessage(random: Random): string {
  const [type, content] = random.pick(messageKinds)(random);
  const id = random.oneIn(8) ? 'same' : `{{nonce}}-${random.below(1e6)}`;
  return [
    'From: <sip:anonymous@anonymous.invalid>',
    'To: <sip:anonymous@anonymous.invalid>',
    'NS: imdn <urn:ietf:params:imdn>',
    `imdn.Message-ID: ${id}`,
    'DateTime: 2026-11-22T10:00:00Z',
    ...(random.oneIn(2) ? ['imdn.Disposition-Notification: positive-delivery, negative-delivery, display'] : []),
    '',
    `Content-Type: ${type}`,
    ...(type.startsWith('message/imdn') ? ['Content-Disposition: notification'] : []),
    '',
    content,
  ].join('\r\n');
}

type MessageKind = (random: Random) => readonly [type: string, content: string];

const messageKinds: readonly MessageKind[] = [
  (random) => ['text/plain;charset=UTF-8', 'x'.repeat(1 + random.below(random.oneIn(20) ? 20_000 : 200))],
  () => ['text/plain', 'hello {{nonce}}'],
  (random) => ['message/imdn+xml', contentOf('imdn', random)],
  (random) => ['application/im-iscomposing+xml', contentOf('is-composing', random)],
  (random) => ['application/vnd.gsma.rcs-ft-http+xml', contentOf('file-transfer-http', random)],
  (random) => ['application/vnd.gsma.rcsrevoke+xml', contentOf('revoke', random)],
  (random) => ['application/vnd.gsma.rcsspam-report+xml', contentOf('spam-report', random)],
  (random) => ['application/vnd.gsma.rcs.rcsprivacy+xml', contentOf('privacy', random)],
  (random) => ['application/vnd.gsma.botsuggestion.response.v1.0+json', contentOf('rest-json', random)],
  (random) => [contentOf('media-type', random).split(/[\r\n]/)[0] ?? '', contentOf('body', random)],
];
