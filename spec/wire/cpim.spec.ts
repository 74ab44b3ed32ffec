import { expect } from 'chai';
import fc from 'fast-check';
import {
  cpimContentType,
  cpimHeader,
  cpimHeaders,
  cpimNamespaces,
  decodedContent,
  parseCpim,
  printCpim,
  type Cpim,
} from '../../lib/wire/cpim.js';
import { fixture, fixtures } from './fixtures.js';
import { placeOfRefusal } from './refusal.js';

const { imdn, maap } = cpimNamespaces;

describe('CPIM', () => {
  describe('canonical form', () => {
    for (const [name, bytes] of fixtures('cpim/canonical')) {
      it(`${name}: parse and print give the same bytes`, () => {
        expect(printCpim(parseCpim(bytes))).to.deep.equal(bytes);
      });
    }

    it('reads the example of RFC 3862 §4.1', () => {
      const cpim = parseCpim(fixture('cpim/canonical/rfc3862-4.1.cpim'));
      expect(cpimHeader(cpim, undefined, 'From')).to.equal('MR SANDERS <im:piglet@100akerwood.com>');
      expect(cpimHeaders(cpim, undefined, 'Subject')).to.deep.equal([
        'the weather will be fine today',
        "beau temps prevu pour aujourd'hui",
      ]);
      expect(cpim.headers.map((h) => h.parameters).filter((p) => p !== undefined)).to.deep.equal([';lang=fr']);
      const features = 'mid:MessageFeatures@id.foo.com';
      expect(cpimHeader(cpim, features, 'VitalMessageOption')).to.equal('Confirmation-requested');
      expect(cpimContentType(cpim)).to.equal('text/xml; charset=utf-8');
    });

    it('knows namespaces by their URI where a prefix is bound again', () => {
      const cpim = parseCpim(fixture('cpim/canonical/rebound-prefix.cpim'));
      expect(cpimHeader(cpim, imdn, 'Message-ID')).to.equal('m-1');
      expect(cpimHeader(cpim, maap, 'Traffic-Type')).to.equal('payment');
      expect(cpimHeader(cpim, imdn, 'Disposition-Notification')).to.equal('display');
      expect(cpimHeader(cpim, imdn, 'Traffic-Type')).to.equal(undefined);
    });

    it('follows a declaration without prefix', () => {
      const cpim = parseCpim(fixture('cpim/canonical/default-namespace.cpim'));
      expect(cpimHeader(cpim, imdn, 'Message-ID')).to.equal('m-1');
      expect(cpimHeader(cpim, undefined, 'Subject')).to.equal('hello');
    });

    it('keeps a header of an undeclared prefix, and gives it no namespace', () => {
      const cpim = parseCpim(fixture('cpim/canonical/undeclared-prefix.cpim'));
      expect(cpimHeader(cpim, undefined, 'x.Thing')).to.equal('1');
    });

    it('takes parameters where they follow the colon, and a value with a semicolon where a blank stands between (RFC 3862 §3.1)', () => {
      const text = 'Subject:;lang=fr Objet\r\nSubject: ;-) hello\r\nx.Thing:;lang=fr 1\r\n\r\n\r\n';
      const cpim = parseCpim(Buffer.from(text));
      expect(cpimHeaders(cpim, undefined, 'Subject')).to.deep.equal(['Objet', ';-) hello']);
      expect(printCpim(cpim).toString()).to.equal(text);
    });

    it('keeps the content’s headers where the last empty line is missing (large message mode)', () => {
      const cpim = parseCpim(Buffer.from('From: <sip:a@b>\r\n\r\nContent-Type: image/png\r\n'));
      expect(cpimContentType(cpim)).to.equal('image/png');
      expect(cpim.content).to.have.length(0);
    });

    it('reads values as UTF-8', () => {
      const cpim = parseCpim(fixture('cpim/canonical/utf8-subject.cpim'));
      expect(cpimHeader(cpim, undefined, 'Subject')).to.equal('天気 🌤');
    });

    it('hands the content on as it is', () => {
      expect(parseCpim(fixture('cpim/canonical/binary-content.cpim')).content).to.deep.equal(
        Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
      );
    });
  });

  describe('tolerance', () => {
    for (const [name, bytes] of fixtures('cpim/tolerated')) {
      it(`${name}: is the same message`, () => {
        const cpim = parseCpim(bytes);
        expect(cpimHeader(cpim, undefined, 'From')).to.equal('<sip:anonymous@anonymous.invalid>');
        expect(cpimHeader(cpim, undefined, 'DateTime')).to.equal('2026-11-22T10:00:00.123Z');
        expect(cpimHeader(cpim, imdn, 'Message-ID')).to.equal('5a7cd2f0');
        expect(cpimHeader(cpim, imdn, 'Disposition-Notification')).to.equal('positive-delivery, display');
        expect(cpimContentType(cpim)).to.equal('text/plain');
        expect(decodedContent(cpim).toString()).to.equal('hello');
      });

      it(`${name}: prints canonically, and stays so`, () => {
        const printed = printCpim(parseCpim(bytes));
        expect(printCpim(parseCpim(printed))).to.deep.equal(printed);
      });
    }
  });

  describe('refusal', () => {
    const places: Readonly<Record<string, string>> = {
      'empty.cpim': 'end',
      'no-empty-line.cpim': 'end',
      'no-colon.cpim': 'line 1',
      'name-with-blank.cpim': 'line 2',
      'cr-in-value.cpim': 'line 2',
      'nul-in-value.cpim': 'byte 12',
      'ns-without-uri.cpim': 'NS',
      'latin1-header.cpim': 'headers',
      'content-without-mime-headers.cpim': 'line 1',
    };
    for (const [name, bytes] of fixtures('cpim/invalid')) {
      it(`${name} at ${places[name] ?? '?'}`, () => {
        expect(placeOfRefusal(() => parseCpim(bytes))).to.equal(places[name]);
      });
    }

    it('limits the bytes of the headers, whatever the content', () => {
      const head = 'From: <sip:a@b>\r\n\r\nContent-Type: text/plain\r\n\r\n';
      const limits = { maxHeaderBytes: head.length, maxHeaders: 10 };
      expect(parseCpim(Buffer.from(head + 'x'.repeat(1000)), limits).content).to.have.length(1000);
      const tight = { ...limits, maxHeaderBytes: head.length - 1 };
      expect(placeOfRefusal(() => parseCpim(Buffer.from(head + 'x'), tight))).to.equal('headers');
      expect(placeOfRefusal(() => parseCpim(Buffer.alloc(100_000, 'a')))).to.equal('headers');
    });

    it('limits the number of headers in either block', () => {
      const limits = { maxHeaderBytes: 1000, maxHeaders: 2 };
      const two = 'A: 1\r\nB: 2\r\n\r\n';
      expect(parseCpim(Buffer.from(two + two), limits).headers).to.have.length(2);
      expect(placeOfRefusal(() => parseCpim(Buffer.from(`C: 0\r\n${two}\r\n`), limits))).to.equal('line 3');
      expect(placeOfRefusal(() => parseCpim(Buffer.from(`${two}C: 0\r\n${two}`), limits))).to.equal('line 3');
    });

    it('cut anywhere: refused, or the headers and a shorter content', () => {
      const bytes = fixture('cpim/canonical/text.cpim');
      const whole = parseCpim(bytes);
      for (let length = 0; length < bytes.length; length++) {
        try {
          const part = parseCpim(bytes.subarray(0, length));
          expect(part.headers).to.deep.equal(whole.headers);
        } catch (error) {
          expect(error).to.have.property('name', 'DecodeError');
        }
      }
    });
  });

  describe('printing', () => {
    const content = Buffer.from('x');

    it('declares a namespace before its first use, under its usual prefix', () => {
      const headers = [
        { namespace: undefined, name: 'From', value: '<sip:a@b>' },
        { namespace: imdn, name: 'Message-ID', value: '1' },
        { namespace: imdn, name: 'Disposition-Notification', value: 'display' },
        { namespace: 'urn:mine', name: 'Thing', value: '2' },
        { namespace: 'urn:yours', name: 'Thing', value: '3', prefix: 'y' },
      ];
      expect(printCpim({ headers, contentHeaders: [], content }).toString()).to.equal(
        'From: <sip:a@b>\r\nNS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: 1\r\nimdn.Disposition-Notification: display\r\n' +
          'NS: n1 <urn:mine>\r\nn1.Thing: 2\r\nNS: y <urn:yours>\r\ny.Thing: 3\r\n\r\n\r\nx',
      );
    });

    for (const came of ['imdn<urn:ietf:params:imdn>', 'imdn  <urn:ietf:params:imdn>', 'imdn\t<urn:ietf:params:imdn>'])
      it(`writes a declaration as RFC 3862 §3.4 has it, however it came: ${JSON.stringify(came)}`, () => {
        const head = `\r\nimdn.Message-ID: 1\r\n\r\n\r\n`;
        expect(printCpim(parseCpim(Buffer.from(`NS: ${came}${head}`))).toString()).to.equal(
          `NS: imdn <urn:ietf:params:imdn>${head}`,
        );
      });

    it('keeps a header’s own prefix where two stand for its namespace', () => {
      const text = 'NS: a <urn:x>\r\nNS: b <urn:x>\r\na.One: 1\r\nb.Two: 2\r\n\r\n\r\n';
      expect(printCpim(parseCpim(Buffer.from(text))).toString()).to.equal(text);
    });

    it('uses no prefix that stands for another namespace by now', () => {
      const headers = [
        { namespace: undefined, name: 'NS', value: 'a <urn:x>' },
        { namespace: undefined, name: 'NS', value: 'a <urn:y>' },
        { namespace: 'urn:x', name: 'One', value: '1', prefix: 'a' },
      ];
      const cpim = parseCpim(printCpim({ headers, contentHeaders: [], content }));
      expect(cpimHeader(cpim, 'urn:x', 'One')).to.equal('1');
    });

    for (const evil of ['a\r\nEvil: 1', 'a\nEvil: 1', 'a\rEvil: 1']) {
      it(`lets no value break its line: ${JSON.stringify(evil)}`, () => {
        const inHeader = {
          headers: [{ namespace: undefined, name: 'Subject', value: evil }],
          contentHeaders: [],
          content,
        };
        const inMime = { headers: [], contentHeaders: [{ name: 'Content-Type', value: evil }], content };
        expect(placeOfRefusal(() => printCpim(inHeader))).to.equal('Subject');
        const inParameters = {
          headers: [{ namespace: undefined, name: 'To', value: '', parameters: evil }],
          contentHeaders: [],
          content,
        };
        expect(placeOfRefusal(() => printCpim(inParameters))).to.equal('To');
        const inNamespace = {
          headers: [{ namespace: `urn:${evil}`, name: 'To', value: '' }],
          contentHeaders: [],
          content,
        };
        expect(placeOfRefusal(() => printCpim(inNamespace))).to.equal('NS');
        expect(placeOfRefusal(() => printCpim(inMime))).to.equal('Content-Type');
      });
    }
  });

  it('round trip: what is printed is read as it was', () => {
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/).filter((n) => n !== 'NS');
    const value = fc.string({ unit: 'grapheme', maxLength: 40 }).map((v) => v.replace(/\p{C}|;/gu, '').trim());
    const header = fc.record({ namespace: fc.constantFrom(undefined, imdn, maap, 'urn:x'), name, value });
    const cpim = fc.record({
      headers: fc.array(header, { maxLength: 8 }),
      contentHeaders: fc.array(fc.record({ name, value }), { maxLength: 4 }),
      content: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    });
    const bare = ({ headers }: Cpim) =>
      headers.filter((h) => h.name !== 'NS').map((h) => [h.namespace, h.name, h.value] as const);
    fc.assert(
      fc.property(cpim, (made) => {
        const read = parseCpim(printCpim(made));
        expect(bare(read)).to.deep.equal(bare(made));
        expect(read.contentHeaders).to.deep.equal(made.contentHeaders);
        expect(read.content.equals(made.content)).to.equal(true);
      }),
    );
  });
});
