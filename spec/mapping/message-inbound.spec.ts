import { expect } from 'chai';
import { classifyInbound, inboundContent, mapInboundMessage } from '../../lib/mapping/message-inbound.js';
import { parseCpim } from '../../lib/wire/cpim.js';
import { fixture } from '../wire/fixtures.js';
import { placeOfRefusal } from '../wire/refusal.js';

const namespaces = 'NS: imdn <urn:ietf:params:imdn>\r\nNS: maap <http://www.gsma.com/rcs/maap/>\r\n';
const cpim = (headers: string, mime: string, content: string | Buffer) =>
  parseCpim(Buffer.concat([Buffer.from(`${namespaces}${headers}\r\n${mime}\r\n`), Buffer.from(content)]));

describe('inbound messages', () => {
  it('text, with all that receipts will need', () => {
    const headers =
      'From: <sip:anonymous@anonymous.invalid>\r\nTo: <sip:bot@h>\r\nimdn.Message-ID: m-1\r\nDateTime: 2026-11-22T10:00:00Z\r\n' +
      'imdn.Disposition-Notification: display, positive-delivery;x=1, something\r\nimdn.Disposition-Notification: interworking\r\n' +
      'imdn.IMDN-Record-Route: <sip:a@x>\r\nimdn.IMDN-Record-Route: <sip:b@x>\r\nimdn.Original-To: <sip:list@x>\r\nmaap.Traffic-Type: payment\r\n';
    const context = {
      conversationID: 'c',
      contributionID: 'd',
      inReplyToContributionID: 'e',
      senderName: 'Jo',
      expiry: 60,
    };
    expect(
      mapInboundMessage(cpim(headers, 'Content-Type: text/plain;charset=UTF-8\r\n', 'héllo'), context),
    ).to.deep.equal({
      message: { text: 'héllo', trafficType: 'payment', ...context },
      imdnMessageId: 'm-1',
      dateTime: '2026-11-22T10:00:00Z',
      asked: ['positive-delivery', 'display', 'interworking'],
      recordRoute: ['<sip:a@x>', '<sip:b@x>'],
      originalTo: '<sip:list@x>',
      from: '<sip:anonymous@anonymous.invalid>',
      to: '<sip:bot@h>',
    });
  });

  it('a message that says nothing of itself', () => {
    expect(mapInboundMessage(cpim('', '', 'hi'), {})).to.deep.equal({
      message: { text: 'hi' },
      asked: [],
      recordRoute: [],
    });
  });

  it('an empty header is as none: no two messages are one by an empty Message-ID', () => {
    const empty = cpim('From:\r\nimdn.Message-ID: \r\nDateTime:\r\n', '', 'hi');
    expect(mapInboundMessage(empty, {})).to.deep.equal({ message: { text: 'hi' }, asked: [], recordRoute: [] });
  });

  describe('content is handed on octet for octet', () => {
    const json = '{ "response": {"reply":{"displayText":"é"}} ,"x":1}\n';
    const rows = [
      ['text/plain', 'hi\r\n', { text: 'hi\r\n' }],
      ['text/plain; charset="utf-8"; format=flowed', '\ufeffhi\u0000', { text: '\ufeffhi\u0000' }],
      ['TEXT/PLAIN;Charset=us-ascii', 'hi', { text: 'hi' }],
      ['text/plain;charset=UTF8', 'é', { text: 'é' }],
      ['text/plain', Buffer.from([0xe9]), { contentType: 'text/plain', contentEncoding: 'base64', bodyText: '6Q==' }],
      [
        'text/plain;charset=iso-8859-1',
        'hi',
        { contentType: 'text/plain;charset=iso-8859-1', contentEncoding: 'utf8', bodyText: 'hi' },
      ],
      [
        'application/vnd.gsma.botsuggestion.response.v1.0+json',
        json,
        {
          contentType: 'application/vnd.gsma.botsuggestion.response.v1.0+json',
          contentEncoding: 'utf8',
          bodyText: json,
        },
      ],
      // A parameter that is none: the bot gets the type as it came.
      [
        'text/plain; charset',
        'hello',
        { contentType: 'text/plain; charset', contentEncoding: 'utf8', bodyText: 'hello' },
      ],
      [
        'image/png',
        Buffer.from([0x89, 0x50, 0xff]),
        { contentType: 'image/png', contentEncoding: 'base64', bodyText: 'iVD/' },
      ],
    ] as const;
    for (const [type, content, message] of rows) {
      it(`${type} ${JSON.stringify(content).slice(0, 30)}`, () => {
        expect(inboundContent(type, Buffer.from(content))).to.deep.equal(message);
      });
    }

    it('base64 of the CPIM is undone', () => {
      expect(mapInboundMessage(parseCpim(fixture('cpim/tolerated/base64.cpim')), {}).message).to.deep.equal({
        text: 'hello',
      });
    });
  });

  describe('classified first', () => {
    it('content', () => {
      expect(classifyInbound(cpim('', 'Content-Type: image/png\r\n', 'x'))).to.deep.equal({ kind: 'message' });
      expect(classifyInbound(cpim('', '', 'x'))).to.deep.equal({ kind: 'message' });
      expect(classifyInbound(cpim('', 'Content-Type: message/cpim\r\n', 'x'))).to.deep.equal({ kind: 'message' });
    });
    it('a receipt', () => {
      const inbound = classifyInbound(parseCpim(fixture('cpim/canonical/receipt.cpim')));
      expect(inbound).to.deep.include({ kind: 'receipts' });
      expect(inbound).to.have.nested.property('imdns[0].messageId', 'm-1');
    });
    it('several receipts in one (RFC 5438 §7.1.4)', () => {
      const inbound = classifyInbound(parseCpim(fixture('cpim/canonical/aggregated-receipts.cpim')));
      expect(inbound).to.have.nested.property('imdns.length', 2);
      expect(inbound).to.have.nested.property('imdns[0].messageId', 'm-1');
      expect(inbound).to.have.nested.property('imdns[1].messageId', 'm-2');
      expect(inbound).to.have.nested.property('imdns[1].disposition.status', 'displayed');
    });
    it('content beside a receipt is content', () => {
      const mixed = fixture('cpim/canonical/aggregated-receipts.cpim')
        .toString()
        .replace('message/imdn+xml', 'text/plain');
      expect(classifyInbound(parseCpim(Buffer.from(mixed)))).to.deep.equal({ kind: 'message' });
    });
    it('typing', () => {
      const active = fixture('is-composing/canonical/active.xml');
      expect(classifyInbound(cpim('', 'Content-type: Application/im-iscomposing+XML\r\n', active))).to.deep.equal({
        kind: 'composing',
        composing: { state: 'active', contentType: 'text/plain', refresh: 90 },
      });
    });
    it('a receipt that is none is refused', () => {
      expect(placeOfRefusal(() => classifyInbound(cpim('', 'Content-Type: message/imdn+xml\r\n', '<a/>')))).to.equal(
        'root',
      );
    });
    it('a required header that nobody understands is refused (RFC 3862 §4.6) [IWF-121]', () => {
      const require = (name: string) =>
        cpim(`imdn.Message-ID: 1\r\nRequire: ${name}\r\nNS: x <urn:x>\r\nx.Y: 1\r\n`, '', 'x');
      expect(classifyInbound(require('imdn.Message-ID')).kind).to.equal('message');
      expect(placeOfRefusal(() => classifyInbound(require('imdn.Message-ID, x.Y')))).to.equal('Require');
      const undeclared = cpim('q.Z: 1\r\nRequire: q.Z\r\n', '', 'x');
      expect(placeOfRefusal(() => classifyInbound(undeclared))).to.equal('Require');
      expect(placeOfRefusal(() => classifyInbound(require('Z')))).to.equal('Require');
    });
  });
});
