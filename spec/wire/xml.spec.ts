import { expect } from 'chai';
import fc from 'fast-check';
import {
  attributeOf,
  childOf,
  childText,
  defaultXmlLimits,
  onlyText,
  parseXml,
  printXml,
  type XmlDraft,
} from '../../lib/wire/xml.js';
import { placeOfRefusal } from './refusal.js';

describe('XML', () => {
  it('reads elements with their namespaces, attributes, children and text', () => {
    const root = parseXml(
      '<a xmlns="urn:a" xmlns:b="urn:b" b:x="1" y="2">one<b:c> two </b:c><![CDATA[<3>]]><!-- no --></a>',
    );
    expect(root).to.deep.include({ name: 'a', local: 'a', ns: 'urn:a', text: 'one<3>' });
    expect(root.children).to.have.length(1);
    expect(childOf(root, 'c')).to.deep.include({ name: 'b:c', ns: 'urn:b', text: ' two ' });
    expect(childText(root, 'c')).to.equal('two');
    expect(attributeOf(root, 'y')).to.equal('2');
    expect(attributeOf(root, 'x')).to.equal(undefined);
    expect(root.attributes.map((a) => a.name)).to.deep.equal(['xmlns', 'xmlns:b', 'b:x', 'y']);
  });

  it('takes a byte order mark, comments and processing instructions around the root', () => {
    expect(parseXml(Buffer.from('\ufeff<?xml version="1.0"?><!-- c --><?p i?><a/>\n')).local).to.equal('a');
  });

  it('takes UTF-8 under each of its names, and its subset', () => {
    for (const encoding of ['UTF-8', 'utf8', 'US-ASCII'])
      expect(parseXml(`<?xml version="1.0" encoding="${encoding}"?><a/>`).local).to.equal('a');
  });

  it('an element that may stand there once may say the same twice, and nothing else', () => {
    const only = (document: string) => onlyText(parseXml(document), 'b', 'xml');
    expect(only('<a/>')).to.equal(undefined);
    expect(only('<a><b>1</b><c>2</c><b> 1 </b></a>')).to.equal('1');
    expect(placeOfRefusal(() => only('<a><b>1</b><b>2</b></a>'))).to.equal('b');
  });

  it('takes a prefix that nobody declared only where asked to', () => {
    expect(placeOfRefusal(() => parseXml('<e:a/>'))).to.equal('1:6');
    const root = parseXml('<e:a e:x="1"/>', { unboundPrefixes: 'tolerate' });
    expect(root).to.deep.include({ name: 'e:a', local: 'a', ns: '' });
    expect(attributeOf(root, 'x')).to.equal('1');
  });

  const refused: readonly (readonly [what: string, document: string | Buffer, place: string])[] = [
    ['nothing', '', '1:0'],
    ['text alone', 'hello', '1:5'],
    ['an element that is not closed', '<a>\n<b>', '2:3'],
    ['the wrong end tag', '<a></b>', '1:7'],
    ['two roots', '<a/><b/>', '1:7'],
    ['a DTD', '<!DOCTYPE a><a/>', '1:12'],
    ['a DTD with entities', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', '1:30'],
    ['an entity beyond the five', '<a>&nbsp;</a>', '1:9'],
    ['an entity named as a method', '<a>&toString;</a>', '1:13'],
    ['a reference to NUL', '<a>&#0;</a>', '1:7'],
    ['a control character', '<a>\u0001</a>', '1:4'],
    ['an attribute twice', '<a x="1" x="2"/>', '1:16'],
    ['another encoding', '<?xml version="1.0" encoding="ISO-8859-1"?><a/>', '1:43'],
    ['bytes that are not UTF-8', Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]), 'document'],
    ['UTF-16', Buffer.from('\ufeff<a/>', 'utf16le'), 'document'],
  ];
  for (const [what, document, place] of refused) {
    it(`refuses ${what} at ${place} [IWF-1616]`, () =>
      expect(placeOfRefusal(() => parseXml(document))).to.equal(place));
  }

  describe('limits [IWF-1617]', () => {
    const limits = { maxBytes: 100, maxDepth: 3, maxElements: 5, maxAttributes: 2 };
    const at = (document: string) => placeOfRefusal(() => parseXml(document, { limits }));

    it('bytes', () => {
      const text = 'é'.repeat(46);
      expect(parseXml(`<a>${text} </a>`, { limits }).text).to.have.length(47);
      expect(at(`<a>${text}  </a>`)).to.equal('byte 100');
    });
    it('depth', () => {
      expect(parseXml('<a><b><c/></b></a>', { limits }).local).to.equal('a');
      expect(at('<a><b><c><d/></c></b></a>')).to.equal('1:13');
    });
    it('elements', () => {
      expect(parseXml('<a><b/><b/><b/><b/></a>', { limits }).children).to.have.length(4);
      expect(at('<a><b/><b/><b/><b/><b/></a>')).to.match(/^1:/);
    });
    it('attributes', () => {
      expect(parseXml('<a b="1" c="2"/>', { limits }).attributes).to.have.length(2);
      expect(at('<a b="1" c="2" d="3"/>')).to.match(/^1:/);
    });
    it('hold by default', () => {
      const { maxBytes, maxDepth, maxElements, maxAttributes } = defaultXmlLimits;
      expect(() => parseXml(`<a>${' '.repeat(maxBytes)}</a>`)).to.throw('too long');
      expect(() => parseXml(`<a>${'<b/>'.repeat(maxElements)}</a>`)).to.throw('too many elements');
      const attributes = Array.from({ length: maxAttributes + 1 }, (_, n) => ` x${n}=""`).join('');
      expect(() => parseXml(`<a${attributes}/>`)).to.throw('too many attributes');
      const nested = (n: number) => '<a>'.repeat(n) + '</a>'.repeat(n);
      expect(parseXml(nested(maxDepth)).local).to.equal('a');
      expect(() => parseXml(nested(maxDepth + 1))).to.throw('too deep');
    });
  });

  it('prints everything escaped, and what no document may hold replaced', () => {
    const draft = {
      name: 'a',
      attributes: [['x', '<"&\'\n>']] as const,
      text: 'a\u0000b\ud800c\rd\te',
      children: [{ name: 'b' }],
    };
    expect(printXml(draft).toString()).to.equal(
      '<?xml version="1.0" encoding="UTF-8"?>\n<a x="&lt;&quot;&amp;&apos;&#10;&gt;">a\ufffdb\ufffdc&#13;d&#9;e<b/></a>',
    );
  });

  it('round trip', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
    const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map((t) => t.replace(/[^\t\n\r -\ud7ff]/gu, ''));
    const element = (children: fc.Arbitrary<XmlDraft[]>): fc.Arbitrary<XmlDraft> =>
      fc.record({
        name,
        attributes: fc.uniqueArray(fc.tuple(name, text), { maxLength: 3, selector: ([n]) => n }),
        text,
        children,
      });
    const leaf = element(fc.constant([]));
    const node = element(fc.array(element(fc.array(leaf, { maxLength: 3 })), { maxLength: 3 }));
    const draftOf = (e: ReturnType<typeof parseXml>): XmlDraft => ({
      name: e.name,
      attributes: e.attributes.map((a) => [a.name, a.value] as const),
      text: e.text,
      children: e.children.map(draftOf),
    });
    fc.assert(
      fc.property(node, (draft) => {
        fc.pre(!JSON.stringify(draft).includes('"xmlns"'));
        expect(draftOf(parseXml(printXml(draft)))).to.deep.equal(draft);
      }),
    );
  });
});
