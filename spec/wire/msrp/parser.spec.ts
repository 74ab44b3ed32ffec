import { expect } from 'chai';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DecodeError } from '../../../lib/wire/decode-error.js';
import { headerOf, printFrame, type Frame } from '../../../lib/wire/msrp/frame.js';
import { FrameParser } from '../../../lib/wire/msrp/parser.js';

const limits = { maxHeaderBytes: 4096, maxHeaders: 32, maxBodyBytes: 4096 };

function fixtures(folder: string): readonly { name: string; bytes: Buffer }[] {
  const at = join('spec', 'fixtures', 'msrp', folder);
  return readdirSync(at).map((name) => ({ name, bytes: readFileSync(join(at, name)) }));
}

function parseOne(bytes: Buffer): Frame {
  const frames = new FrameParser(limits).push(bytes);
  expect(frames).to.have.length(1);
  return frames[0]!;
}

function pushAll(parser: FrameParser, pieces: readonly Buffer[]): Frame[] {
  return pieces.flatMap((piece) => parser.push(piece));
}

function send(transactionId: string, body: string | Buffer): Buffer {
  return printFrame({
    kind: 'request',
    method: 'SEND',
    transactionId,
    toPath: 'msrp://a:1/x;tcp',
    fromPath: 'msrp://b:2/y;tcp',
    headers: [['Message-ID', transactionId]],
    body: Buffer.from(body),
    flag: '$',
  });
}

