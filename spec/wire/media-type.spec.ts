import { expect } from 'chai';
import fc from 'fast-check';
import { essence, mediaParameter, parseMediaType, printMediaType } from '../../lib/wire/media-type.js';
import { placeOfRefusal } from './refusal.js';

describe('media type', () => {
  const valid = [
    ['text/plain', 'text/plain', []],
    ['Text/PLAIN ; Charset=UTF-8', 'text/plain', [['charset', 'UTF-8']]],
    ['text/plain;charset="utf-8";', 'text/plain', [['charset', 'utf-8']]],
    [
      'multipart/mixed; boundary="a;b\\"c"; type=x',
      'multipart/mixed',
      [
        ['boundary', 'a;b"c'],
        ['type', 'x'],
      ],
    ],
    ['application/vnd.gsma.botmessage.v1.0+json', 'application/vnd.gsma.botmessage.v1.0+json', []],
  ] as const;
  for (const [text, type, parameters] of valid) {
    it(text, () => {
      expect(parseMediaType(text)).to.deep.equal({ type, parameters });
      expect(essence(text)).to.equal(type);
    });
  }

  it('finds a parameter', () => {
    expect(mediaParameter(parseMediaType('a/b;x=1;x=2'), 'x')).to.equal('1');
    expect(mediaParameter(parseMediaType('a/b'), 'x')).to.equal(undefined);
  });

  const invalid = [
    ['', 'type'],
    ['text', 'type'],
    ['text/', 'type'],
    ['text/pl ain', 'type'],
    ['text/plain;charset', 'parameter'],
    ['text/plain;=utf-8', 'parameter'],
    ['text/plain;charset="utf-8', 'charset'],
    ['multipart/mixed;boundary="a"b"', 'boundary'],
    ['multipart/mixed;boundary="a"b"c"', 'boundary'],
    [`text/${'x'.repeat(1024)}`, 'character 1024'],
  ] as const;
  for (const [text, place] of invalid) {
    it(`${text.slice(0, 30)}: refused at ${place}`, () =>
      expect(placeOfRefusal(() => parseMediaType(text))).to.equal(place));
  }

  it('prints no value that breaks its line', () => {
    const evil = { type: 'a/b', parameters: [['x', 'a\r\nb']] as const };
    expect(placeOfRefusal(() => printMediaType(evil))).to.equal('parameter');
  });

  it('round trip', () => {
    const token = fc.stringMatching(/^[a-z][a-z0-9.+-]{0,10}$/);
    const value = fc.string({ minLength: 1 }).filter((v) => !/[\r\n]/.test(v));
    const made = fc.record({
      type: fc.tuple(token, token).map((parts) => parts.join('/')),
      parameters: fc.array(fc.tuple(token, value), { maxLength: 4 }),
    });
    fc.assert(fc.property(made, (type) => void expect(parseMediaType(printMediaType(type))).to.deep.equal(type)));
  });
});
