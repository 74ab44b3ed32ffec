import { expect } from 'chai';
import { elements, isToken, paramOf } from '../../../lib/sip-engine/message/grammar.js';
import { tagOf, uriOf, withoutTag, withTag } from '../../../lib/sip-engine/message/name-addr.js';
import { defaultPort, parseHostPort, parseSipUri, printHostPort } from '../../../lib/sip-engine/message/uri.js';
import { parseVia, responseAddress, stampVia } from '../../../lib/sip-engine/message/via.js';

describe('Addresses in headers (RFC 3261 §20.10)', () => {
  const cases: readonly (readonly [value: string, uri: string | undefined, tag: string | undefined])[] = [
    ['<sip:a@b;tag=no>;tag=yes', 'sip:a@b;tag=no', 'yes'],
    ['sip:a@b;tag=x', 'sip:a@b', 'x'],
    ['"<sip:evil>;tag=evil" <sip:a@b>;x="1;tag=no";TAG = x', 'sip:a@b', 'x'],
    ['"quoted \\" <" <tel:+1>', 'tel:+1', undefined],
    ['Joe Doe <sip:a@b> ; tag', 'sip:a@b', ''],
    ['"never closed <sip:a@b>', undefined, undefined],
    ['<sip:a@b', undefined, undefined],
  ];
  for (const [value, uri, tag] of cases) {
    it(value, () => {
      expect(uriOf(value)).to.equal(uri);
      expect(tagOf(value)).to.equal(tag);
    });
  }

  it('change their tag and nothing else', () => {
    expect(withTag('<sip:a@b>;x=1;tag=old;y', 'new')).to.equal('<sip:a@b>;x=1;y;tag=new');
    expect(withoutTag('<sip:a@b;tag=uri>')).to.equal('<sip:a@b;tag=uri>');
  });
});

describe('SIP URIs (RFC 3261 §19.1)', () => {
  it('give host, port and what routing needs', () => {
    expect(parseSipUri('sip:+1;npdi@[2001:DB8::1]:5070;transport=TCP;lr?Subject=x')).to.deep.equal({
      scheme: 'sip',
      user: '+1;npdi',
      host: '2001:db8::1',
      port: 5070,
      transport: 'tcp',
      maddr: undefined,
      lr: true,
    });
  });

  for (const text of [
    'tel:+1',
    'sip:',
    'sip:a@',
    'sip:a@b:99999',
    'sip:a@[::1',
    'sip:a@[::1]x',
    'sip:a@[x::1]',
    'sip:a@[::g]',
    'sip:a@b c',
    'a@b',
  ]) {
    it(`are not: ${text}`, () => expect(parseSipUri(text)).to.be.undefined);
  }

  it('have headers after the host alone: before the @ a question mark is the user’s', () => {
    expect(parseSipUri('sip:a?b;c=d@h;lr?x=y')).to.include({ user: 'a?b;c=d', host: 'h', lr: true });
    expect(parseSipUri('sip:h?x=y')).to.include({ user: undefined, host: 'h' });
    expect(parseSipUri('sip:a@h?x=y@z')).to.include({ user: 'a', host: 'h' });
  });

  it('print their host with brackets around IPv6 alone, and know their default ports (§19.1.2)', () => {
    expect([printHostPort('h', 1), printHostPort('::1', 2)]).to.deep.equal(['h:1', '[::1]:2']);
    expect((['udp', 'tcp', 'tls', undefined] as const).map(defaultPort)).to.deep.equal([5060, 5060, 5061, 5060]);
  });

  it('take any port there is', () => {
    expect(parseHostPort('h : 0')).to.deep.equal({ host: 'h', port: 0 });
    expect(parseHostPort('[::1]')).to.deep.equal({ host: '::1', port: undefined });
    expect(parseHostPort('[64:ff9b:::192.0.2.1]:1')).to.deep.equal({ host: '64:ff9b::192.0.2.1', port: 1 });
    expect(parseHostPort('h:65536')).to.be.undefined;
  });
});

describe('Via (RFC 3261 §20.42, RFC 3581)', () => {
  const source = { protocol: 'udp', host: '192.0.2.9', port: 40_000 } as const;

  for (const [value, stamped, port] of [
    ['SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bKa', 'SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bKa', 5062],
    ['SIP/2.0/UDP 192.0.2.8;branch=z9hG4bKa', 'SIP/2.0/UDP 192.0.2.8;branch=z9hG4bKa;received=192.0.2.9', 5060],
    ['SIP/2.0/UDP h;rport;branch=z9hG4bKa', 'SIP/2.0/UDP h;rport=40000;branch=z9hG4bKa;received=192.0.2.9', 40_000],
    ['SIP/2.0/UDP h;received=198.51.100.1;rport=9', 'SIP/2.0/UDP h;rport=40000;received=192.0.2.9', 40_000],
  ] as const) {
    it(value, () => {
      const via = parseVia(value)!;
      expect(stampVia(via, source)).to.equal(stamped);
      expect(responseAddress(via, source)).to.deep.equal({ ...source, port });
    });
  }

  it('has blanks wherever the grammar has them, and no parameter at least', () => {
    expect(parseVia(' SIP /  2.0 / UDP  host : 5062 ')).to.include({ host: 'host', port: 5062, branch: undefined });
    expect(parseVia('SIP/2.0/UDP host')).to.include({ host: 'host', port: undefined });
  });

  it('sends an answer to where a datagram came from, if asked to, and over a stream to what it names', () => {
    const tcp = { protocol: 'tcp', host: '192.0.2.9', port: 40_000 } as const;
    expect(responseAddress(parseVia('SIP/2.0/TCP h:5070;rport')!, tcp)).to.deep.equal({ ...tcp, port: 5070 });
    const tls = { ...tcp, protocol: 'tls' } as const;
    expect(responseAddress(parseVia('SIP/2.0/TLS h')!, tls)).to.deep.equal({ ...tls, port: 5061, name: 'h' });
  });

  for (const value of [
    '',
    'SIP/2.0/UDP',
    'SIP/1.0/UDP h',
    'SIP/2.0/U@P h',
    'SIP/2.0/UDP h:x',
    'HTTP/1.1 h',
    'SIP-2.0/UDP h',
    'SIP/2.0 UDP h',
    'SIP/2.0-UDP h',
    'TIP/2.0/UDP h',
  ]) {
    it(`is not: "${value}"`, () => expect(parseVia(value)).to.be.undefined);
  }
});

describe('Lists and parameters', () => {
  it('split at commas outside of quotes and brackets', () => {
    expect(elements('<sip:a,b@c>;x="1,2", , "d,\\"e" <f>')).to.deep.equal(['<sip:a,b@c>;x="1,2"', '"d,\\"e" <f>']);
    expect(elements('"open, <a>')).to.deep.equal(['"open, <a>']);
    expect(elements('<sip:a"b@c>, <sip:d>')).to.deep.equal(['<sip:a"b@c>', '<sip:d>']);
  });

  it('are read up to the end of their element', () => {
    expect(paramOf(';a=1;B="x\\"y";c', 0, 'b')).to.equal('x"y');
    expect(paramOf(';a=1;B="x\\"y";c', 0, 'c')).to.equal('');
    expect(paramOf(';a=1, next;c=2', 0, 'c')).to.be.undefined;
  });

  it('know a token', () => {
    expect(isToken("a-.!%*_+`'~9")).to.be.true;
    expect(['', 'a b', 'a:b', 'é'].some(isToken)).to.be.false;
  });
});
