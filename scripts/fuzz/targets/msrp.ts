/** MSRP: frames out of a stream however it is cut, and the values in their headers (RFC 4975 §9). */
import { DecodeError } from '../../../lib/wire/decode-error.js';
import { parseByteRange, printByteRange } from '../../../lib/wire/msrp/byte-range.js';
import { printFrame, type Frame } from '../../../lib/wire/msrp/frame.js';
import { FrameParser } from '../../../lib/wire/msrp/parser.js';
import { parseStatus, printStatus } from '../../../lib/wire/msrp/status.js';
import { parsePath, parseUri, printUri, sameUri, sessionIdOfPath } from '../../../lib/wire/msrp/uri.js';
import { cut, must, same, type Target } from '../target.js';

const limits = { maxHeaderBytes: 8192, maxHeaders: 64, maxBodyBytes: 20_000 };
const decodeErrors = (error: unknown): boolean => error instanceof DecodeError;

interface Reading {
  readonly frames: readonly Frame[];
  readonly failed: boolean;
}

function read(pieces: readonly Buffer[]): Reading {
  const parser = new FrameParser(limits);
  const frames: Frame[] = [];
  try {
    for (const piece of pieces) {
      frames.push(...parser.push(piece));
      must(
        parser.heldBytes <= limits.maxHeaderBytes + limits.maxBodyBytes + 2 * piece.length + 100,
        'no more is held than a frame may have',
      );
    }
  } catch (error) {
    if (!decodeErrors(error)) throw error;
    return { frames, failed: true };
  }
  return { frames, failed: parser.failure !== undefined };
}

function sameFrames(a: Reading, b: Reading): boolean {
  return (
    a.failed === b.failed && a.frames.length === b.frames.length && a.frames.every((one, i) => same(one, b.frames[i]))
  );
}

function printed(frame: Frame): Frame | undefined {
  const parser = new FrameParser(limits);
  const frames = parser.push(printFrame(frame));
  must(frames.length === 1, 'a printed frame is one frame');
  return frames[0];
}

const frames: Target = {
  name: 'msrp-frames',
  shape: 'lines',
  words: [
    ...[
      'MSRP a786hjs2 SEND\r\n',
      'MSRP a786hjs2 200 OK\r\n',
      '-------a786hjs2$\r\n',
      '-------a786hjs2+\r\n',
      '-------',
      '$',
      '#',
    ],
    ...[
      'To-Path: msrp://a.example:1/b;tcp\r\n',
      'From-Path: ',
      'Byte-Range: 1-*/*',
      'Byte-Range: 1-5/5\r\n',
      'Status: 000 200',
    ],
    ...['Message-ID: 1\r\n', 'Content-Type: text/plain\r\n\r\n', 'Success-Report: yes', 'REPORT', 'AUTH', 'SEND'],
  ],
  seeds: [],
  fixtures: ['msrp/valid', 'msrp/tolerated', 'msrp/invalid'],
  run(input, random) {
    const whole = read([input]);
    must(sameFrames(whole, read(cut(input, random))), 'the same frames however the stream is cut');
    for (const frame of whole.frames) {
      if (frame.kind === 'request' && frame.oversized === true) continue;
      must(same(printed(frame), frame), 'printed and read again it is the same');
    }
  },
  mayThrow: decodeErrors,
};

function tolerated<T>(parse: () => T, then: (value: T) => void): void {
  let value: T;
  try {
    value = parse();
  } catch (error) {
    if (decodeErrors(error)) return;
    throw error;
  }
  then(value);
}

const values: Target = {
  name: 'msrp-values',
  shape: 'tokens',
  words: [
    'msrp://',
    'msrps://',
    ';tcp',
    '[::1]',
    '::ffff:192.0.2.1',
    '/',
    ':',
    '-',
    '*',
    '000 200 OK',
    '1-*/*',
    '@',
    ' ',
  ],
  seeds: [
    'msrp://alice.example.com:7777/iau39soe2843z;tcp',
    'msrps://user@[2001:db8::1]:9/a.b;tcp;x=y msrp://relay.example;tcp',
    '1-5/5',
    '1-*/*',
    '000 200 OK',
    '000 413 Stop Sending Message',
  ],
  fixtures: [],
  maxBytes: 8192,
  run(input) {
    const text = input.toString('latin1');
    tolerated(
      () => parseUri(text),
      (uri) => {
        must(sameUri(parseUri(printUri(uri)), uri), 'a printed URI is the same');
        must(!/[\r\n ]/.test(printUri(uri)), 'no line break or blank in a URI');
      },
    );
    tolerated(
      () => parsePath(text),
      (path) => must(path.length <= 16, 'no more URIs than the limit'),
    );
    tolerated(
      () => parseByteRange(text),
      (range) =>
        must(
          same(parseByteRange(printByteRange(range)), range) && Number.isSafeInteger(range.start),
          'a range is numbers',
        ),
    );
    tolerated(
      () => parseStatus(text),
      (status) => must(same(parseStatus(printStatus(status)), status), 'a printed status is the same'),
    );
    sessionIdOfPath(text);
  },
  mayThrow: () => false,
};

export const msrp: readonly Target[] = [frames, values];
