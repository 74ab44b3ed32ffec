import { expect } from 'chai';
import { parseBody, parseCpimBody, type BodyKind } from '../../lib/wire/body.js';
import { parseCpim } from '../../lib/wire/cpim.js';
import { fixture } from './fixtures.js';
import { placeOfRefusal } from './refusal.js';

describe('bodies', () => {
  const bodies: readonly (readonly [contentType: string, file: string, kind: BodyKind])[] = [
    ['message/cpim', 'cpim/canonical/text.cpim', 'cpim'],
    ['message/CPIM; charset=utf-8', 'cpim/canonical/text.cpim', 'cpim'],
    ['message/imdn+xml', 'imdn/canonical/delivery-delivered.xml', 'imdn'],
    ['application/im-iscomposing+xml', 'is-composing/canonical/active.xml', 'composing'],
    ['multipart/mixed;boundary=next', 'multipart/canonical/suggestions.bin', 'multipart'],
    ['text/plain', 'imdn/canonical/delivery-delivered.xml', 'content'],
    ['toString', 'imdn/canonical/delivery-delivered.xml', 'content'],
    ['', 'imdn/canonical/delivery-delivered.xml', 'content'],
  ];
  for (const [contentType, file, kind] of bodies) {
    it(`${contentType} is ${kind}`, () => expect(parseBody(contentType, fixture(file)).kind).to.equal(kind));
  }

  it('what a CPIM message carries', () => {
    expect(parseCpimBody(parseCpim(fixture('cpim/canonical/receipt.cpim'))).kind).to.equal('imdn');
    expect(parseCpimBody(parseCpim(fixture('cpim/tolerated/base64.cpim')))).to.deep.equal({
      kind: 'content',
      contentType: 'text/plain',
      bytes: Buffer.from('hello'),
    });
  });

  it('a body that is not of its type is refused', () => {
    expect(placeOfRefusal(() => parseBody('message/imdn+xml', Buffer.from('hello')))).to.equal('1:5');
    expect(placeOfRefusal(() => parseBody('multipart/mixed', Buffer.from('hello')))).to.equal('boundary');
  });
});
