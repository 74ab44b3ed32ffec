/** Answers of platforms' servers, cut at every octet (RFC 9112). */
import { expect } from 'chai';
import { AnswerError, AnswerReader } from '../../../lib/notify/http/answer-reader.js';

interface Heard {
  readonly status?: number;
  readonly retryAfter?: string | undefined;
  readonly body: string;
  readonly isDone: boolean;
  readonly keepsAlive?: boolean;
}

/** What is heard of an answer that comes in these pieces, before the other side closes where it does. */
function heard(pieces: readonly string[], closes = false): Heard {
  let head: { status: number; retryAfter: string | undefined } | undefined;
  let body = '';
  let ends = 0;
  const reader = new AnswerReader({
    onHead: (found) => (head = found),
    onData: (octets) => (body += octets.toString('latin1')),
    onEnd: () => ends++,
  });
  for (const piece of pieces) reader.read(Buffer.from(piece, 'latin1'));
  if (closes) reader.close();
  expect(ends).to.equal(reader.isDone ? 1 : 0);
  const { isDone } = reader;
  return { ...head, body, isDone, ...(isDone && { keepsAlive: reader.keepsAlive }) };
}

function lines(...all: readonly string[]): string {
  return all.join('\r\n');
}

const done = { retryAfter: undefined, isDone: true, keepsAlive: true };

