import { expect } from 'chai';
import { headerList, isSendable, parseHeaderList } from '../../lib/sip/header-list.js';

describe('header list', () => {
  const text = [
    'Via: SIP/2.0/UDP a;branch=z9hG4bK1',
    'v: SIP/2.0/UDP b;branch=z9hG4bK2',
    'P-Asserted-Identity: <sip:a@x>, <tel:+1>',
    'X-empty:',
    'SUBJECT  :  white   space ',
    'Subject: folded',
    '\tonce',
    '  and again',
    'no colon here',
    'm: <sip:c@d;transport=tcp>',
  ].join('\r\n');

  it('keeps order, repetition and the names as they stood', () => {
    expect(parseHeaderList(text).lines).to.deep.equal([
      ['Via', 'SIP/2.0/UDP a;branch=z9hG4bK1'],
      ['v', 'SIP/2.0/UDP b;branch=z9hG4bK2'],
      ['P-Asserted-Identity', '<sip:a@x>, <tel:+1>'],
      ['X-empty', ''],
      ['SUBJECT', 'white   space'],
      ['Subject', 'folded once and again'],
      ['m', '<sip:c@d;transport=tcp>'],
    ]);
  });

  it('finds by long and compact name in any case', () => {
    const headers = parseHeaderList(text);
    expect(headers.get('contact')).to.equal('<sip:c@d;transport=tcp>');
    expect(headers.get('M')).to.equal('<sip:c@d;transport=tcp>');
    expect(headers.all('via')).to.have.length(2);
    expect(headers.all('subject')).to.deep.equal(['white   space', 'folded once and again']);
    expect(headers.get('p-asserted-identity')).to.equal('<sip:a@x>, <tel:+1>');
    expect(headers.get('x-empty')).to.equal('');
    expect(headers.get('To')).to.equal(undefined);
    expect(headerList([['c', 'text/plain']]).get('Content-Type')).to.equal('text/plain');
  });

  it('lets no value end its line or the message, and no name be anything but a token', () => {
    expect(isSendable(['X', 'ordinary; "value" äöü'])).to.equal(true);
    for (const value of ['a\r\nB: c', 'a\nB: c', 'a\rb', 'a\0b']) expect(isSendable(['X', value])).to.equal(false);
    for (const name of ['', 'a b', 'a:', 'ä', 'a\r\n']) expect(isSendable([name, 'v'])).to.equal(false);
  });
});
