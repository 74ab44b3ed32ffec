import { expect } from 'chai';
import fc from 'fast-check';
import { boundaryOf, freeBoundary, parseMultipart, partContentType, printMultipart } from '../../lib/wire/multipart.js';
import { fixture, fixtures } from './fixtures.js';
import { placeOfRefusal } from './refusal.js';

const contents = (name: string) =>
  parseMultipart(fixture(`multipart/${name}`), 'next').map((p) => p.content.toString());

describe('multipart', () => {
  for (const [name, bytes] of fixtures('multipart/canonical')) {
    it(`${name}: parse and print give the same bytes`, () => {
      expect(printMultipart(parseMultipart(bytes, 'next'), 'next')).to.deep.equal(bytes);
    });
  }

  it('reads the example of RFC 2046 §5.1.1, without preamble and epilogue', () => {
    const parts = parseMultipart(fixture('multipart/tolerated/rfc2046-5.1.1.bin'), 'next');
    expect(parts.map((part) => part.content.toString())).to.deep.equal([
      'This is implicitly typed plain US-ASCII text.\r\nIt does NOT end with a linebreak.',
      'This is explicitly typed plain US-ASCII text.\r\nIt DOES end with a linebreak.\r\n',
    ]);
    expect(parts.map(partContentType)).to.deep.equal(['text/plain', 'text/plain; charset=us-ascii']);
  });

  it('takes bare LF, and blanks behind a boundary', () => {
    expect(contents('tolerated/bare-lf.bin')).to.deep.equal(['one', 'two']);
  });

  it('takes no line for a boundary that only looks like one', () => {
    expect(contents('tolerated/lookalikes.bin')).to.deep.equal(['--nextdoor\r\n a --next\r\n--next-- not']);
  });

  it('takes a part of headers alone', () => {
    expect(contents('tolerated/headers-alone.bin')).to.deep.equal(['']);
  });

  const places: Readonly<Record<string, string>> = {
    'no-part.bin': 'body',
    'only-closed.bin': 'body',
    'truncated.bin': 'byte 8',
    'bad-header.bin': 'line 1',
  };
  for (const [name, bytes] of fixtures('multipart/invalid')) {
    it(`${name}: refused at ${places[name] ?? '?'}`, () => {
      expect(placeOfRefusal(() => parseMultipart(bytes, 'next'))).to.equal(places[name]);
    });
  }

  it('refuses part headers that are not UTF-8', () => {
    const body = Buffer.from('--next\r\nA: \xff\r\n\r\n--next--', 'latin1');
    expect(placeOfRefusal(() => parseMultipart(body, 'next'))).to.equal('headers');
  });

  it('limits parts and the headers of a part', () => {
    const body = fixture('multipart/canonical/suggestions.bin');
    const limits = { maxParts: 2, maxHeaderBytes: 100 };
    expect(parseMultipart(body, 'next', limits)).to.have.length(2);
    expect(placeOfRefusal(() => parseMultipart(body, 'next', { ...limits, maxParts: 1 }))).to.match(/^byte/);
    expect(placeOfRefusal(() => parseMultipart(body, 'next', { ...limits, maxHeaderBytes: 10 }))).to.equal('headers');
  });

  it('limits the headers of a part alone, not its content', () => {
    const content = 'x'.repeat(200);
    const body = Buffer.from(`--next\r\nContent-Type: text/plain\r\n\r\n${content}\r\n--next--`);
    const [part] = parseMultipart(body, 'next', { maxParts: 1, maxHeaderBytes: 100 });
    expect(part?.content.toString()).to.equal(content);
  });

  it('finds the boundary in the Content-Type', () => {
    expect(boundaryOf('multipart/mixed; boundary="a b"')).to.equal('a b');
    for (const bad of [
      'multipart/mixed',
      'multipart/mixed;boundary=""',
      `multipart/mixed;boundary=${'x'.repeat(71)}`,
    ]) {
      expect(
        placeOfRefusal(() => boundaryOf(bad)),
        bad,
      ).to.equal('boundary');
    }
  });

  it('prints no boundary that occurs in a part, and finds one that does not', () => {
    const parts = [{ headers: [], content: Buffer.from('a\r\n--next\r\n--next-00000000') }];
    expect(placeOfRefusal(() => printMultipart(parts, 'next'))).to.equal('boundary');
    const boundary = freeBoundary(parts, 'next');
    expect(boundary).to.equal('next-00000001');
    expect(freeBoundary(parts, 'other')).to.equal('other');
    expect(parseMultipart(printMultipart(parts, boundary), boundary)).to.deep.equal(parts);
  });

  it('lets no part header break its line', () => {
    const parts = [{ headers: [{ name: 'Content-Type', value: 'a\r\nEvil: 1' }], content: Buffer.alloc(0) }];
    expect(placeOfRefusal(() => printMultipart(parts, 'next'))).to.equal('Content-Type');
  });

  it('round trip', () => {
    const part = fc.record({
      headers: fc.constantFrom([], [{ name: 'Content-Type', value: 'image/png' }]),
      content: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        const read = parseMultipart(printMultipart(parts, 'b'), 'b');
        expect(read.map((p) => [p.headers, p.content.toString('hex')])).to.deep.equal(
          parts.map((p) => [p.headers, p.content.toString('hex')]),
        );
      }),
    );
  });
});