describe('an answer to a callback', () => {
  const whole: readonly (readonly [name: string, text: string, expected: Heard])[] = [
    ['no body by its status', lines('HTTP/1.1 204 No Content', '', ''), { ...done, status: 204, body: '' }],
    [
      'no body by its length',
      lines('HTTP/1.1 200 OK', 'Content-Length: 0', '', ''),
      { ...done, status: 200, body: '' },
    ],
    ['no reason', lines('HTTP/1.1 200', 'content-length:0', '', ''), { ...done, status: 200, body: '' }],
    ['a body', lines('HTTP/1.1 200 OK', 'CONTENT-LENGTH: 5', '', 'a\r\nbc'), { ...done, status: 200, body: 'a\r\nbc' }],
    [
      'the same length twice',
      lines('HTTP/1.1 200 OK', 'content-length: 1', 'Content-Length: 1', '', 'x'),
      { ...done, status: 200, body: 'x' },
    ],
    [
      'chunks, with extensions and trailers',
      lines(
        'HTTP/1.1 201 Created',
        'Transfer-Encoding: chunked',
        '',
        '3;a="b"',
        'abc',
        'A',
        '0123456789',
        '0',
        'X: y',
        '',
        '',
      ),
      { ...done, status: 201, body: 'abc0123456789' },
    ],
    [
      'chunks and a length: the connection is not used again',
      lines('HTTP/1.1 200 OK', 'Content-Length: 100', 'Transfer-Encoding: chunked', '', '1', 'x', '0', '', ''),
      { ...done, status: 200, body: 'x', keepsAlive: false },
    ],
    [
      'interim answers before it',
      lines(
        'HTTP/1.1 103 Early Hints',
        'Link: </x>',
        '',
        'HTTP/1.1 100 Continue',
        '',
        'HTTP/1.1 202 A',
        'Content-Length: 0',
        '',
        '',
      ),
      { ...done, status: 202, body: '' },
    ],
    [
      'the end of the connection announced',
      lines('HTTP/1.1 500 Oh', 'Connection: x, Close', 'Content-Length: 0', '', ''),
      { ...done, status: 500, body: '', keepsAlive: false },
    ],
    [
      'the older version',
      lines('HTTP/1.0 200 OK', 'Content-Length: 0', '', ''),
      { ...done, status: 200, body: '', keepsAlive: false },
    ],
    [
      'the older version, kept',
      lines('HTTP/1.0 200 OK', 'Connection: keep-alive', 'Content-Length: 0', '', ''),
      { ...done, status: 200, body: '' },
    ],
    [
      'Retry-After',
      lines('HTTP/1.1 429 Slow', 'retry-after:  12 ', 'Content-Length: 0', '', ''),
      { ...done, status: 429, body: '', retryAfter: '12' },
    ],
    [
      'Retry-After twice, which says nothing',
      lines('HTTP/1.1 429 Slow', 'Retry-After: 1', 'Retry-After: 2', 'Content-Length: 0', '', ''),
      { ...done, status: 429, body: '' },
    ],
    [
      'something behind it: the connection is not used again',
      lines('HTTP/1.1 200 OK', 'Content-Length: 1', '', 'xHTTP/1.1 400 Bad', '', ''),
      { ...done, status: 200, body: 'x', keepsAlive: false },
    ],
  ];
  for (const [name, text, expected] of whole) {
    it(`is read, however it is cut: ${name}`, () => {
      expect(heard([text])).to.deep.equal(expected);
      expect(heard(text.split(''))).to.deep.equal(expected);
      for (let at = 1; at < text.length; at++)
        expect(heard([text.slice(0, at), text.slice(at)])).to.deep.equal(expected);
    });
  }

  it('without a length ends with its connection', () => {
    const text = lines('HTTP/1.1 200 OK', '', 'all of it');
    expect(heard([text])).to.include({ status: 200, body: 'all of it', isDone: false });
    expect(heard([text], true)).to.include({ body: 'all of it', isDone: true, keepsAlive: false });
  });

  it('with another transfer coding ends with its connection, too', () => {
    const text = lines('HTTP/1.1 200 OK', 'Content-Length: 2', 'Transfer-Encoding: gzip', '', 'abc');
    expect(heard([text], true)).to.include({ body: 'abc', isDone: true, keepsAlive: false });
  });

  it('that breaks off is not whole', () => {
    for (const text of ['', 'HTTP/1.1 2', lines('HTTP/1.1 200 OK', 'Content-Length: 2', '', 'x')])
      expect(heard([text], true).isDone).to.equal(false);
  });

  it('tells how long its connection is kept', () => {
    const hintOf = (value: string): number | undefined => {
      const reader = new AnswerReader({ onHead: () => undefined, onData: () => undefined, onEnd: () => undefined });
      reader.read(Buffer.from(lines('HTTP/1.1 204 No', `Keep-Alive: ${value}`, '', '')));
      return reader.hintS;
    };
    expect([hintOf('timeout=5, max=100'), hintOf('max=1, Timeout = 7'), hintOf('x')]).to.deep.equal([5, 7, undefined]);
  });

  const refused: readonly (readonly [name: string, text: string])[] = [
    ['another protocol', '220 mail.example ESMTP\r\n'],
    ['another version', lines('HTTP/2.0 200 OK', '', '')],
    ['a change of protocols', lines('HTTP/1.1 101 Switching', '', '')],
    ['a line feed alone', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
    ['a carriage return alone', 'HTTP/1.1 200 OK\r\nA: b\rContent-Length: 0\r\n\r\n'],
    ['a header without a colon', lines('HTTP/1.1 200 OK', 'Content-Length 0', '', '')],
    ['a blank before the colon', lines('HTTP/1.1 200 OK', 'Content-Length : 0', '', '')],
    ['a folded header', lines('HTTP/1.1 200 OK', 'A: b', ' c: d', '', '')],
    ['two lengths', lines('HTTP/1.1 200 OK', 'Content-Length: 1', 'Content-Length: 2', '', '')],
    ['a length that is none', lines('HTTP/1.1 200 OK', 'Content-Length: -1', '', '')],
    ['a size that is none', lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', '', 'x', '')],
    ['a chunk that is longer than its size', lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', '', '1', 'xy', '')],
    ['headers without end', `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(4_000)}`],
    ['a size without end', lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', '', '1;'.padEnd(2_000, 'x'))],
    [
      'trailers without end',
      lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', '', '0', '') + 'A: b\r\n'.repeat(5_000),
    ],
  ];
  for (const [name, text] of refused) {
    it(`is refused: ${name}`, () => {
      expect(() => heard([text])).to.throw(AnswerError);
      expect(() => heard(text.split(''))).to.throw(AnswerError);
    });
  }
});
