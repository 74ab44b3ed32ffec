import { expect } from 'chai';
import { parseBody, parseCpimBody, type BodyKind } from '../../lib/wire/body.js';
import { parseCpim } from '../../lib/wire/cpim.js';
import { fileTransferHttpContentType, parseFileTransferHttp } from '../../lib/wire/rcs/file-transfer-http.js';
import { parsePrivacy, privacyContentType } from '../../lib/wire/rcs/privacy.js';
import { fixture } from './fixtures.js';
import { placeOfRefusal } from './refusal.js';

describe('bodies', () => {
  const bodies: readonly (readonly [contentType: string, file: string, kind: BodyKind])[] = [
    ['message/cpim', 'cpim/canonical/text.cpim', 'cpim'],
    ['message/CPIM; charset=utf-8', 'cpim/canonical/text.cpim', 'cpim'],
    ['message/imdn+xml', 'imdn/canonical/delivery-delivered.xml', 'imdn'],
    ['application/im-iscomposing+xml', 'is-composing/canonical/active.xml', 'composing'],
    ['multipart/mixed;boundary=next', 'multipart/canonical/suggestions.bin', 'multipart'],
    ['application/vnd.gsma.rcs-ft-http+xml', 'rcs/file-transfer-http/canonical/file.xml', 'file'],
    ['application/vnd.gsma.rcsrevoke+xml', 'rcs/revoke/canonical/success.xml', 'revoke'],
    ['application/vnd.gsma.rcsspam-report+xml', 'rcs/spam-report/canonical/full.xml', 'spam-report'],
    ['application/vnd.gsma.rcsalias-mgmt+xml', 'rcs/privacy/canonical/aliason.xml', 'privacy'],
    ['application/vnd.gsma.rcslink-report+xml', 'rcs/link-report/elements.xml', 'link-report'],
    ['text/plain', 'imdn/canonical/delivery-delivered.xml', 'content'],
    ['toString', 'imdn/canonical/delivery-delivered.xml', 'content'],
    ['', 'imdn/canonical/delivery-delivered.xml', 'content'],
  ];
  for (const [contentType, file, kind] of bodies) {
    it(`${contentType} is ${kind}`, () => expect(parseBody(contentType, fixture(file)).kind).to.equal(kind));
  }

  it('is what the codec of its type makes of it', () => {
    const read = (contentType: string, file: string) => parseBody(contentType, fixture(file));
    const message = 'cpim/canonical/text.cpim';
    expect(read('message/cpim', message)).to.deep.equal({ kind: 'cpim', cpim: parseCpim(fixture(message)) });
    const file = 'rcs/file-transfer-http/canonical/file.xml';
    expect(read(fileTransferHttpContentType, file)).to.deep.equal({
      kind: 'file',
      file: parseFileTransferHttp(fixture(file)),
    });
    const command = 'rcs/privacy/canonical/aliason.xml';
    expect(read(privacyContentType, command)).to.deep.equal({
      kind: 'privacy',
      privacy: parsePrivacy(fixture(command)),
    });
  });

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