describe('MSRP frame parser', () => {
  describe('a valid frame, parsed and printed, is the same octets', () => {
    for (const { name, bytes } of fixtures('valid')) {
      it(name, () => expect(printFrame(parseOne(bytes)).equals(bytes)).to.be.true);
    }
  });

  describe('a tolerated frame is read, and printed canonically', () => {
    for (const { name, bytes } of fixtures('tolerated')) {
      it(name, () => {
        const again = printFrame(parseOne(bytes));
        expect(printFrame(parseOne(again)).equals(again)).to.be.true;
      });
    }
  });

  describe('what is not MSRP is a DecodeError', () => {
    for (const { name, bytes } of fixtures('invalid')) {
      it(name, () => expect(() => new FrameParser(limits).push(bytes)).to.throw(DecodeError, /^msrp: /));
    }
  });

  it('reads the fields of a SEND', () => {
    const frame = parseOne(readFileSync('spec/fixtures/msrp/valid/rfc4975-send.msrp'));
    expect(frame).to.deep.include({
      kind: 'request',
      method: 'SEND',
      transactionId: 'a786hjs2',
      toPath: 'msrp://bob.example.com:8888/9di4eae923wzd;tcp',
      fromPath: 'msrp://alicepc.example.com:7777/iau39soe2843z;tcp',
      flag: '$',
    });
    expect(headerOf(frame, 'message-id')).to.equal('87652491');
    expect(headerOf(frame, 'Use-Path')).to.equal(undefined);
    expect(frame.kind === 'request' && frame.body?.toString()).to.equal('Hey Bob, are you there?\r\n');
  });

  it('knows the paths by their names, in any case and order; the first of each counts', () => {
    const head = 'Expires: 1\r\nSent-Date: 2\r\nfrom-path: msrp://b:2/y;tcp\r\nto-path: msrp://a:1/x;tcp\r\n';
    const frame = parseOne(Buffer.from(`MSRP abcd SEND\r\n${head}From-Path: msrp://evil:3/z;tcp\r\n-------abcd$\r\n`));
    expect(frame).to.include({ toPath: 'msrp://a:1/x;tcp', fromPath: 'msrp://b:2/y;tcp' });
    expect(headerOf(frame, 'Expires')).to.equal('1');
  });

  it('takes no blank around a value as part of it', () => {
    const paths = 'To-Path:msrp://a:1/x;tcp\r\nFrom-Path:\tmsrp://b:2/y;tcp\t\r\n';
    const frame = parseOne(Buffer.from(`MSRP abcd SEND\r\n${paths}Message-ID:  1 \r\nX: a\t\r\n-------abcd$\r\n`));
    expect(frame).to.deep.include({ toPath: 'msrp://a:1/x;tcp', fromPath: 'msrp://b:2/y;tcp' });
    expect([headerOf(frame, 'Message-ID'), headerOf(frame, 'X')]).to.deep.equal(['1', 'a']);
  });

  it('reads a comment as UTF-8, and headers octet for octet', () => {
    const frame = parseOne(readFileSync('spec/fixtures/msrp/valid/response-utf8-comment.msrp'));
    expect(frame).to.deep.include({ kind: 'response', status: 403, comment: 'Não permitido' });
  });

  it('tells a request without body from one with an empty body', () => {
    const without = parseOne(readFileSync('spec/fixtures/msrp/valid/binding-send.msrp'));
    const empty = parseOne(readFileSync('spec/fixtures/msrp/valid/empty-body.msrp'));
    expect(without.kind === 'request' && without.body).to.equal(undefined);
    expect(empty.kind === 'request' && empty.body?.length).to.equal(0);
  });

  it('gives the same frames wherever the octets are cut [IWF-1806]', () => {
    const stream = Buffer.concat(fixtures('valid').map(({ bytes }) => bytes));
    const whole = new FrameParser(limits).push(stream);
    for (let cut = 0; cut <= stream.length; cut++) {
      const parser = new FrameParser(limits);
      const frames = pushAll(parser, [stream.subarray(0, cut), stream.subarray(cut)]);
      expect(Buffer.concat(frames.map(printFrame)).equals(stream), `cut at ${cut}`).to.be.true;
      expect(parser.heldBytes).to.equal(0);
    }
    expect(whole).to.have.length(fixtures('valid').length);
  });

  it('gives the same frames octet by octet, in time linear to their number', () => {
    const stream = send('long', Buffer.alloc(300_000, 'x'));
    const parser = new FrameParser({ ...limits, maxBodyBytes: 400_000 });
    const frames: Frame[] = [];
    for (let at = 0; at < stream.length; at++) frames.push(...parser.push(stream.subarray(at, at + 1)));
    expect(printFrame(frames[0]!).equals(stream)).to.be.true;
  });

  it('keeps bodies handed out unharmed by what comes later', () => {
    const parser = new FrameParser(limits);
    const one = send('one1', 'first');
    const two = send('two2', 'second');
    const frames = pushAll(parser, [one.subarray(0, 20), Buffer.concat([one.subarray(20), two.subarray(0, 90)])]);
    frames.push(...pushAll(parser, [two.subarray(90), send('thr3', 'third')]));
    expect(frames.map((f) => (f.kind === 'request' ? f.body?.toString() : ''))).to.deep.equal([
      'first',
      'second',
      'third',
    ]);
  });

  it('passes over empty lines between frames, however they are cut, and nothing else', () => {
    const bytes = Buffer.concat(
      ['\r\n', send('one1', 'x'), '\r\n\r\n', send('two2', '\r\n'), '\r\n'].map((each) => Buffer.from(each)),
    );
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const parser = new FrameParser(limits);
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, i * size + size),
      );
      const frames = pushAll(parser, pieces);
      expect(
        frames.map((f) => (f.kind === 'request' ? f.body?.toString() : '')),
        `by ${size}`,
      ).to.deep.equal(['x', '\r\n']);
      expect(parser.heldBytes).to.equal(0);
    }
    for (const other of ['\n', '\r\r', '\rM', '\r\n ', '\0'])
      expect(() => new FrameParser(limits).push(Buffer.from(other)), JSON.stringify(other)).to.throw(DecodeError);
  });

  it('returns the frames before garbage, and throws on the next push', () => {
    const parser = new FrameParser(limits);
    expect(parser.push(Buffer.concat([send('good', 'x'), Buffer.from('GARBAGE')]))).to.have.length(1);
    expect(parser.failure).to.be.instanceOf(DecodeError);
    expect(() => parser.push(send('more', 'x'))).to.throw(DecodeError);
  });

  describe('limits', () => {
    const oneLine = (value: string) => Buffer.from(`MSRP abcd SEND\r\nTo-Path: ${value}`);

    it('octets of the headers, whole or still coming', () => {
      expect(() => new FrameParser({ ...limits, maxHeaderBytes: 100 }).push(oneLine('x'.repeat(100)))).to.throw(
        /too long/,
      );
      expect(() => new FrameParser({ ...limits, maxHeaderBytes: 100 }).push(send('abcd', ''))).not.to.throw();
      expect(() => new FrameParser({ ...limits, maxHeaderBytes: 60 }).push(send('abcd', ''))).to.throw(/too long/);
    });

    it('number of headers', () => {
      const frame = send('abcd', '');
      expect(() => new FrameParser({ ...limits, maxHeaders: 3 }).push(frame)).not.to.throw();
      expect(() => new FrameParser({ ...limits, maxHeaders: 2 }).push(frame)).to.throw(/too many/);
    });

    it('room for all: a body that is let go is read to its end, its request told from others, the next frame whole', () => {
      const stream = Buffer.concat([send('gone', 'x'.repeat(3000)), send('next', 'y')]);
      const parser = new FrameParser(limits);
      expect(parser.passOver()).to.equal(false);
      expect(parser.push(stream.subarray(0, 60))).to.deep.equal([]);
      expect(parser.passOver(), 'in the head').to.equal(false);
      expect(parser.push(stream.subarray(60, 2000))).to.deep.equal([]);
      expect(parser.heldBytes).to.be.above(1000);
      expect(parser.passOver()).to.equal(true);
      expect(parser.heldBytes).to.be.below(100);
      const frames = parser.push(stream.subarray(2000));
      expect(
        frames.map((f) => f.kind === 'request' && [f.transactionId, f.noRoom, f.oversized, f.body?.length]),
      ).to.deep.equal([
        ['gone', true, undefined, undefined],
        ['next', undefined, undefined, 1],
      ]);
      expect(parser.heldBytes).to.equal(0);
    });

    it('octets of the body: a longer one is passed over, the next frame is read', () => {
      const stream = Buffer.concat([send('long', 'x'.repeat(5000)), send('next', 'y'.repeat(4096))]);
      for (const size of [1, 7, 1000, stream.length]) {
        const parser = new FrameParser(limits);
        const frames: Frame[] = [];
        for (let at = 0; at < stream.length; at += size) {
          frames.push(...parser.push(stream.subarray(at, at + size)));
          expect(parser.heldBytes).to.be.below(4096 + 200);
        }
        expect(frames.map((f) => f.kind === 'request' && [f.transactionId, f.oversized, f.body?.length])).to.deep.equal(
          [
            ['long', true, undefined],
            ['next', undefined, 4096],
          ],
        );
      }
    });
  });

  it('octets changed at random give frames or a DecodeError, nothing else [IWF-1619]', () => {
    const stream = Buffer.concat(fixtures('valid').map(({ bytes }) => bytes));
    const changes = fc.array(fc.tuple(fc.nat(stream.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(changes, fc.integer({ min: 1, max: 500 }), (changed, size) => {
        const hostile = Buffer.from(stream);
        for (const [at, octet] of changed) hostile[at] = octet;
        const parser = new FrameParser(limits);
        try {
          for (let at = 0; at < hostile.length; at += size) {
            for (const frame of parser.push(hostile.subarray(at, at + size))) printFrame(frame);
          }
        } catch (error) {
          expect(error).to.be.instanceOf(DecodeError);
          expect(error).to.equal(parser.failure);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('round trip of any frame in any pieces', () => {
    const token = fc.stringMatching(/^[0-9A-Za-z][0-9A-Za-z.\-+%=]{3,31}$/);
    const value = fc.stringMatching(/^[!-~]([ -~]{0,30}[!-~])?$/);
    const frame: fc.Arbitrary<Frame> = fc.record({
      kind: fc.constant('request' as const),
      method: fc.constantFrom('SEND', 'REPORT', 'AUTH'),
      transactionId: token,
      toPath: value,
      fromPath: value,
      headers: fc.array(fc.tuple(fc.constantFrom('Message-ID', 'X-A', 'Byte-Range'), value), { maxLength: 5 }),
      body: fc.option(
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        { nil: undefined },
      ),
      flag: fc.constantFrom('$' as const, '+' as const, '#' as const),
    });
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 60 }), (frames, size) => {
        const stream = Buffer.concat(frames.map(printFrame));
        const parser = new FrameParser(limits);
        const out: Frame[] = [];
        for (let at = 0; at < stream.length; at += size) out.push(...parser.push(stream.subarray(at, at + size)));
        expect(out).to.deep.equal(frames);
      }),
      { numRuns: 300 },
    );
  });
});

describe('MSRP frame printer', () => {
  it('writes headers octet for octet, beside a body too', () => {
    const octets = Buffer.from('attachment; filename="não.txt"').toString('latin1');
    const base = parseOne(send('abcd', 'x'));
    const frame: Frame = { ...base, headers: [['Content-Disposition', octets]] };
    expect(parseOne(printFrame(frame))).to.deep.equal(frame);
  });

  it('refuses a value that would break its line', () => {
    const base = parseOne(readFileSync('spec/fixtures/msrp/valid/rfc4975-send.msrp'));
    for (const evil of ['1\r\nX: y', '1\n', '1\r']) {
      expect(() => printFrame({ ...base, headers: [['Message-ID', evil]] })).to.throw(DecodeError);
      expect(() => printFrame({ ...base, toPath: evil })).to.throw(DecodeError);
    }
  });
});
