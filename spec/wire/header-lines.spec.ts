import { expect } from 'chai';
import { headerValue, parseHeaderLines, printHeaderLines } from '../../lib/wire/header-lines.js';
import { placeOfRefusal } from './refusal.js';

const parse = (text: string) => parseHeaderLines(Buffer.from(text), 'mime');

describe('header lines', () => {
  it('keep order, repetition and spelling; end with an empty line', () => {
    const text = 'B: 1\r\na:2\nB:\t 3 \r\n\r\nrest: x';
    const { lines, next } = parse(text);
    expect(lines).to.deep.equal([
      { name: 'B', value: '1' },
      { name: 'a', value: '2' },
      { name: 'B', value: '3' },
    ]);
    expect(text.slice(next)).to.equal('rest: x');
    expect(headerValue(lines, 'b')).to.equal('1');
    expect(headerValue(lines, 'c')).to.equal(undefined);
  });

  it('are unfolded (RFC 5322 §2.2.3)', () => {
    expect(parse('A: one\r\n two\n\t three \r\nB:\r\n four\r\nC: five\r\n \r\n\r\n').lines).to.deep.equal([
      { name: 'A', value: 'one two three' },
      { name: 'B', value: 'four' },
      { name: 'C', value: 'five' },
    ]);
  });

  it('may end with the text', () => {
    expect(parse('A: 1')).to.deep.equal({ lines: [{ name: 'A', value: '1' }], next: 4 });
    expect(parse('A: 1\r').lines).to.deep.equal([{ name: 'A', value: '1' }]);
    expect(parse('')).to.deep.equal({ lines: [], next: 0 });
    expect(parse('\r\nx')).to.deep.equal({ lines: [], next: 2 });
  });

  const refused = [
    'no colon',
    ': x',
    'A: 1\r\nB c: 2',
    'A: 1\rB: 2',
    'A: 1\r\n x\ry\r\n',
    'A\r: 1\n',
    'A: 1\r\n\u0000: 2',
  ];
  for (const text of refused)
    it(`refuses ${JSON.stringify(text)}`, () => expect(placeOfRefusal(() => parse(text))).to.match(/^line/));

  it('are limited', () => {
    expect(parse('A: 1\r\n'.repeat(100)).lines).to.have.length(100);
    expect(placeOfRefusal(() => parse('A: 1\r\n'.repeat(101)))).to.equal('line 101');
  });

  it('are read in linear time, however they are folded', () => {
    const { lines } = parse(`A:${'\n '.repeat(1_000_000)}x`);
    expect(lines).to.deep.equal([{ name: 'A', value: 'x' }]);
  });

  it('are printed with CRLF; no value breaks its line', () => {
    const lines = [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ];
    expect(printHeaderLines(lines, 'mime')).to.equal('A: 1\r\nB: 2\r\n');
    for (const evil of ['1\r\nC: 3', '1\nC: 3', '1\rC: 3']) {
      expect(placeOfRefusal(() => printHeaderLines([{ name: 'A', value: evil }], 'mime'))).to.equal('A');
    }
  });
});
