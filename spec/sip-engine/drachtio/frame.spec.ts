import { expect } from 'chai';
import fc from 'fast-check';
import { FrameError, FrameReader, printFrame, type Frame } from '../../../lib/sip-engine/drachtio/frame.js';

const stream = Buffer.from('3#abc12#id|ping|größ5#\u20ac\r\n');
const payloads = ['abc', 'id|ping|grö', 'ß5#\u20ac'];

function texts(frames: readonly Frame[]): string[] {
  return frames.map((frame) =>
    frame.kind === 'frame' ? frame.payload.toString() : `oversize ${frame.bytes} ${frame.head.toString()}`,
  );
}

describe('drachtio frame', () => {
  it('counts bytes, not characters', () => {
    expect(printFrame('größe €').toString()).to.equal('11#größe €');
    expect(printFrame('id|sip\r\n', Buffer.from([0xc3, 0xa4, 0xff]))).to.deep.equal(
      Buffer.concat([Buffer.from('11#id|sip\r\n'), Buffer.from([0xc3, 0xa4, 0xff])]),
    );
  });

  it('reads frames back to back, cut at every byte', () => {
    const frames = Buffer.concat(payloads.map((text) => printFrame(text)));
    for (let cut = 0; cut <= frames.length; cut++) {
      const reader = new FrameReader(1024);
      const read = [...reader.push(frames.subarray(0, cut)), ...reader.push(frames.subarray(cut))];
      expect(texts(read)).to.deep.equal(payloads);
    }
  });

  it('reads frames byte by byte', () => {
    const reader = new FrameReader(1024);
    const frames = Buffer.concat(payloads.map((text) => printFrame(text)));
    expect(texts([...frames].flatMap((byte) => reader.push(Buffer.from([byte]))))).to.deep.equal(payloads);
  });

  it('gives back any payloads at any split', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 50 }),
        (parts, step) => {
          const bytes = Buffer.concat(parts.map((part) => printFrame('', part)));
          const reader = new FrameReader(256);
          const read: Frame[] = [];
          for (let at = 0; at < bytes.length; at += step) read.push(...reader.push(bytes.subarray(at, at + step)));
          expect(read).to.deep.equal(parts.map((part) => ({ kind: 'frame', payload: Buffer.from(part) })));
        },
      ),
    );
  });

  it('skips a payload above the limit, keeps its beginning and goes on with the next', () => {
    const big = `id-of-it|sip||\r\n${'x'.repeat(500)}`;
    const bytes = Buffer.concat([printFrame(big), printFrame('after')]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const reader = new FrameReader(100);
      const read = [...reader.push(bytes.subarray(0, cut)), ...reader.push(bytes.subarray(cut))];
      expect(texts(read)).to.deep.equal([`oversize ${big.length} ${big.slice(0, 64)}`, 'after']);
    }
  });

  it('takes a payload of exactly the limit', () => {
    expect(texts(new FrameReader(5).push(printFrame('12345')))).to.deep.equal(['12345']);
    expect(texts(new FrameReader(5).push(printFrame('123456')))).to.deep.equal(['oversize 6 123456']);
  });

  for (const [name, bytes] of [
    ['no digits', '#abc'],
    ['a length of zero', '0#'],
    ['a letter', '12a#'],
    ['a minus sign', '-5#abcde'],
    ['a space', ' 3#abc'],
    ['a length of eleven digits', '00000000003#abc'],
    ['what follows a length that was too short', stream.toString()],
  ] as const) {
    it(`refuses ${name}`, () => {
      expect(() => new FrameReader(1024).push(Buffer.from(bytes))).to.throw(FrameError);
    });
  }
});
