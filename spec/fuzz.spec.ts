import { expect } from 'chai';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { corpusOf } from '../scripts/fuzz/corpus.js';
import { makeInput } from '../scripts/fuzz/mutate.js';
import { randomOf } from '../scripts/fuzz/random.js';
import { type Finding, fuzz } from '../scripts/fuzz/run.js';
import { Broken, type Target } from '../scripts/fuzz/target.js';
import { targets } from '../scripts/fuzz/targets.js';

/** Few, always the same: `npm run fuzz` has millions. */
const count = 100;

describe('hostile inputs, a few of each kind', () => {
  for (const target of targets) {
    it(`${target.name}: no crash, no hang, no error but its own`, () => {
      const findings: Finding[] = [];
      const corpus = corpusOf(target);
      expect(corpus, 'good inputs').not.to.be.empty;
      const { inputs } = fuzz(target, {
        count,
        seed: 1,
        corpus,
        memory: false,
        onFinding: (one) => findings.push(one),
      });
      expect(findings.map(({ kind, text, input }) => `${kind}: ${text}: ${input.toString('base64')}`)).to.be.empty;
      expect(inputs).to.equal(count);
    });
  }
});

describe('the fuzzer itself', () => {
  const about: Omit<Target, 'run'> = {
    name: 'broken',
    shape: 'tokens',
    words: [],
    seeds: ['a;b'],
    fixtures: [],
    mayThrow: (error) => error instanceof RangeError,
  };
  const kindsOf = (run: Target['run'], count = 10): string[] => {
    const kinds: string[] = [];
    const onFinding = ({ kind }: Finding): void => void kinds.push(kind);
    fuzz({ ...about, run }, { count, seed: 1, corpus: [Buffer.from('a;b')], memory: false, onFinding });
    return [...new Set(kinds)];
  };

  it('makes the same inputs of the same seed, and others of another', () => {
    const material = {
      shape: 'json',
      words: ['x'],
      corpus: [Buffer.from('{"a":[1,{"b":"c"}]}')],
      maxBytes: 1000,
    } as const;
    const of = (seed: number): string[] =>
      Array.from({ length: 50 }, (_, i) => makeInput(material, randomOf(seed, i)).toString('hex'));
    expect(of(7)).to.deep.equal(of(7));
    expect(of(7)).not.to.deep.equal(of(8));
    expect(Math.max(...of(7).map((hex) => hex.length / 2))).to.be.at.most(1000);
  });

  it('finds a wrong error and a broken promise, and takes an error of the parser for none', () => {
    const throwing = (error: Error) => () => {
      throw error;
    };
    expect(kindsOf(throwing(new TypeError('bug')))).to.deep.equal(['wrong error']);
    expect(kindsOf(throwing(new Broken('promise')))).to.deep.equal(['wrong error']);
    expect(kindsOf(throwing(new RangeError('its own')))).to.deep.equal([]);
  });

  it('finds what takes too long', () => {
    const busy = (): void => {
      const from = process.cpuUsage();
      for (let spent = { user: 0, system: 0 }; spent.user + spent.system < 80_000;) spent = process.cpuUsage(from);
    };
    expect(kindsOf(busy, 0)).to.include('too slow');
  });

  it('finds what stays in memory', async () => {
    // Looked at in a thread of its own: its heap is small, so that collecting its garbage takes no time.
    const thread = new Worker(new URL('support/leaking-target.js', import.meta.url));
    const [kinds] = (await once(thread, 'message')) as [readonly string[]];
    expect(kinds).to.deep.equal(['memory grows']);
  });
});
