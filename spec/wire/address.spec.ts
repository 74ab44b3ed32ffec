import { expect } from 'chai';
import fc from 'fast-check';
import {
  displayNameOf,
  decodePathSegment,
  e164Key,
  encodePathSegment,
  parseAddress,
  parseAddressList,
  parseNameAddr,
  preferredIdentity,
} from '../../lib/wire/address.js';
import { maxUriLength } from '../../lib/wire/sip-uri.js';
import { fixture } from './fixtures.js';
import { placeOfRefusal } from './refusal.js';

/** Lines of `input => expected` of a fixture. */
function rows(path: string): readonly (readonly [input: string, expected: string])[] {
  const lines = fixture(path).toString().split('\n');
  return lines.filter((line) => line.includes(' => ')).map((line) => line.split(' => ') as [string, string]);
}

describe('what somebody calls himself', () => {
  const rows: readonly (readonly [from: string | undefined, name: string | undefined])[] = [
    ['"Alice \\"A.\\" Žák" <sip:alice@example.net>', 'Alice "A." Žák'],
    ['Winnie the Pooh <im:pooh@100akerwood.com>', 'Winnie the Pooh'],
    ['"Bob <tel:+15550199>" <sip:bob@example.net>', 'Bob <tel:+15550199>'],
    ['"" <sip:bob@example.net>', undefined],
    ['<sip:anonymous@anonymous.invalid>', undefined],
    ['"Anonymous" <sip:anonymous@anonymous.invalid>', undefined],
    ['sip:alice@example.net', undefined],
    ['Alice <sip:alice@example.net', undefined],
    ['', undefined],
    [undefined, undefined],
  ];
  for (const [from, name] of rows)
    it(`${from ?? 'none'}: ${name ?? 'none'}`, () => expect(displayNameOf(from)).to.equal(name));
});

