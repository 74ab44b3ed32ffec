import { expect } from 'chai';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { parseChatMessage } from '../../../lib/resources/chat-message.js';
import { parseStatusRequest } from '../../../lib/resources/message-status.js';
import { resourceRoots } from '../../../lib/resources/roots.js';
import { parseSubscription } from '../../../lib/resources/subscription.js';
import { parseXml, printXml } from '../../../lib/resources/forms/xml-form.js';
import { maxXmlDepth, maxXmlElements } from '../../../lib/resources/forms/xml-text.js';
import { refusal, refused } from '../failure.js';

const folder = new URL('../../../../spec/fixtures/rest/xml/', import.meta.url);
const fixture = (name: string) => readFileSync(new URL(name, folder), 'utf8');
const json = (name: string) => JSON.parse(fixture(name)) as object;
const ns = 'xmlns:chat="urn:oma:xml:rest:netapi:chat:1"';
const message = (inner: string) => `<chat:chatMessage ${ns}>${inner}</chat:chatMessage>`;

/** Any character but halves of surrogate pairs, the awkward ones more often. */
const character = fc.oneof(
  fc.constantFrom('\u0000', '\u0001', '\t', '\n', '\r', ' ', '&', '<', '>', ']', '"', '\u0085', '\u2028', '\ufffe'),
  fc
    .integer({ min: 0, max: 0x10_ffff })
    .filter((code) => code < 0xd800 || code > 0xdfff)
    .map((code) => String.fromCodePoint(code)),
);

