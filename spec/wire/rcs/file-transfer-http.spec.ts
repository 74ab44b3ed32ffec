import { expect } from 'chai';
import fc from 'fast-check';
import { DecodeError } from '../../../lib/wire/decode-error.js';
import { parseFileTransferHttp, printFileTransferHttp } from '../../../lib/wire/rcs/file-transfer-http.js';
import { fixture, fixtures } from '../fixtures.js';
import { placeOfRefusal } from '../refusal.js';

const folder = 'rcs/file-transfer-http';

describe('file transfer by HTTP', () => {
  for (const [name, bytes] of fixtures(`${folder}/canonical`)) {
    it(`${name}: parse and print give the same bytes`, () => {
      expect(printFileTransferHttp(parseFileTransferHttp(bytes)).toString()).to.equal(bytes.toString());
    });
  }

  const until = '2026-11-29T10:00:00Z';
  const thumbnail = { type: 'thumbnail', size: 2048, contentType: 'image/png', url: 'https://ft.example.com/t', until };
  const file = {
    type: 'file',
    size: 1_024_000,
    name: 'DSCN0001.jpg',
    contentType: 'image/jpeg',
    url: 'https://ft.example.com/f?id=1&k=2',
    until,
  };
  for (const [name, bytes] of fixtures(`${folder}/tolerated`)) {
    it(`${name}: is a file with its thumbnail [IWF-603]`, () => {
      const { files } = parseFileTransferHttp(bytes);
      const audio = name === 'unbound-prefix.xml' ? { playingLengthMs: 12_500 } : {};
      expect(files).to.deep.equal([thumbnail, { ...file, ...audio }]);
    });
  }

  it('takes an unescaped & for one, beside references that are some, and nothing else that is not well-formed', () => {
    const named = (name: string | Buffer): string | undefined =>
      parseFileTransferHttp(
        Buffer.concat([
          Buffer.from('<file><file-info><file-size>1</file-size><file-name>'),
          Buffer.from(name),
          Buffer.from('</file-name><content-type>a/b</content-type><data url="u?a&lt=1&#x26;b"/></file-info></file>'),
        ]),
      ).files[0]?.name;
    expect(named('Grüße & Ärger &amp; &copy; &#65;&')).to.equal('Grüße & Ärger & &copy; A&');
    for (const spoilt of ['a & <b>', Buffer.from([0x26, 0x20, 0xff])])
      expect(() => named(spoilt)).to.throw(DecodeError);
  });

  it('reads the extensions [IWF-604]', () => {
    const read = (name: string) => parseFileTransferHttp(fixture(`${folder}/canonical/${name}`)).files[0];
    expect(read('extension.xml')).to.deep.include({ brandedUrl: 'https://brand.example/f', hash: 'a94a8fe5' });
    expect(read('audio.xml')).to.deep.include({ playingLengthMs: 12_500 });
    expect(read('disposition.xml')).to.deep.include({ disposition: 'render' });
  });

  const minimal = (size: string, beside = '') =>
    `<file>${beside}<file-info><file-size>${size}</file-size><content-type>a/b</content-type><data url="u"/></file-info></file>`;

  it('passes over elements that it does not know', () => {
    const { files } = parseFileTransferHttp(minimal('1', '<note>new</note>'));
    expect(files).to.deep.equal([{ type: 'file', size: 1, contentType: 'a/b', url: 'u' }]);
  });

  it('reads sizes of up to 15 digits, exactly', () => {
    expect(parseFileTransferHttp(minimal('9'.repeat(15))).files[0]?.size).to.equal(999_999_999_999_999);
    expect(placeOfRefusal(() => parseFileTransferHttp(minimal('9'.repeat(16))))).to.equal('file-size');
  });

  const places: Readonly<Record<string, string>> = {
    'no-file.xml': 'file-info',
    'empty.xml': 'file-info',
    'no-url.xml': 'data',
    'no-data.xml': 'data',
    'bad-size.xml': 'file-size',
    'no-content-type.xml': 'content-type',
    'bad-type.xml': 'type',
    'wrong-namespace.xml': 'root',
    'other-root.xml': 'root',
    'too-many.xml': 'file-info',
    'truncated.xml': '1:112',
    'dtd.xml': '1:15',
  };
  for (const [name, bytes] of fixtures(`${folder}/invalid`)) {
    it(`${name}: refused at ${places[name] ?? '?'} [IWF-605]`, () => {
      expect(placeOfRefusal(() => parseFileTransferHttp(bytes))).to.equal(places[name]);
    });
  }

  it('round trip', () => {
    const text = fc.stringMatching(/^[!-~]{1,30}$/);
    const info = fc.record(
      {
        type: fc.constant('file' as const),
        disposition: text,
        size: fc.nat(),
        name: text,
        contentType: text,
        url: text,
        until: text,
        brandedUrl: text,
        hash: text,
        playingLengthMs: fc.nat(),
      },
      { requiredKeys: ['type', 'size', 'contentType', 'url'] },
    );
    const document = fc.record({ files: fc.array(info, { minLength: 1, maxLength: 3 }) });
    fc.assert(
      fc.property(document, (made) => {
        expect(parseFileTransferHttp(printFileTransferHttp(made))).to.deep.equal(made);
      }),
    );
  });
});