describe('addresses', () => {
  describe('users: every form has the same key', () => {
    for (const [input, key] of rows('address/users.txt')) {
      it(`${input} is ${key}`, () => expect(parseAddress(input)).to.include({ kind: 'user', key }));
    }
  });

  describe('tokens: the case of the user part and every parameter count [IWF-812]', () => {
    for (const [input, key] of rows('address/tokens.txt')) {
      it(`${input} is ${key}`, () => expect(parseAddress(input)).to.include({ kind: 'token', key }));
    }
  });

  describe('numbers without a country are not guessed', () => {
    for (const [input] of rows('address/undefined-numbers.txt')) {
      it(input, () => expect(parseAddress(input).kind).to.equal('undefined-number'));
    }

    it('unless a country is configured', () => {
      const options = { defaultCountry: '49' };
      expect(parseAddress('tel:1715550100', options)).to.include({ key: 'tel:+491715550100' });
      expect(parseAddress('sip:1715550100@home;user=phone', { defaultCountry: '+49' })).to.include({
        key: 'tel:+491715550100',
      });
      expect(parseAddress('tel:0015550100', options).kind).to.equal('undefined-number');
      expect(parseAddress('tel:5550100;phone-context=+1', options)).to.include({ key: 'tel:+15550100' });
    });
  });

  describe('refusals', () => {
    for (const [input, place] of rows('address/invalid.txt')) {
      it(`${input} at ${place}`, () => {
        expect(placeOfRefusal(() => parseAddress(JSON.parse(`"${input}"`) as string))).to.equal(place);
      });
    }

    it('an address beyond its length', () => {
      const longest = `sip:${'a'.repeat(maxUriLength - 6)}@b`;
      expect(parseAddress(longest).kind).to.equal('token');
      expect(placeOfRefusal(() => parseAddress(`${longest}c`))).to.equal(`character ${maxUriLength}`);
    });
  });

  it('keeps the original for replies, and the display name', () => {
    expect(parseAddress('"Doe, \\"J\\"" <tel:+1-555-0100;npdi>;tag=x')).to.deep.equal({
      kind: 'user',
      key: 'tel:+15550100',
      original: 'tel:+1-555-0100;npdi',
      displayName: 'Doe, "J"',
      tk: undefined,
    });
  });

  it('what a quoted display name holds is no address (RFC 3261 §25.1)', () => {
    expect(parseAddress('"<tel:+15550199>" <sip:mallory@example.net>')).to.include({
      kind: 'token',
      original: 'sip:mallory@example.net',
      displayName: '<tel:+15550199>',
    });
  });

  it('a token’s parameters are kept, with or without a value', () => {
    expect(parseAddress('sip:a@b;lr;x=%41%2f')).to.include({ key: 'sip:a@b;lr;x=A%2F' });
    expect(parseAddress('sip:a@b;x=1;x=2')).to.include({ key: 'sip:a@b;x=1;x=2' });
  });

  it('reads the parameter tk', () => {
    expect(parseAddress('<sip:Ab1@alias.example.net;tk=on>').tk).to.equal('on');
    expect(parseAddress('sip:+15550100@home;user=phone;tk=OFF').tk).to.equal('off');
    expect(parseAddress('tel:+15550100;tk=off').tk).to.equal('off');
    expect(parseAddress('tel:+15550100').tk).to.equal(undefined);
    expect(parseAddress('tel:+15550100;tk=maybe').tk).to.equal(undefined);
  });

  describe('lists', () => {
    const keys = (text: string) => parseAddressList(text).map((i) => (i.kind === 'undefined-number' ? '?' : i.key));

    it('with and without angle brackets, commas in names and brackets', () => {
      expect(keys('"A, B" <sip:+15550100@home;user=phone>, tel:+15550100,<sip:a,b@c>')).to.deep.equal([
        'tel:+15550100',
        'tel:+15550100',
        'sip:a,b@c',
      ]);
      expect(keys('sip:+15550100@home;user=phone, tel:+15550100')).to.deep.equal(['tel:+15550100', 'tel:+15550100']);
      expect(keys('')).to.deep.equal([]);
    });

    it('the tel value counts', () => {
      const preferred = (text: string) => preferredIdentity(parseAddressList(text))?.original;
      expect(preferred('<sip:+15550100@home>, <tel:+15550100>')).to.equal('tel:+15550100');
      expect(preferred('<sip:bob@home>, <sip:+15550100@home>')).to.equal('sip:+15550100@home');
      expect(preferred('<tel:5550100>, <sip:+15550100@home>')).to.equal('sip:+15550100@home');
      expect(preferred('<sip:bob@home>')).to.equal('sip:bob@home');
      expect(preferred('')).to.equal(undefined);
    });

    it('are limited', () => {
      const many = (n: number) => Array.from({ length: n }, () => 'tel:+15550100').join(',');
      expect(keys(many(20))).to.have.length(20);
      expect(placeOfRefusal(() => parseAddressList(many(21)))).to.equal('value 21');
    });
  });

  it('header parameters are not the URI’s', () => {
    expect(parseNameAddr('<sip:a@b;x=1>;tag=2;q')).to.deep.equal({
      uri: 'sip:a@b;x=1',
      parameters: [
        ['tag', '2'],
        ['q', undefined],
      ],
    });
    expect(parseNameAddr('"A" <sip:a@b>;tag=2')).to.deep.equal({
      displayName: 'A',
      uri: 'sip:a@b',
      parameters: [['tag', '2']],
    });
    expect(parseNameAddr('sip:a@b;x=1;tag=2')).to.deep.equal({ uri: 'sip:a@b;x=1', parameters: [['tag', '2']] });
  });

  it('E.164 keys: 1 to 15 digits, separators removed', () => {
    expect(e164Key('+1 555')).to.equal(undefined);
    expect(e164Key('x+1555')).to.equal(undefined);
    expect(e164Key('+')).to.equal(undefined);
    expect(e164Key('+1')).to.equal('tel:+1');
    expect(e164Key('+1(555)01.00-0')).to.equal('tel:+155501000');
    expect(e164Key('+123456789012345')).to.equal('tel:+123456789012345');
    expect(e164Key('+1234567890123456')).to.equal(undefined);
    expect(e164Key('+0123')).to.equal(undefined);
  });

  describe('paths', () => {
    it('upper-case hex, decoded once', () => {
      expect(encodePathSegment('tel:+15550100')).to.equal('tel%3A%2B15550100');
      expect(encodePathSegment('sip:bot@host;x=é')).to.equal('sip%3Abot%40host%3Bx%3D%C3%A9');
      expect(decodePathSegment('tel%3a%2B15550100')).to.equal('tel:+15550100');
      expect(decodePathSegment('tel:+15550100')).to.equal('tel:+15550100');
      expect(decodePathSegment('%2525')).to.equal('%25');
    });
    it('refuse broken escapes, control characters and half characters', () => {
      expect(placeOfRefusal(() => decodePathSegment('%4'))).to.equal('escape');
      expect(placeOfRefusal(() => decodePathSegment('a%0d%0ab'))).to.equal('character 1');
      expect(placeOfRefusal(() => encodePathSegment('\ud800'))).to.equal('path');
    });
    it('round trip', () => {
      const text = fc.string({ unit: 'grapheme' }).filter((t) => !/\p{Cc}/u.test(t));
      fc.assert(fc.property(text, (t) => void expect(decodePathSegment(encodePathSegment(t))).to.equal(t)));
    });
  });

  it('whatever comes: an identity or a DecodeError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.string().map((t) => `sip:${t}`),
        ),
        (text) => {
          try {
            expect(parseAddress(text).original).to.not.match(/\p{Cc}/u);
          } catch (error) {
            expect(error).to.have.property('name', 'DecodeError');
          }
        },
      ),
    );
  });
});
