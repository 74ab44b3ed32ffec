import { expect } from 'chai';
import fc from 'fast-check';
import { decodeBase64, decodeQuotedPrintable, decodeTransfer } from '../../lib/wire/transfer-encoding.js';
import { placeOfRefusal } from './refusal.js';

const decode = (encoding: string | undefined, text: string) =>
  decodeTransfer({
    headers: encoding === undefined ? [] : [{ name: 'content-transfer-encoding', value: encoding }],
    content: Buffer.from(text, 'latin1'),
  }).toString('latin1');

describe('transfer encoding', () => {
  it('none, 7bit, 8bit and binary leave the bytes alone', () => {
    for (const encoding of [undefined, '7bit', '8BIT', 'binary', ''])
      expect(decode(encoding, 'a=41\xff')).to.equal('a=41\xff');
  });

  it('base64, with line breaks and without padding', () => {
    expect(decode('Base64', 'aGVs\r\nbG8=\r\n')).to.equal('hello');
    expect(decode('base64', 'aGVsbG8')).to.equal('hello');
    expect(decode('base64', '')).to.equal('');
    for (const bad of ['a', 'aGVsbG8*', 'aGVsb=8=', 'aGVsbG8==', '====', 'aGVsbG8=x']) {
      expect(
        placeOfRefusal(() => decodeBase64(bad)),
        bad,
      ).to.match(/^character \d+$/);
    }
  });

  it('quoted-printable (RFC 2045 §6.7)', () => {
    const text = "Now's the time =\r\nfor all folk to come=\r\n to the aid of their country.";
    expect(decode('quoted-printable', text)).to.equal(
      "Now's the time for all folk to come to the aid of their country.",
    );
    expect(decode('quoted-printable', 'a=3D=e9 \t\r\nb  \nc  ')).to.equal('a=\xe9\r\nb\nc');
    expect(placeOfRefusal(() => decodeQuotedPrintable(Buffer.from('ab=4')))).to.equal('character 2');
    expect(placeOfRefusal(() => decodeQuotedPrintable(Buffer.from('ab=xy')))).to.equal('character 2');
  });

  it('takes long runs of blanks in linear time', () => {
    expect(decodeQuotedPrintable(Buffer.from(`${' '.repeat(1_000_000)}x`))).to.have.length(1_000_001);
  });

  it('refuses what it does not know', () => {
    expect(placeOfRefusal(() => decode('x-uuencode', 'a'))).to.equal('Content-Transfer-Encoding');
  });

  it('round trip of base64', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeBase64(Buffer.from(bytes).toString('base64')).equals(bytes)).to.equal(true);
      }),
    );
  });
});
