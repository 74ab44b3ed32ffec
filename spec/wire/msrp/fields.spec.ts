import { expect } from 'chai';
import { DecodeError } from '../../../lib/wire/decode-error.js';
import { parseByteRange, printByteRange } from '../../../lib/wire/msrp/byte-range.js';
import type { Request } from '../../../lib/wire/msrp/frame.js';
import { reportFlagsOf } from '../../../lib/wire/msrp/report-flags.js';
import { parseStatus, printStatus } from '../../../lib/wire/msrp/status.js';
import { parsePath, parseUri, printUri, sameUri, sessionIdOfPath } from '../../../lib/wire/msrp/uri.js';

describe('MSRP Byte-Range', () => {
  for (const text of [
    '1-25/25',
    '1-*/8',
    '1-*/*',
    '1-0/0',
    '2049-4096/110',
    '999999999999999-999999999999999/999999999999999',
  ]) {
    it(`${text} parsed and printed is the same`, () => expect(printByteRange(parseByteRange(text))).to.equal(text));
  }
  const sixteenDigits = ['1000000000000000-*/*', '1-1000000000000000/*', '1-*/1000000000000000'];
  for (const text of ['', '0-1/1', '5-3/9', '1-2', '1-2/3/4', '*-2/3', '-1-2/3', '1 - 2/3', ...sixteenDigits]) {
    it(`"${text}" is a DecodeError`, () => expect(() => parseByteRange(text)).to.throw(DecodeError));
  }
});

describe('MSRP Status', () => {
  for (const text of ['000 200 OK', '000 413', '000 403 Não']) {
    it(`${text} parsed and printed is the same`, () => {
      const octets = Buffer.from(text).toString('latin1');
      expect(printStatus(parseStatus(octets))).to.equal(octets);
    });
  }
  it('reads its parts', () =>
    expect(parseStatus('000 200 OK')).to.deep.equal({ namespace: '000', code: 200, comment: 'OK' }));
  for (const text of ['', '200 OK', '0 200', '000 20', 'x000 200', '000 2000', '000 200OK']) {
    it(`"${text}" is a DecodeError`, () => expect(() => parseStatus(text)).to.throw(DecodeError));
  }
});

describe('MSRP report flags', () => {
  const table: readonly [headers: Record<string, string>, success: boolean, failure: string][] = [
    [{}, false, 'yes'],
    [{ 'Success-Report': 'yes', 'Failure-Report': 'no' }, true, 'no'],
    [{ 'success-report': 'YES', 'failure-report': 'Partial' }, true, 'partial'],
    [{ 'Success-Report': 'maybe', 'Failure-Report': 'maybe' }, false, 'yes'],
  ];
  for (const [headers, success, failure] of table) {
    it(JSON.stringify(headers), () => {
      expect(reportFlagsOf({ headers: Object.entries(headers) } as unknown as Request)).to.deep.equal({
        success,
        failure,
      });
    });
  }
});

describe('MSRP URI', () => {
  const valid = [
    'msrp://alicepc.example.com:7777/iau39soe2843z;tcp',
    'msrps://relay.example.com:9000;tcp',
    'msrp://[2001:db8::1]:8880/x;tcp',
    'msrp://bob@192.0.2.1/a.b-c+d=;tcp;zone=1;flag',
    'msrp://host/s;tcp',
  ];
  for (const text of valid)
    it(`${text} parsed and printed is the same`, () => expect(printUri(parseUri(text))).to.equal(text));

  const invalid = [
    'msrps://\r\nuser@h:9/a;tcp',
    'msrp:// @h:9/a;tcp',
    'http://a/b;tcp',
    'msrp://a:1/x',
    'msrp:a',
    'msrp://:1/x;tcp',
    'msrp://a:99999/x;tcp',
    'msrp://a:1/x y;tcp',
    'msrp://a:1/;tcp',
    `msrp://a/${'x'.repeat(2000)};tcp`,
    '',
  ];
  for (const text of invalid) {
    it(`"${text.slice(0, 40)}" is a DecodeError`, () => expect(() => parseUri(text)).to.throw(DecodeError));
  }

  it('reads its parts', () => {
    expect(parseUri('MSRPS://u@[2001:DB8::1]:9/Id;TCP;a=b')).to.deep.equal({
      secure: true,
      user: 'u',
      host: '2001:DB8::1',
      port: 9,
      sessionId: 'Id',
      transport: 'TCP',
      parameters: ['a=b'],
    });
  });

  const same: readonly [string, string, boolean][] = [
    ['msrp://Host:1/x;tcp', 'MSRP://hOST:1/x;TCP', true],
    ['msrp://u@h:1/x;tcp;a=1', 'msrp://h:1/x;tcp', true],
    ['msrp://h:1/x;tcp', 'msrp://h:1/X;tcp', false],
    ['msrp://h:1/x;tcp', 'msrp://h/x;tcp', false],
    ['msrp://h:1/x;tcp', 'msrps://h:1/x;tcp', false],
    ['msrp://h:1/x;tcp', 'msrp://h:1;tcp', false],
    ['msrp://h:1/x;tcp', 'msrp://h:1/x;sctp', false],
    ['msrp://[2001:db8::1]:1/x;tcp', 'msrp://[2001:0DB8:0:0:0:0:0:1]:1/x;tcp', true],
    ['msrp://[::ffff:192.0.2.1]:1/x;tcp', 'msrp://[::ffff:c000:201]:1/x;tcp', true],
    ['msrp://[2001:db8::1]:1/x;tcp', 'msrp://[2001:db8::2]:1/x;tcp', false],
  ];
  for (const [a, b, expected] of same) {
    it(`${a} and ${b} are ${expected ? '' : 'not '}the same`, () => {
      expect(sameUri(parseUri(a), parseUri(b))).to.equal(expected);
      expect(sameUri(parseUri(b), parseUri(a))).to.equal(expected);
    });
  }

  it('reads a path with its relays, the endpoint last', () => {
    const path = 'msrps://relay:9/r;tcp  msrp://h:1/x;tcp';
    expect(parsePath(path).map(({ sessionId }) => sessionId)).to.deep.equal(['r', 'x']);
    expect(sessionIdOfPath(path)).to.equal('x');
    expect(() => parsePath('')).to.throw(DecodeError);
    expect(() => parsePath(Array.from({ length: 17 }, () => 'msrp://h:1/x;tcp').join(' '))).to.throw(DecodeError);
  });

  it('finds no session-id where there is none', () => {
    for (const path of ['', 'x', 'msrp://h:1;tcp', 'msrp://h:1/;tcp'])
      expect(sessionIdOfPath(path)).to.equal(undefined);
  });
});
