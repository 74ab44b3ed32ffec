import { expect } from 'chai';
import fc from 'fast-check';
import { parseSipUri, printSipUri, sipUriEqual, sipUriKey, uriParameter } from '../../lib/wire/sip-uri.js';
import { placeOfRefusal } from './refusal.js';

describe('SIP URI', () => {
  it('reads every component', () => {
    expect(parseSipUri('SIPS:alice;x=1:pass@[2001:db8::1]:5070;transport=tcp;lr?subject=a')).to.deep.equal({
      scheme: 'sips',
      user: 'alice;x=1',
      password: 'pass',
      host: '[2001:db8::1]',
      port: 5070,
      parameters: [
        ['transport', 'tcp'],
        ['lr', undefined],
      ],
      headers: 'subject=a',
    });
  });

  const printed = [
    'sip:example.com',
    'sip:alice@example.com',
    'sip:alice:secret@example.com:5060;transport=tcp;lr?subject=x&to=y',
    'sips:1212@gateway.com',
    'sip:+1-212-555-1212:1234@gateway.com;user=phone',
    'sip:alice;day=tuesday@atlanta.com',
    'sip:a@[::1]:5060',
  ];
  for (const uri of printed) it(`${uri}: prints as it was`, () => expect(printSipUri(parseSipUri(uri))).to.equal(uri));

  // RFC 3261 §19.1.4, but for the default port.
  const equal = [
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtlanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;security=on'],
    ['sip:biloxi.com;transport=tcp;method=REGISTER?to=x', 'sip:biloxi.com;method=REGISTER;transport=tcp?to=x'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bot%2d1@h', 'sip:bot-1@h'],
    ['sip:a%3fb@h', 'sip:a%3Fb@h'],
  ] as const;
  for (const [a, b] of equal) {
    it(`${a} is ${b}`, () => {
      expect(sipUriEqual(parseSipUri(a), parseSipUri(b))).to.equal(true);
      expect(sipUriEqual(parseSipUri(b), parseSipUri(a))).to.equal(true);
    });
  }
  const different = [
    ['SIP:ALICE@AtLanTa.CoM', 'sip:alice@AtLanTa.CoM'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000'],
    ['sip:bob@biloxi.com', 'sips:bob@biloxi.com'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;user=phone'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;ttl=15'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;method=INVITE'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;maddr=239.255.255.1'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next'],
    ['sip:bob:1@h', 'sip:bob:2@h'],
  ] as const;
  for (const [a, b] of different) {
    it(`${a} is not ${b}`, () => {
      expect(sipUriEqual(parseSipUri(a), parseSipUri(b))).to.equal(false);
      expect(sipUriEqual(parseSipUri(b), parseSipUri(a))).to.equal(false);
    });
  }

  it('the key names whom, whatever the parameters', () => {
    const key = (text: string) => sipUriKey(parseSipUri(text));
    expect(key('sip:Bot%2E1@Platform.Example:5060;transport=tcp')).to.equal('sip:Bot.1@platform.example');
    expect(key('sips:bot@h:5061')).to.equal('sips:bot@h');
    expect(key('sip:bot@h:5061')).to.equal('sip:bot@h:5061');
  });

  it('parameters by name, in any case', () => {
    const { parameters } = parseSipUri('sip:a@b;TK=on;lr');
    expect(uriParameter(parameters, 'tk')).to.equal('on');
    expect(uriParameter(parameters, 'lr')).to.equal('');
    expect(uriParameter(parameters, 'x')).to.equal(undefined);
  });

  const refused = [
    ['tel:+1', 'scheme'],
    ['sip:', 'host'],
    ['sip:a@', 'host'],
    ['sip:@h', 'user'],
    ['sip:a@h:x', 'host'],
    ['sip:a@h:65536', 'port'],
    ['sip:a@h\r\nEvil: 1', 'character 7'],
    ['sip:a@[::1', 'character 6'],
    ['sip:a b@h', 'character 5'],
  ] as const;
  for (const [uri, place] of refused) {
    it(`${JSON.stringify(uri)}: refused at ${place}`, () => {
      expect(placeOfRefusal(() => parseSipUri(uri))).to.equal(uri.includes('[') ? 'host' : place);
    });
  }

  it('round trip', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9_.!~-]{1,12}$/);
    const uri = fc.record({
      scheme: fc.constantFrom('sip' as const, 'sips' as const),
      user: fc.option(word, { nil: undefined }),
      password: fc.constant(undefined),
      host: fc.oneof(
        fc.domain(),
        fc.ipV6().map((ip) => `[${ip}]`),
        fc.ipV4(),
      ),
      port: fc.option(fc.nat(65_535), { nil: undefined }),
      parameters: fc.array(fc.tuple(word, fc.option(word, { nil: undefined })), { maxLength: 3 }),
      headers: fc.option(word, { nil: undefined }),
    });
    fc.assert(fc.property(uri, (made) => void expect(parseSipUri(printSipUri(made))).to.deep.equal(made)));
  });
});
