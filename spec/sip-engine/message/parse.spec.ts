import { expect } from 'chai';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MalformedMessage } from '../../../lib/sip-engine/message/malformed.js';
import { DEFAULT_LIMITS } from '../../../lib/sip-engine/options.js';
import { parseMessage, type MessageLimits, type Parsed } from '../../../lib/sip-engine/message/parse.js';

const FIXTURES = resolve('spec/fixtures/sip');

/** Fixtures are kept with LF and read as CRLF; `\xNN` and `\n` escapes are none. */
function fixture(folder: string, name: string): Buffer {
  return Buffer.from(readFileSync(join(FIXTURES, folder, name), 'latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1');
}

function parse(text: string | Buffer, limits: Partial<MessageLimits> = {}, datagram = true): Parsed {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return parseMessage(bytes, { ...DEFAULT_LIMITS, ...limits }, datagram);
}

function refusal(act: () => unknown): MalformedMessage {
  try {
    act();
  } catch (error) {
    if (error instanceof MalformedMessage) return error;
    throw error;
  }
  throw new Error('was accepted');
}

function message(...more: string[]): string {
  return [
    'MESSAGE sip:bot@botplatform.example.net SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa',
    'From: <tel:+15550001>;tag=1',
    'To: <sip:bot@botplatform.example.net>',
    'Call-ID: a@192.0.2.1',
    'CSeq: 1 MESSAGE',
    ...more,
    '',
    '',
  ].join('\r\n');
}

describe('A SIP message on its bytes', () => {
  it('is ready for routing, its headers found by long or compact name in any case', () => {
    const { message: invite, routing } = parse(fixture('valid', 'compact-forms.sip'));
    expect(invite.method).to.equal('INVITE');
    expect(invite.header('Call-ID')).to.equal('compact@192.0.2.1');
    expect(invite.header('i')).to.equal('compact@192.0.2.1');
    expect(invite.header('CONTENT-TYPE')).to.equal('application/sdp');
    expect(invite.headers('accept-contact')).to.have.length(2);
    expect(invite.header('Session-Expires')).to.equal('1800');
    expect(routing).to.include({ fromTag: 'ab', cseq: 7, cseqMethod: 'INVITE', callId: 'compact@192.0.2.1' });
    expect(routing.via).to.include({ branch: 'z9hG4bKcompact', host: '192.0.2.1', rport: true });
  });

  it('is a response whatever the case of its version (§7.1)', () => {
    const { message: ok } = parse(message().replace(/^MESSAGE .*/, 'sip/2.0 200 OK'));
    expect(ok).to.include({ status: 200, reason: 'OK', method: undefined });
  });

  it('keeps the lines in order, as they were written', () => {
    const lines = parse(message('X-One: 1', 'x-two:   2', 'X-One: 3')).message.headerLines();
    expect(lines.slice(-3)).to.deep.equal([
      ['X-One', '1'],
      ['x-two', '2'],
      ['X-One', '3'],
    ]);
  });

  it('joins folded lines by one space (RFC 3261 §7.3.1)', () => {
    expect(parse(message('Subject: I know\r\n  you are\r\n\t there')).message.header('Subject')).to.equal(
      'I know you are there',
    );
  });

  it('leaves what is no UTF-8 as it is on the wire, and replaces it only where text is asked for', () => {
    const bytes = Buffer.from(message('Subject: caf\xe9'), 'latin1');
    const parsed = parse(bytes).message;
    expect(parsed.raw('subject')).to.equal('caf\xe9');
    expect(parsed.header('subject')).to.equal('caf�');
    expect(parse(message('Subject: café')).message.header('Subject')).to.equal('café');
  });

  it('takes several Via values in one line', () => {
    const text = message().replace('branch=z9hG4bKa', 'branch=z9hG4bKa, SIP/2.0/TCP 192.0.2.9;branch=z9hG4bKb');
    expect(parse(text).routing.via.text).to.equal('SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa');
  });

  it('cuts the body at Content-Length, and lets a datagram go without one (§18.3)', () => {
    const cut = parse(`${message('Content-Length: 2', 'Content-Type: text/plain')}hello`).message;
    expect(cut.body.toString()).to.equal('he');
    expect(parse(`${message('Content-Type: text/plain')}hello`).message.body.toString()).to.equal('hello');
    expect(refusal(() => parse(message(), {}, false)).message).to.contain('no Content-Length');
  });

  it('skips empty lines before the start line (§7.5)', () => {
    const read = parse(`\r\n\r\n${message()}`).message;
    expect(read.method).to.equal('MESSAGE');
    expect(read.bytes.toString('latin1')).to.equal(message());
  });

  describe('limits', () => {
    it('on bytes: 413', () => {
      expect(refusal(() => parse(message(), { maxMessageBytes: 100 })).status).to.equal(413);
    });
    it('on the number of lines: 413', () => {
      expect(parse(message('A: 1', 'B: 2'), { maxHeaders: 7 }).message.header('B')).to.equal('2');
      expect(refusal(() => parse(message('A: 1', 'B: 2'), { maxHeaders: 6 })).status).to.equal(413);
    });
    it('on the length of a line, folds included: 413', () => {
      const long = `Subject: ${'a'.repeat(60)}\r\n ${'b'.repeat(60)}`;
      expect(refusal(() => parse(message(long), { maxHeaderBytes: 100 })).status).to.equal(413);
    });
    it('reads a megabyte of folds and commas in linear time', () => {
      const started = performance.now();
      parse(message(`Subject: ${'a\r\n '.repeat(250_000)}`), { maxHeaderBytes: 2_000_000, maxMessageBytes: 2_000_000 });
      const commas = message().replace('branch=z9hG4bKa', `branch=z9hG4bKa${', '.repeat(500_000)}`);
      parse(commas, { maxHeaderBytes: 2_000_000, maxMessageBytes: 2_000_000 });
      expect(performance.now() - started).to.be.below(2000);
    });
  });

  it('lets NUL stand in a quoted pair, and nowhere else (§25.1)', () => {
    const withName = (name: string): string => message().replace('From: ', `From: ${name} `);
    expect(parse(withName('"a\\\0b"')).routing.fromTag).to.equal('1');
    for (const name of ['"a\0b"', '"a\\\\\0b"', 'a\\\0b', '"a" \0']) {
      expect(refusal(() => parse(withName(name))).status, JSON.stringify(name)).to.equal(400);
    }
  });

  describe('malformed', () => {
    const cases: readonly (readonly [string, string, number?])[] = [
      ['no SIP at all', 'GET / HTTP/1.1\r\n\r\n'],
      ['another version (505)', message().replace('SIP/2.0\r\n', 'SIP/7.0\r\n'), 505],
      ['a blank that is none of ASCII in the Request-URI', message().replace('sip:bot@', 'sip:bot\u00a0@')],
      ['a letter that is none of ASCII in the Request-URI', message().replace('sip:bot@', 'sip:bót@')],
      ['a control character in the Request-URI', message().replace('sip:bot@', 'sip:bot\u0001@')],
      ['brackets around the Request-URI', message().replace('sip:bot@botplatform.example.net SIP', '<sip:bot@x> SIP')],
      ['two spaces in the request line', message().replace('MESSAGE sip', 'MESSAGE  sip')],
      ['a bare line feed', message('X: a\nVia: b')],
      ['a bare line feed as the end of the head', message().replaceAll('\r\n', '\n')],
      ['a line without colon', message('nonsense')],
      ['a space in a header name', message('Bad Name: x')],
      ['NUL in the head', message('X: a\0b')],
      ['no Via', message().replace(/Via.*\r\n/, '')],
      ['no Call-ID', message().replace(/Call-ID.*\r\n/, '')],
      ['two From lines', message('From: <tel:+15550002>;tag=2')],
      ['CSeq of another method', message().replace('1 MESSAGE', '1 INVITE')],
      ['a method that nobody knows, and CSeq of another (501)', message().replace('MESSAGE sip', 'MESSAGF sip'), 501],
      ['a semicolon with nothing after it in Via', message().replace('branch=z9hG4bKa', 'branch=z9hG4bKa;;x')],
      ['a method that is no token', message().replace('MESSAGE sip', 'MESS@GE sip')],
      ['a blank in the Call-ID', message().replace('a@192.0.2.1', 'a b')],
      ['an empty Call-ID', message().replace('a@192.0.2.1', '')],
      ['CSeq without a number', message().replace('1 MESSAGE', 'MESSAGE')],
      ['CSeq without a method', message().replace('1 MESSAGE', '1')],
      ['CSeq without a blank between', message().replace('1 MESSAGE', '1MESSAGE')],
      ['CSeq with a method that is no token', message().replace('1 MESSAGE', '1 MESS@GE')],
      ['Content-Length that is no number', message('Content-Length: 1a')],
      ['Content-Length with the character behind the digits', `${message('Content-Length: 1:')}${'x'.repeat(100)}`],
      ['an empty Content-Length', message('Content-Length:')],
      ['a NUL behind a backslash, after a line with an open quote', message('X: "', 'Y: \\\0')],
      ['CSeq beyond 2**31', message().replace('1 MESSAGE', '2147483648 MESSAGE')],
      ['a negative Content-Length', message('Content-Length: -1')],
      ['Content-Length twice', message('Content-Length: 0', 'l: 0')],
      ['a body shorter than Content-Length', message('Content-Length: 5')],
      ['no empty line', message().slice(0, -2)],
    ];
    for (const [title, text, status = 400] of cases) {
      it(title, () => expect(refusal(() => parse(text)).status).to.equal(status));
    }
  });

  describe('fixtures', () => {
    for (const name of readdirSync(join(FIXTURES, 'valid'))) {
      it(`takes ${name}`, () => {
        expect(parse(fixture('valid', name)).routing.callId).to.match(/\S/);
      });
    }
    for (const name of readdirSync(join(FIXTURES, 'invalid'))) {
      it(`refuses ${name}`, () => {
        expect(refusal(() => parse(fixture('invalid', name))).status).to.be.oneOf([400, 505]);
      });
    }
  });

  it('throws nothing but MalformedMessage, whatever comes [IWF-1619]', () => {
    const whole = fixture('valid', 'compact-forms.sip');
    fc.assert(
      fc.property(
        fc.nat(whole.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.nat(whole.length),
        (at, byte, length) => {
          const bytes = Buffer.from(whole.subarray(0, length));
          if (at < length) bytes[at] = byte;
          try {
            parse(bytes).message.headerLines();
          } catch (error) {
            expect(error).to.be.instanceOf(MalformedMessage);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
