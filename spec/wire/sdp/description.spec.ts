import { expect } from 'chai';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DecodeError } from '../../../lib/wire/decode-error.js';
import {
  attributeOf,
  parseDescription,
  printDescription,
  type Description,
} from '../../../lib/wire/sdp/description.js';
import { isMessageMedia, messageMediaOf } from '../../../lib/wire/sdp/message-media.js';

const folder = join('spec', 'fixtures', 'sdp');

function read(name: string): Description {
  return parseDescription(readFileSync(join(folder, `${name}.sdp`)));
}

function media(name: string) {
  const description = read(name);
  return messageMediaOf(
    description,
    description.media.find((section) => section.media === 'message')!,
  );
}

describe('session description', () => {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.sdp'))) {
    it(`${name} parsed and printed is the same, with CRLF`, () => {
      const text = readFileSync(join(folder, name), 'utf8');
      expect(printDescription(parseDescription(text))).to.equal(text.replace(/\r?\n/g, '\r\n'));
    });
  }

  const invalid: Record<string, string> = {
    nothing: '',
    'no version': 's=-\r\n',
    'another version': 'v=1\r\n',
    'a line without =': 'v=0\r\nhello\r\n',
    'an empty line inside': 'v=0\r\n\r\ns=-\r\n',
    'an upper-case type': 'v=0\r\nS=-\r\n',
    'm= without port': 'v=0\r\nm=message TCP/MSRP *\r\n',
    'm= with a port above 65535': 'v=0\r\nm=message 65536 TCP/MSRP *\r\n',
    'too many lines': 'v=0\r\n'.repeat(1001),
    'too long': `v=0\r\na=${'x'.repeat(65_536)}\r\n`,
  };
  for (const [name, text] of Object.entries(invalid)) {
    it(`${name} is a DecodeError`, () => expect(() => parseDescription(text)).to.throw(DecodeError, /^sdp: /));
  }

  it('takes a number of ports beside the port (RFC 8866 §5.14)', () => {
    const { media } = parseDescription('v=0\r\nm=video 49170/2 RTP/AVP 31\r\nm=message 9/1 TCP/MSRP *\r\n');
    expect(media.map(({ port }) => port)).to.deep.equal([49_170, 9]);
  });

  it('prints no value with a line break', () => {
    const evil = { session: [{ type: 'v', value: '0\r\na=evil' }], media: [] };
    expect(() => printDescription(evil)).to.throw(DecodeError);
  });

  it('finds attributes without case, flags as empty', () => {
    const lines = [
      { type: 'a', value: 'SetUp: active ' },
      { type: 'a', value: 'msrp-cema' },
    ];
    expect(attributeOf(lines, 'setup')).to.equal('active');
    expect(attributeOf(lines, 'msrp-cema')).to.equal('');
    expect(attributeOf(lines, 'path')).to.equal(undefined);
  });

  it('octets changed at random give a description or a DecodeError, nothing else', () => {
    const text = readFileSync(join(folder, 'tls.sdp'));
    const changes = fc.array(fc.tuple(fc.nat(text.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(changes, (changed) => {
        const hostile = Buffer.from(text);
        for (const [at, octet] of changed) hostile[at] = octet;
        try {
          const description = parseDescription(hostile);
          for (const section of description.media) messageMediaOf(description, section);
          printDescription(description);
        } catch (error) {
          expect(error).to.be.instanceOf(DecodeError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('round trip of any lines', () => {
    const line = fc.record({
      type: fc.constantFrom('o', 's', 'c', 'a', 'b'),
      value: fc.string({ maxLength: 40, unit: fc.constantFrom('a', 'b', ':', '=', ' ', '/', '*', ';', 'é', '0') }),
    });
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.tuple(fc.nat(65_535), fc.array(line))), (session, media) => {
        const text = [
          'v=0',
          ...session.map((l) => `${l.type}=${l.value}`),
          ...media.flatMap(([port, lines]) => [
            `m=message ${port} TCP/MSRP *`,
            ...lines.map((l) => `${l.type}=${l.value}`),
          ]),
        ];
        const bytes = text.map((l) => `${l}\r\n`).join('');
        expect(printDescription(parseDescription(bytes))).to.equal(bytes);
      }),
    );
  });
});

describe('m=message section', () => {
  it('reads everything a chat session needs', () => {
    expect(media('phone-active')).to.deep.equal({
      secure: false,
      port: 9,
      address: { family: 'IP4', host: '192.0.2.10' },
      path: ['msrp://192.0.2.10:9/abc123;tcp'],
      acceptTypes: ['message/cpim'],
      acceptWrappedTypes: [
        'multipart/mixed',
        'text/plain',
        'application/vnd.gsma.rcs-ft-http+xml',
        'application/vnd.gsma.rcspushlocation+xml',
        'message/imdn+xml',
        'application/im-iscomposing+xml',
      ],
      setup: 'active',
      cema: false,
      fingerprints: [],
      maxBytes: undefined,
      direction: 'sendrecv',
      fileSelector: undefined,
    });
  });

  it('reads fingerprints whatever their case', () => {
    const { fingerprints, secure } = media('tls');
    expect(secure).to.be.true;
    expect(fingerprints.map(({ hash }) => hash)).to.deep.equal(['sha-256', 'sha-1']);
    expect(fingerprints[0]?.value).to.match(/^4A:AD:B9/);
  });

  it('reads max-size, also misspelt', () => {
    expect(media('types-any-and-upper-case').maxBytes).to.equal(10_240);
    expect(media('maxsize-misspelt').maxBytes).to.equal(5000);
  });

  it('reads relays, direction, file-selector and both names of CEMA', () => {
    expect(media('relay-path').path).to.have.length(2);
    expect(media('large-message-sendonly')).to.deep.include({
      direction: 'sendonly',
      fileSelector: 'name:"a b.jpg" type:image/jpeg size:4092',
    });
    expect(media('cema').cema).to.be.true;
    expect(media('cema-legacy-acm').cema).to.be.true;
  });

  it('keeps fingerprints that it cannot read: they fit no certificate, and stand for a check that was asked for', () => {
    const text =
      'v=0\nm=message 1 TCP/TLS/MSRP *\na=accept-types:*\na=path:msrps://a:1/b;tcp\n' +
      'a=fingerprint:SHA-256\tAA:BB\na=fingerprint:sha-256 aabb\na=fingerprint:sha-256\na=fingerprint\n';
    const description = parseDescription(text);
    expect(messageMediaOf(description, description.media[0]!).fingerprints).to.deep.equal([
      { hash: 'sha-256', value: 'AA:BB' },
      { hash: 'sha-256', value: 'AABB' },
      { hash: 'sha-256', value: '' },
      { hash: '', value: '' },
    ]);
  });

  it('takes address, setup and fingerprint of the session where the section has none', () => {
    const description = parseDescription(
      'v=0\nc=IN IP6 2001:db8::1\na=setup:passive\na=fingerprint:sha-1 AA:BB\nm=message 1 TCP/TLS/MSRP *\n' +
        'a=accept-types:a/b\na=path:msrps://h:1/x;tcp\n',
    );
    expect(messageMediaOf(description, description.media[0]!)).to.deep.include({
      address: { family: 'IP6', host: '2001:db8::1' },
      setup: 'passive',
      fingerprints: [{ hash: 'sha-1', value: 'AA:BB' }],
    });
  });

  it('compares words without case, and takes blanks at the end of a line', () => {
    const description = parseDescription(
      'v=0\nm=Message 1 tcp/tls/msrp *\na=accept-types:a/b \na=path:msrps://h:1/x;tcp \na=SendOnly \n',
    );
    expect(isMessageMedia(description.media[0]!)).to.equal(true);
    expect(messageMediaOf(description, description.media[0]!)).to.deep.include({
      secure: true,
      acceptTypes: ['a/b'],
      direction: 'sendonly',
    });
  });

  for (const missing of ['a=path:msrp://h:1/x;tcp', 'a=accept-types:a/b']) {
    it(`without ${missing.split(':')[0] ?? ''} is a DecodeError`, () => {
      const text = 'v=0\nm=message 1 TCP/MSRP *\na=accept-types:a/b\na=path:msrp://h:1/x;tcp\n'.replace(
        `${missing}\n`,
        '',
      );
      const description = parseDescription(text);
      expect(() => messageMediaOf(description, description.media[0]!)).to.throw(DecodeError);
    });
  }
});
