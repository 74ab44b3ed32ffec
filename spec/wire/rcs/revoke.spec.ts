import { expect } from 'chai';
import fc from 'fast-check';
import { defaultRevokeVocabulary, parseRevoke, printRevoke } from '../../../lib/wire/rcs/revoke.js';
import { fixture, fixtures } from '../fixtures.js';
import { placeOfRefusal } from '../refusal.js';

describe('revoke', () => {
  for (const [name, bytes] of fixtures('rcs/revoke/canonical')) {
    it(`${name}: parse and print give the same bytes`, () => {
      expect(printRevoke(parseRevoke(bytes)).toString()).to.equal(bytes.toString());
    });
  }

  const tolerated = [
    ['im-revoke.xml', { kind: 'request', messageId: 'm-1' }],
    ['nested.xml', { kind: 'answer', messageId: 'm-1', result: 'success' }],
    ['attributes.xml', { kind: 'answer', messageId: 'm-1', result: 'success' }],
    ['unknown-result.xml', { kind: 'answer', messageId: 'm-1', result: 'failed' }],
  ] as const;
  for (const [name, revoke] of tolerated) {
    it(`${name}: read by local names, whatever the root [IWF-414]`, () => {
      expect(parseRevoke(fixture(`rcs/revoke/tolerated/${name}`))).to.deep.equal(revoke);
    });
  }

  it('takes nothing from declarations of namespaces, xsi attributes and empty elements; blanks around a value are not part of it', () => {
    const document =
      '<r xmlns="urn:r" xmlns:from="urn:f" xmlns:xsi="urn:xsi" xsi:to="t" from=" sip:a@b "><result/><e:Message-ID> m-1 </e:Message-ID></r>';
    expect(parseRevoke(document)).to.deep.equal({ kind: 'request', messageId: 'm-1', from: 'sip:a@b' });
  });

  it('another network’s names come from its vocabulary [IWF-413]', () => {
    const vocabulary = {
      ...defaultRevokeVocabulary,
      requestRoot: 'imRevoke',
      messageId: 'imdn-id',
      namespace: 'urn:x',
    };
    const printed = printRevoke({ kind: 'request', messageId: 'm-1' }, vocabulary);
    expect(printed.toString()).to.contain('<imRevoke xmlns="urn:x"><imdn-id>m-1</imdn-id></imRevoke>');
    expect(parseRevoke(printed, vocabulary)).to.deep.equal({ kind: 'request', messageId: 'm-1' });
    const broken = { ...vocabulary, requestRoot: '1' };
    expect(placeOfRefusal(() => printRevoke({ kind: 'request', messageId: 'm' }, broken))).to.equal('vocabulary');
  });

  const places: Readonly<Record<string, string>> = {
    'no-message-id.xml': 'Message-ID',
    'truncated.xml': '2:69',
    'dtd.xml': '1:12',
  };
  for (const [name, bytes] of fixtures('rcs/revoke/invalid')) {
    it(`${name}: refused at ${places[name] ?? '?'}`, () => {
      expect(placeOfRefusal(() => parseRevoke(bytes))).to.equal(places[name]);
    });
  }

  it('round trip', () => {
    const text = fc.stringMatching(/^[!-~]{1,30}$/);
    const about = { messageId: text, from: text, to: text };
    const request = fc.record(
      { kind: fc.constant('request' as const), ...about },
      { requiredKeys: ['kind', 'messageId'] },
    );
    const result = fc.constantFrom('success' as const, 'failed' as const);
    const answer = fc.record(
      { kind: fc.constant('answer' as const), ...about, result },
      { requiredKeys: ['kind', 'messageId', 'result'] },
    );
    fc.assert(
      fc.property(fc.oneof(request, answer), (made) => void expect(parseRevoke(printRevoke(made))).to.deep.equal(made)),
    );
  });
});
