import { expect } from 'chai';
import type { Write } from '../../../lib/store/journal.js';
import { packBatch, unpackBatch } from '../../../lib/store/sqlite/batch.js';

const nothing: Write = { nowMs: 1, puts: [], removes: [], items: [], deletes: [], heads: [] };

const everything: Write = {
  nowMs: 1_790_000_000_000,
  puts: [
    { kind: 'inbound', key: 'a|b', text: '{"x":1}', expiresAtMs: 12, ifRevision: 0 },
    { kind: 'subscription', key: 'c', text: '"é\u0000😀"', expiresAtMs: undefined, ifRevision: undefined },
  ],
  removes: [{ kind: 'report', key: 'd' }],
  items: [{ seq: 7, queue: 'notify', lane: 's|b|u', id: 'i', enqueuedAtMs: 3, text: 'null' }],
  deletes: [5, 6],
  heads: [{ seq: 8, attempts: 2, dueAtMs: 0 }],
};

describe('a batch of writes on its way to the writing thread', () => {
  const cases: readonly (readonly [name: string, writes: readonly Write[]])[] = [
    ['none', []],
    ['one that changes nothing', [nothing]],
    ['every kind of change, with and without what may be absent', [everything]],
    ['several, in their order', [everything, nothing, { ...nothing, deletes: [9] }, everything]],
  ];
  for (const [name, writes] of cases) {
    it(`arrives as it was: ${name}`, () => {
      expect(unpackBatch(structuredClone(packBatch(writes)))).to.deep.equal(writes);
    });
  }
});
