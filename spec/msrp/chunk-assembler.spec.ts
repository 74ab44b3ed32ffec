import { expect } from 'chai';
import fc from 'fast-check';
import { ChunkAssembler, type AssemblyLimits, type Assembled, type Chunk } from '../../lib/msrp/chunk-assembler.js';
import { FakeClock } from '../support/fake-clock.js';

const limits: AssemblyLimits = {
  maxMessageBytes: 1000,
  maxAssemblies: 3,
  maxAssemblyBytes: 100_000,
  maxChunksAhead: 4,
  assemblyTimeoutMs: 1000,
};

function house(some: Partial<AssemblyLimits> = {}) {
  const clock = new FakeClock();
  const budget = { usedBytes: 0 };
  const expired: string[] = [];
  const reached: string[] = [];
  const assembler = new ChunkAssembler(
    { ...limits, ...some },
    { clock, budget, onExpired: (id) => expired.push(id), onLimit: (limit) => reached.push(limit) },
  );
  return { assembler, budget, clock, expired, reached };
}

function chunk(start: number, text: string, flag: Chunk['flag'] = '+', some: Partial<Chunk> = {}): Chunk {
  const body = Buffer.from(text);
  const range = { start, end: start + body.length - 1, total: undefined };
  return { messageId: 'm', contentType: 'a/b', range, body, flag, ...some };
}

function contentOf(assembled: Assembled | undefined): string {
  if (assembled?.kind !== 'whole') throw new Error(JSON.stringify(assembled));
  return assembled.content.toString();
}