describe('resources/forms/xml-form', () => {
  it('reads what clients send, to the same value as its JSON', () => {
    expect(parseChatMessage(parseXml(fixture('sent-message.xml')))).to.deep.equal(json('sent-message.json'));
    expect(parseSubscription('chat', parseXml(fixture('sent-subscription.xml')), 'XML')).to.deep.equal(
      json('sent-subscription.json'),
    );
  });

  for (const file of readdirSync(folder).filter((name) => /^given-.*\.xml$/.test(name))) {
    it(`prints ${file} byte for byte, and reads it again`, () => {
      const body = json(file.replace('.xml', '.json'));
      expect(printXml(body)).to.equal(fixture(file));
      expect(parseXml(fixture(file))).to.deep.equal(body);
    });
  }

  it('reads booleans, integers and URIs in every spelling of their types (XML Schema 2)', () => {
    const subscription = (url: string, duration: string, confirmed: string) =>
      parseSubscription(
        'chat',
        parseXml(
          `<chat:chatNotificationSubscription ${ns}><callbackReference><notifyURL>${url}</notifyURL></callbackReference>` +
            `<duration>${duration}</duration><confirmedChatSupported>${confirmed}</confirmedChatSupported>` +
            '</chat:chatNotificationSubscription>',
        ),
      );
    const read = { notifyURL: 'https://p.example/n', duration: 900, confirmedChatSupported: true };
    expect(subscription('\n  https://p.example/n\n', '+900', '1')).to.include(read);
    expect(subscription('https://p.example/n', ' 0900 ', ' true ')).to.include(read);
    expect(subscription('https://p.example/n', '000', '0')).to.include({ confirmedChatSupported: false });
    const refusals = [
      refused(() => subscription('https://p.example/n', '0x10', '1')),
      refused(() => subscription('https://p.example/n', '-0900', '1')),
      refused(() => subscription('https://p.example/n', '900', '01')),
      refused(() => subscription('https://p.example/a b', '900', '1')),
    ];
    expect(refusals.map((text) => text.replace(/.*\./, ''))).to.deep.equal([
      ...['duration', 'duration', 'confirmedChatSupported', 'notifyURL'],
    ]);
  });

  it('returns every text that XML can carry', () => {
    fc.assert(
      fc.property(fc.string({ unit: character, minLength: 1 }), (text) => {
        const read = parseChatMessage(parseXml(printXml({ chatMessage: { text } })));
        const bytes = read.contentEncoding === 'base64' ? Buffer.from(read.bodyText ?? '', 'base64') : read.text;
        expect(bytes?.toString()).to.equal(text);
      }),
    );
  });

  it('carries content with control characters as base64, and replaces them elsewhere', () => {
    expect(printXml({ chatMessage: { text: 'a\u0001' } })).to.contain(
      '<bodyText>YQE=</bodyText><contentType>text/plain;charset=utf-8</contentType><contentEncoding>base64</contentEncoding>',
    );
    expect(printXml({ chatMessage: { bodyText: '\u0001', contentType: 'a/b' } })).to.contain(
      '<bodyText>AQ==</bodyText><contentType>a/b</contentType>',
    );
    expect(printXml({ messageStatusReport: { status: 'Failed', description: 'a\u0000b\ud800' } })).to.contain(
      '<description>a\ufffdb\ufffd</description>',
    );
  });

  it('prints every root of the API in its namespace', () => {
    const apis = {
      ...{ requestError: 'common', resourceReference: 'common' },
      ...{ contactServiceCapabilities: 'capabilitydiscovery', contactServiceCapabilitiesList: 'capabilitydiscovery' },
      ...{ capabilitySource: 'capabilitydiscovery', capabilitySourceList: 'capabilitydiscovery' },
      ...{ capabilityNotification: 'capabilitydiscovery', adhocContactList: 'capabilitydiscovery' },
      ...{ capabilityNotificationSubscription: 'capabilitydiscovery' },
      ...{ capabilitySubscriptionList: 'capabilitydiscovery' },
      ...{ spamReport: 'spamreport', spamReportList: 'spamreport', spamReportNotification: 'spamreport' },
      ...{ spamReportNotificationSubscription: 'spamreport', spamReportSubscriptionList: 'spamreport' },
      ...{ privacyCommand: 'aliasmgmt', privacyCommandStatus: 'aliasmgmt', privacyCommandNotification: 'aliasmgmt' },
      ...{ aliasLinkNotification: 'aliasmgmt', aliasNotificationSubscription: 'aliasmgmt' },
      ...{ aliasSubscriptionList: 'aliasmgmt', notificationChannel: 'notificationchannel' },
      ...{ notificationChannelList: 'notificationchannel', notificationChannelLifetime: 'notificationchannel' },
    };
    const chat = Object.keys(resourceRoots).filter((root) => !Object.hasOwn(apis, root));
    expect(chat).to.have.length(12);
    const expected: readonly (readonly [string, string])[] = [
      ...Object.entries(apis),
      ...chat.map((root) => [root, 'chat'] as const),
    ];
    for (const [root, api] of expected)
      expect(printXml({ [root]: {} })).to.contain(`<${api}:${root} xmlns:${api}="urn:oma:xml:rest:netapi:${api}:1"`);
    expect(() => printXml({ other: {} })).to.throw(TypeError);
    expect(() => printXml({})).to.throw(TypeError);
  });

  const bad: [title: string, text: string, refusal: string][] = [
    ['nothing', '', 'SVC0002 XML'],
    ['no XML', '{"chatMessage":{}}', 'SVC0002 XML'],
    ['a document cut off', message('<text>x</text>').slice(0, -5), 'SVC0002 XML'],
    ['two roots', message('') + message(''), 'SVC0002 XML'],
    ['a document type', `<!DOCTYPE x>${message('<text>x</text>')}`, 'SVC0002 XML'],
    ['an entity', `<!DOCTYPE x [<!ENTITY e "x">]>${message('<text>&e;</text>')}`, 'SVC0002 XML'],
    ['an entity nobody declared', message('<text>&nbsp;</text>'), 'SVC0002 XML'],
    ['another encoding', `<?xml version="1.0" encoding="ISO-8859-1"?>${message('<text>x</text>')}`, 'SVC0002 XML'],
    ['a prefix nobody declared', '<chat:chatMessage><text>x</text></chat:chatMessage>', 'SVC0002 XML'],
    ['a control character', message('<text>&#1;</text>'), 'SVC0002 XML'],
    ['an unknown root', '<chat:other xmlns:chat="urn:oma:xml:rest:netapi:chat:1"/>', 'SVC0002 XML'],
    ['a root named like the prototype’s', '<constructor/>', 'SVC0002 XML'],
    ['a root without namespace', '<chatMessage><text>x</text></chatMessage>', 'SVC0002 chatMessage'],
    ['another namespace', message('').replace('netapi:chat:1', 'netapi:chat:2'), 'SVC0002 chatMessage'],
    ['a member twice', message('<text>x</text><text>y</text>'), 'SVC0002 chatMessage.text'],
    ['elements for a value', message('<text><b>x</b></text>'), 'SVC0002 chatMessage.text'],
    ['elements within a value', message('<text>x<b>y</b></text>'), 'SVC0002 chatMessage.text'],
    ['text between members', message('x<text>y</text>'), 'SVC0002 chatMessage'],
    ['a number that is none', message('<text>x</text><expiry>soon</expiry>'), 'SVC0002 chatMessage.expiry'],
    ['a member as an attribute', message('').replace('>', ' text="x">'), 'SVC0002 chatMessage.text'],
    ['members of another namespace', message('<o:text xmlns:o="urn:o">x</o:text>'), 'SVC0002 chatMessage.text'],
  ];
  for (const [title, text, expected] of bad) {
    it(`refuses ${title}`, () => {
      expect(refused(() => parseChatMessage(parseXml(text)))).to.equal(expected);
    });
  }

  it('names line and column', () => {
    expect(refusal(() => parseXml(`${message('')}\n<x`)).variables[1]).to.match(/^malformed at line 2, column \d+$/);
  });

  it('is limited in depth, elements and attributes [IWF-1617]', () => {
    const deep = (depth: number) => message('<a>'.repeat(depth - 1) + '</a>'.repeat(depth - 1));
    expect(parseXml(deep(maxXmlDepth))).to.deep.equal({ chatMessage: {} });
    expect(refusal(() => parseXml(deep(maxXmlDepth + 1))).variables[1]).to.contain('nested deeper');
    expect(refusal(() => parseXml(message('<a/>'.repeat(maxXmlElements)))).variables[1]).to.contain(
      'too many elements',
    );
    const attributes = (many: number) => Array.from({ length: many }, (_, n) => `a${n}=""`).join(' ');
    expect(refusal(() => parseXml(message(`<a ${attributes(65)}/>`))).variables[1]).to.contain('too many attributes');
    expect(refusal(() => parseXml(message(`<a ${attributes(20_000)}/>`))).variables[1]).to.contain(
      'too many attributes',
    );
  });

  it('compares enumerations without case, as JSON does, and without the white space around them', () => {
    const text = `<chat:messageStatusReport ${ns}><status>\n DISPLAYED </status></chat:messageStatusReport>`;
    expect(parseStatusRequest(parseXml(text))).to.equal('Displayed');
  });
});
