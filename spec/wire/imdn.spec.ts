import { expect } from 'chai';
import fc from 'fast-check';
import { imdnStatuses, parseImdn, printImdn, type ImdnDisposition } from '../../lib/wire/imdn.js';
import { fixture, fixtures } from './fixtures.js';
import { placeOfRefusal } from './refusal.js';

describe('IMDN', () => {
  for (const [name, bytes] of fixtures('imdn/canonical')) {
    it(`${name}: parse and print give the same bytes`, () => {
      const imdn = parseImdn(bytes);
      expect(imdn.messageId).to.equal('34jk324j');
      expect(printImdn(imdn).toString()).to.equal(bytes.toString());
    });
  }

  it('reads every element', () => {
    expect(parseImdn(fixture('imdn/canonical/all-elements.xml'))).to.deep.equal({
      messageId: '34jk324j',
      dateTime: '2006-04-04T12:16:49-05:00',
      recipientUri: 'im:bob@example.com',
      originalRecipientUri: 'im:bob@example.com',
      subject: 'a & b <c>',
      disposition: { notification: 'display', status: 'displayed' },
    });
  });

  const interworked: readonly (readonly [string, ImdnDisposition])[] = [
    [
      'canonical/interworking-legacy-sms.xml',
      { notification: 'interworking', status: 'interworked', as: 'legacy-sms' },
    ],
    ['canonical/interworking-interworked.xml', { notification: 'interworking', status: 'interworked' }],
    ['canonical/interworking-error.xml', { notification: 'interworking', status: 'error' }],
    ['tolerated/interworked-in-delivery.xml', { notification: 'interworking', status: 'interworked' }],
    ['tolerated/legacy-prefixed.xml', { notification: 'interworking', status: 'interworked', as: 'legacy-sms' }],
  ];
  for (const [name, disposition] of interworked) {
    it(`${name}: knows the interworking extension by local names [IWF-225]`, () => {
      expect(parseImdn(fixture(`imdn/${name}`)).disposition).to.deep.equal(disposition);
    });
  }

  const delivered = ['rfc5438-7.2.1.2.xml', 'no-datetime.xml', 'other-order.xml', 'prefixed.xml', 'no-namespace.xml'];
  for (const name of delivered) {
    it(`${name}: is a delivery of the same message`, () => {
      const imdn = parseImdn(fixture(`imdn/tolerated/${name}`));
      expect(imdn.messageId).to.equal('34jk324j');
      expect(imdn.disposition).to.deep.equal({ notification: 'delivery', status: 'delivered' });
      expect(imdn.dateTime).to.equal(name.startsWith('rfc') ? '2008-04-04T12:16:49-05:00' : undefined);
    });
  }

  const places: Readonly<Record<string, string>> = {
    'no-message-id.xml': 'message-id',
    'no-notification.xml': 'imdn',
    'unknown-status.xml': 'delivery-notification',
    'empty-status.xml': 'display-notification',
    'wrong-namespace.xml': 'root',
    'other-root.xml': 'root',
    'truncated.xml': '2:51',
    'dtd.xml': '1:33',
  };
  for (const [name, bytes] of fixtures('imdn/invalid')) {
    it(`${name}: refused at ${places[name] ?? '?'} [IWF-226]`, () => {
      expect(placeOfRefusal(() => parseImdn(bytes))).to.equal(places[name]);
    });
  }

  it('round trip', () => {
    const text = fc
      .string({ minLength: 1, maxLength: 30 })
      .map((t) => t.trim())
      .filter((t) => /^[!-~ ]+$/.test(t));
    const dispositions = Object.entries(imdnStatuses).flatMap(([notification, statuses]) =>
      statuses.map((status) => ({ notification, status }) as ImdnDisposition),
    );
    const imdn = fc.record(
      {
        messageId: text,
        dateTime: text,
        recipientUri: text,
        originalRecipientUri: text,
        subject: text,
        disposition: fc.constantFrom(...dispositions),
      },
      { requiredKeys: ['messageId', 'disposition'] },
    );
    fc.assert(fc.property(imdn, (made) => void expect(parseImdn(printImdn(made))).to.deep.equal(made)));
  });
});