describe('chunk assembler [IWF-1310]', () => {
  it('hands on a message of one chunk without copying it', () => {
    const one = chunk(1, 'hello', '$');
    const assembled = house().assembler.take(one);
    expect(assembled.kind === 'whole' && assembled.content).to.equal(one.body);
  });

  const orders: readonly [name: string, chunks: readonly Chunk[]][] = [
    ['in order', [chunk(1, 'ab'), chunk(3, 'cd'), chunk(5, 'ef', '$')]],
    ['backwards', [chunk(5, 'ef', '$'), chunk(3, 'cd'), chunk(1, 'ab')]],
    ['the last before the middle', [chunk(1, 'ab'), chunk(5, 'ef', '$'), chunk(3, 'cd')]],
    ['overlapping', [chunk(1, 'abXX'), chunk(3, 'cdX'), chunk(5, 'ef', '$')]],
    ['overlapping ahead of a gap', [chunk(4, 'def', '$'), chunk(3, 'cde'), chunk(1, 'ab')]],
    ['a chunk twice', [chunk(1, 'ab'), chunk(1, 'ab'), chunk(3, 'cdef', '$')]],
    ['an empty last chunk', [chunk(1, 'abcdef'), chunk(7, '', '$')]],
    ['the type in one chunk alone', [chunk(1, 'ab', '+', { contentType: undefined }), chunk(3, 'cdef', '$')]],
  ];
  for (const [name, chunks] of orders) {
    it(name, () => {
      const { assembler, budget, clock } = house();
      const results = chunks.map((one) => assembler.take(one));
      expect(results.slice(0, -1).every(({ kind }) => kind === 'more')).to.be.true;
      expect(contentOf(results.at(-1))).to.equal('abcdef');
      expect([assembler.size, budget.usedBytes, clock.pending]).to.deep.equal([0, 0, 0]);
    });
  }

  it('a long chunk ahead of a short one', () => {
    const { assembler } = house({ maxMessageBytes: 100_000 });
    const long = 'b'.repeat(30_000);
    assembler.take(chunk(2001, long, '$'));
    expect(contentOf(assembler.take(chunk(1, 'a'.repeat(2000))))).to.equal('a'.repeat(2000) + long);
  });

  it('refuses the later chunks of each message that it has refused, up to its end', () => {
    const { assembler } = house();
    const too = (messageId: string, flag: Chunk['flag']): string =>
      assembler.take(chunk(1, 'x'.repeat(flag === '+' ? 2000 : 1), flag, { messageId })).kind;
    expect([too('m', '+'), too('n', '+')]).to.deep.equal(['refused', 'refused']);
    const late = ['m', 'n', 'm', 'n'].map((messageId) => assembler.take(chunk(3, 'late', '+', { messageId })).kind);
    expect(late).to.deep.equal(['refused', 'refused', 'refused', 'refused']);
    expect([too('m', '$'), too('n', '$')], 'the last chunks').to.deep.equal(['refused', 'refused']);
    expect([too('m', '$'), too('n', '$')], 'new ones').to.deep.equal(['whole', 'whole']);
  });

  it('takes a complete message whatever total it declares (seen: 104 for 110)', () => {
    const { assembler } = house();
    expect(contentOf(assembler.take(chunk(1, 'abcdef', '$', { range: { start: 1, end: 6, total: 4 } })))).to.equal(
      'abcdef',
    );
    assembler.take(chunk(1, 'abc', '+', { range: { start: 1, end: undefined, total: 9 } }));
    expect(contentOf(assembler.take(chunk(4, 'def', '$', { range: { start: 4, end: 6, total: 9 } })))).to.equal(
      'abcdef',
    );
  });

  it('keeps messages apart by their Message-ID', () => {
    const { assembler } = house();
    assembler.take(chunk(1, 'ab'));
    assembler.take(chunk(1, 'AB', '+', { messageId: 'n' }));
    expect(contentOf(assembler.take(chunk(3, 'CD', '$', { messageId: 'n' })))).to.equal('ABCD');
    expect(contentOf(assembler.take(chunk(3, 'cd', '$')))).to.equal('abcd');
  });

  it('forgets a message that is given up', () => {
    const { assembler, budget } = house();
    assembler.take(chunk(1, 'ab'));
    expect(assembler.take(chunk(3, 'c', '#')).kind).to.equal('aborted');
    expect([assembler.size, budget.usedBytes]).to.deep.equal([0, 0]);
  });

  it('wants a Content-Type', () => {
    expect(house().assembler.take(chunk(1, 'ab', '$', { contentType: undefined }))).to.deep.include({
      kind: 'refused',
      status: 400,
    });
  });

  describe('limits', () => {
    it('octets of a message: what comes, and what is declared', () => {
      const { assembler, budget } = house();
      expect(assembler.take(chunk(1, 'x'.repeat(1001), '$'))).to.deep.include({ status: 413 });
      expect(assembler.take(chunk(1, 'x', '$', { range: { start: 1, end: 1, total: 1001 } }))).to.deep.include({
        status: 413,
      });
      assembler.take(chunk(1, 'x'.repeat(999)));
      expect(assembler.take(chunk(1000, 'xx'))).to.deep.include({ status: 413 });
      expect(assembler.take(chunk(1002, 'xx')), 'the chunks that follow').to.deep.include({ status: 413 });
      expect(assembler.take(chunk(1004, 'xx', '$'))).to.deep.include({ status: 413 });
      expect(assembler.take(chunk(1, 'x'.repeat(1000), '$')).kind, 'the same id again').to.equal('whole');
      expect(budget.usedBytes).to.equal(0);
    });

    it('messages at once', () => {
      const { assembler } = house();
      for (const messageId of ['a', 'b', 'c']) assembler.take(chunk(1, 'x', '+', { messageId }));
      expect(assembler.take(chunk(1, 'x', '+', { messageId: 'd' }))).to.deep.include({ status: 408 });
      expect(assembler.take(chunk(1, 'x', '$', { messageId: 'e' })).kind, 'whole in one chunk').to.equal('whole');
      expect(assembler.size).to.equal(3);
    });

    it('chunks ahead of a gap', () => {
      const { assembler } = house();
      for (let n = 0; n < 4; n++) expect(assembler.take(chunk(10 + 2 * n, 'x')).kind).to.equal('more');
      expect(assembler.take(chunk(30, 'x'))).to.deep.include({ status: 413 });
    });

    it('octets of all sessions together', () => {
      const { assembler, budget } = house({ maxAssemblyBytes: 8192 });
      expect(assembler.take(chunk(1, 'x')).kind).to.equal('more');
      expect(assembler.take(chunk(1, 'x', '+', { messageId: 'n' }))).to.deep.include({ status: 408 });
      expect(budget.usedBytes).to.equal(8192);
    });

    it('time after the last chunk', async () => {
      const { assembler, budget, clock, expired } = house();
      assembler.take(chunk(1, 'ab'));
      await clock.advance(900);
      assembler.take(chunk(3, 'cd'));
      await clock.advance(900);
      expect(expired).to.deep.equal([]);
      await clock.advance(100);
      expect(expired).to.deep.equal(['m']);
      expect([assembler.size, budget.usedBytes]).to.deep.equal([0, 0]);
    });

    it('remembered refusals', () => {
      const { assembler } = house();
      for (let n = 0; n < 40; n++) {
        expect(assembler.take(chunk(1, 'x'.repeat(1001), '+', { messageId: `m${n}` }))).to.deep.include({
          status: 413,
        });
      }
      expect(assembler.take(chunk(2, 'x', '+', { messageId: 'm0' })).kind).to.equal('more');
      expect(assembler.take(chunk(2, 'x', '+', { messageId: 'm39' })).kind).to.equal('refused');
    });
  });

  it('closing frees everything', () => {
    const { assembler, budget, clock } = house();
    assembler.take(chunk(1, 'ab'));
    assembler.take(chunk(9, 'ab', '+', { messageId: 'n' }));
    assembler.close();
    expect([assembler.size, budget.usedBytes, clock.pending]).to.deep.equal([0, 0, 0]);
  });

  it('any content, cut and shuffled in any way, comes out the same', () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(pieces, fc.infiniteStream(fc.nat()), (parts, numbers) => {
        let start = 1;
        const chunks = parts.map((part, index): Chunk => {
          const body = Buffer.from(part);
          const made = chunk(start, '', index === parts.length - 1 ? '$' : '+', {
            body,
            range: { start, end: undefined, total: undefined },
          });
          start += body.length;
          return made;
        });
        const keyed = chunks.map((one) => ({ one, key: numbers.next().value as number }));
        const shuffled = keyed.sort((a, b) => a.key - b.key).map(({ one }) => one);
        const { assembler } = house({ maxChunksAhead: 12 });
        const results = shuffled.map((one) => assembler.take(one));
        const whole = results.at(-1);
        expect(whole?.kind === 'whole' && whole.content.equals(Buffer.concat(parts))).to.be.true;
      }),
    );
  });
});
