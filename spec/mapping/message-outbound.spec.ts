import { expect } from 'chai';
import fc from 'fast-check';
import { mapInboundMessage } from '../../lib/mapping/message-inbound.js';
import { dispositionsFor, mapOutboundMessage, outboundKind } from '../../lib/mapping/message-outbound.js';
import { ApiError } from '../../lib/resources/api-error.js';
import type { ChatMessage, ReportRequest } from '../../lib/resources/chat-message.js';
import { displayNameOf } from '../../lib/wire/address.js';
import { parseCpim, printCpim } from '../../lib/wire/cpim.js';

const envelope = { messageId: 'm-1', dateTime: '2026-11-22T10:00:00Z' };
const print = (message: ChatMessage) => printCpim(mapOutboundMessage(message, envelope)).toString();

function partOfError(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof ApiError && error.id === 'SVC0002') return error.variables[0];
    throw error;
  }
  return undefined;
}

/** RFC 3862 §3.6: no blank stands between a quoted Formal-name and the URI; strict readers refuse all of the message for one. */
const quotedNameAddress = /^"([ !#-[\]-~]|\P{ASCII}|\\["\\])*"<sip:anonymous@anonymous\.invalid>$/u;

describe('outbound messages', () => {
  it('text, with its requests and traffic type [IWF-1004]', () => {
    expect(print({ text: 'héllo', reportRequest: ['Delivered', 'Displayed'], trafficType: 'advertisement' })).to.equal(
      'From: <sip:anonymous@anonymous.invalid>\r\n' +
        'To: <sip:anonymous@anonymous.invalid>\r\n' +
        'NS: imdn <urn:ietf:params:imdn>\r\n' +
        'imdn.Message-ID: m-1\r\n' +
        'DateTime: 2026-11-22T10:00:00Z\r\n' +
        'imdn.Disposition-Notification: positive-delivery, display\r\n' +
        'NS: maap <http://www.gsma.com/rcs/maap/>\r\n' +
        'maap.Traffic-Type: advertisement\r\n' +
        '\r\n' +
        'Content-Type: text/plain;charset=UTF-8\r\n' +
        'Content-Length: 6\r\n' +
        '\r\n' +
        'héllo',
    );
  });

  it('bot JSON as it is, and binary content from base64', () => {
    const json = '{"b":1,\n "a":"é"}';
    const contentType = 'application/vnd.gsma.botmessage.v1.0+json';
    expect(mapOutboundMessage({ bodyText: json, contentType }, envelope).content.toString()).to.equal(json);
    const image: ChatMessage = { bodyText: 'iVD/\r\n', contentType: 'image/png', contentEncoding: 'base64' };
    expect(mapOutboundMessage(image, envelope).content).to.deep.equal(Buffer.from([0x89, 0x50, 0xff]));
  });

  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((text) => !/\p{C}/u.test(text));

  it('a sender’s name stands before the address, and is read again', () => {
    fc.assert(
      fc.property(name, (senderName) => {
        const cpim = parseCpim(Buffer.from(print({ text: 'x', senderName })));
        const from = cpim.headers.find(({ name }) => name === 'From')?.value ?? '';
        expect(from).to.match(quotedNameAddress);
        if (senderName.trim() !== '' && senderName.toLowerCase() !== 'anonymous')
          expect(displayNameOf(from)).to.equal(senderName);
      }),
    );
  });

  it('an envelope may name the parties', () => {
    const cpim = mapOutboundMessage({ text: 'x' }, { ...envelope, from: '<sip:bot@h>', to: '<tel:+15550100>' });
    expect(cpim.headers.slice(0, 2).map((h) => h.value)).to.deep.equal(['<sip:bot@h>', '<tel:+15550100>']);
  });

  describe('reportRequest becomes imdn.Disposition-Notification [IWF-222]', () => {
    const rows: readonly (readonly [ReportRequest[] | undefined, string])[] = [
      [undefined, 'negative-delivery'],
      [[], 'negative-delivery'],
      [['Delivered'], 'positive-delivery'],
      [['Failed'], 'negative-delivery'],
      [['Displayed'], 'display'],
      [['Interworked'], 'interworking'],
      [['Delivered', 'Delivered', 'Failed', 'Displayed'], 'positive-delivery negative-delivery display'],
      [['Sent', 'Expired', 'Revoked', 'RevokeFailed'], ''],
    ];
    for (const [asked, requests] of rows) {
      it(`${asked?.join() ?? 'none'}: ${requests}`, () => expect(dispositionsFor(asked).join(' ')).to.equal(requests));
    }
    it('nothing asked, no header', () => {
      expect(print({ text: 'x', reportRequest: ['Sent'] })).to.not.contain('Disposition-Notification');
    });
  });

  it('a receipt or typing state sent as a message asks for nothing', () => {
    const receipt: ChatMessage = { bodyText: '<imdn/>', contentType: 'message/imdn+xml', reportRequest: ['Delivered'] };
    expect(outboundKind(receipt)).to.equal('receipt');
    expect(print(receipt))
      .to.contain('Content-Disposition: notification\r\n')
      .and.not.contain('Disposition-Notification');
    const typing: ChatMessage = { bodyText: '<x/>', contentType: 'application/im-iscomposing+xml; charset=utf-8' };
    expect(outboundKind(typing)).to.equal('composing');
    expect(print(typing)).to.not.contain('Disposition-Notification');
    expect(outboundKind({ text: 'x' })).to.equal('message');
  });

  describe('refused with SVC0002 naming the part [IWF-116]', () => {
    const contentType = 'image/png';
    const fileTransfer = { file: { url: 'https://ft.example.com/f', size: 1, contentType } };
    const rows: readonly (readonly [part: string, ChatMessage])[] = [
      ['text', {}],
      ['bodyText', { text: 'x', bodyText: 'y', contentType }],
      ['fileTransfer', { text: 'x', fileTransfer }],
      ['fileTransfer', { bodyText: 'x', contentType, fileTransfer }],
      ['bodyText', { bodyText: 'not base64!', contentType, contentEncoding: 'base64' }],
      ['bodyText', { bodyText: '\ud800', contentType }],
      ['text', { text: 'a\udc00' }],
      ['contentType', { bodyText: 'x' }],
      ['contentType', { bodyText: 'x', contentType: 'png' }],
      ['contentType', { bodyText: 'x', contentType: 'image/png;x="a\r\nEvil: 1"' }],
      ['trafficType', { text: 'x', trafficType: 'a\r\nEvil: 1' }],
      ['trafficType', { text: 'x', trafficType: '' }],
    ];
    for (const [part, message] of rows) {
      it(`${part}: ${JSON.stringify(message)}`, () => {
        expect(partOfError(() => mapOutboundMessage(message, envelope))).to.equal(part);
      });
    }
  });

  it('round trip: what a bot sends comes back as it was [IWF-122]', () => {
    const text = fc.string({ unit: 'grapheme' }).map((text) => ({ text }));
    const body = fc.uint8Array().map((bytes) => {
      const bodyText = Buffer.from(bytes).toString('base64');
      return { bodyText, contentType: 'image/png', contentEncoding: 'base64' as const };
    });
    fc.assert(
      fc.property(fc.oneof(text, body), (message: ChatMessage) => {
        const cpim = parseCpim(printCpim(mapOutboundMessage(message, envelope)));
        const inbound = mapInboundMessage(cpim, {});
        expect(inbound.imdnMessageId).to.equal('m-1');
        expect(inbound.dateTime).to.equal(envelope.dateTime);
        const sent = mapOutboundMessage(message, envelope).content;
        expect(mapOutboundMessage(inbound.message, envelope).content.equals(sent)).to.equal(true);
      }),
    );
  });
});
