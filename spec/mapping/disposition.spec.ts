import { expect } from 'chai';
import { isReceiptAsked, mapReceipt, receiptOfRequest, statusOfImdn } from '../../lib/mapping/disposition.js';
import { mapInboundMessage } from '../../lib/mapping/message-inbound.js';
import { parseCpim, printCpim } from '../../lib/wire/cpim.js';
import { parseImdn } from '../../lib/wire/imdn.js';
import { fixture } from '../wire/fixtures.js';

describe('dispositions', () => {
  describe('a user’s receipt changes the status [IWF-216]', () => {
    const rows = [
      ['delivery-delivered', 'Delivered', undefined],
      ['delivery-failed', 'Failed', 'IMDN delivery failed'],
      ['delivery-forbidden', 'Failed', 'IMDN delivery forbidden'],
      ['delivery-error', 'Failed', 'IMDN delivery error'],
      ['display-displayed', 'Displayed', undefined],
      ['display-forbidden', undefined, undefined],
      ['display-error', undefined, undefined],
      ['processing-processed', undefined, undefined],
      ['processing-stored', undefined, undefined],
      ['processing-forbidden', undefined, undefined],
      ['processing-error', undefined, undefined],
      ['interworking-interworked', 'Interworked', 'IMDN interworking interworked'],
      ['interworking-legacy-sms', 'Interworked', 'IMDN interworking legacy-sms'],
      ['interworking-legacy-mms', 'Interworked', 'IMDN interworking legacy-mms'],
      ['interworking-error', 'Failed', 'IMDN interworking error'],
    ] as const;
    for (const [name, status, description] of rows) {
      it(`${name}: ${status ?? 'nothing'}`, () => {
        const change = statusOfImdn(parseImdn(fixture(`imdn/canonical/${name}.xml`)));
        expect(change?.status).to.equal(status);
        expect(change?.description).to.equal(description);
      });
    }
  });

  const headers =
    'From: <sip:user@x>\r\nTo: <sip:bot@x>\r\nNS: i <urn:ietf:params:imdn>\r\ni.Message-ID: m-1\r\nDateTime: 2026-11-22T10:00:00.5+01:00\r\n' +
    'i.Disposition-Notification: positive-delivery, negative-delivery\r\ni.IMDN-Record-Route: <sip:a@x>\r\ni.IMDN-Record-Route: <sip:b@x>\r\n';
  const inbound = (extra = '') => mapInboundMessage(parseCpim(Buffer.from(`${headers}${extra}\r\n\r\nhi`)), {});
  const envelope = { messageId: 'r-1', dateTime: '2026-11-22T10:00:07Z' };
  const print = (receipt: ReturnType<typeof mapReceipt>) =>
    receipt === undefined ? '' : printCpim(receipt).toString();

  it('a receipt repeats Message-ID and DateTime, goes back along the route, and asks for nothing [IWF-205][IWF-219]', () => {
    expect(print(mapReceipt(inbound(), 'delivered', envelope))).to.equal(
      'From: <sip:bot@x>\r\nTo: <sip:user@x>\r\nNS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: r-1\r\nDateTime: 2026-11-22T10:00:07Z\r\n' +
        'imdn.IMDN-Route: <sip:a@x>\r\nimdn.IMDN-Route: <sip:b@x>\r\n\r\n' +
        'Content-Type: message/imdn+xml\r\nContent-Disposition: notification\r\nContent-Length: 240\r\n\r\n' +
        '<?xml version="1.0" encoding="UTF-8"?>\n<imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>m-1</message-id>' +
        '<datetime>2026-11-22T10:00:00.5+01:00</datetime><delivery-notification><status><delivered/></status></delivery-notification></imdn>',
    );
  });

  it('displayed and failed', () => {
    expect(print(mapReceipt(inbound(), 'displayed', envelope))).to.contain(
      '<display-notification><status><displayed/>',
    );
    expect(print(mapReceipt(inbound(), 'failed', envelope))).to.contain('<delivery-notification><status><failed/>');
  });

  it('Original-To becomes original-recipient-uri [IWF-220]', () => {
    for (const value of ['<sip:list@x>', 'sip:list@x', 'L <sip:list@x>']) {
      const receipt = mapReceipt(inbound(`i.Original-To: ${value}\r\n`), 'delivered', envelope);
      expect(print(receipt)).to.contain('<original-recipient-uri>sip:list@x</original-recipient-uri>');
    }
  });

  it('original-recipient-uri stands behind recipient-uri, and neither without the other (RFC 5438 §11.1)', () => {
    const both = '<recipient-uri>sip:bot@x</recipient-uri><original-recipient-uri>sip:list@x</original-recipient-uri>';
    const receipt = mapReceipt(inbound('i.Original-To: <sip:list@x>\r\n'), 'delivered', envelope);
    expect(print(receipt)).to.contain(`</datetime>${both}<delivery-notification>`);
    const toNobody = { message: {}, asked: [], recordRoute: [], imdnMessageId: 'm-1', originalTo: '<sip:list@x>' };
    expect(print(mapReceipt(toNobody, 'delivered', envelope))).to.contain('<recipient-uri>sip:list@x<');
    expect(print(mapReceipt(inbound(), 'delivered', envelope))).not.to.contain('recipient-uri');
  });

  it('of a message without DateTime it holds its own; of one without Message-ID there is none', () => {
    const bare = { message: { text: 'x' }, asked: [], recordRoute: [] };
    expect(print(mapReceipt({ ...bare, imdnMessageId: 'm' }, 'delivered', envelope))).to.contain(
      '<datetime>2026-11-22T10:00:07Z</datetime>',
    );
    expect(mapReceipt(bare, 'delivered', envelope)).to.equal(undefined);
  });

  it('an envelope may name the parties', () => {
    expect(print(mapReceipt(inbound(), 'delivered', { ...envelope, to: '<sip:c@d>' }))).to.match(
      /^From: <sip:bot@x>\r\nTo: <sip:c@d>/,
    );
  });

  it('only what was asked for is sent [IWF-214]', () => {
    expect(isReceiptAsked(inbound(), 'delivered')).to.equal(true);
    expect(isReceiptAsked(inbound(), 'failed')).to.equal(true);
    expect(isReceiptAsked(inbound(), 'displayed')).to.equal(false);
    const nameless = { message: {}, asked: ['positive-delivery' as const], recordRoute: [] };
    expect(isReceiptAsked(nameless, 'delivered')).to.equal(false);
    expect(receiptOfRequest('Delivered')).to.equal('delivered');
    expect(receiptOfRequest('Displayed')).to.equal('displayed');
  });
});
