import { expect } from 'chai';
import fc from 'fast-check';
import { parseSpamReport, printSpamReport } from '../../../lib/wire/rcs/spam-report.js';
import { fixture, fixtures } from '../fixtures.js';
import { placeOfRefusal } from '../refusal.js';

describe('spam report [IWF-706]', () => {
  for (const [name, bytes] of fixtures('rcs/spam-report/canonical')) {
    it(`${name}: parse and print give the same bytes`, () => {
      expect(printSpamReport(parseSpamReport(bytes)).toString()).to.equal(bytes.toString());
    });
  }

  it('reads all of it', () => {
    expect(parseSpamReport(fixture('rcs/spam-report/canonical/full.xml'))).to.deep.equal({
      chatbot: 'sip:shop@botplatform.example.net',
      messageIds: ['m-1', 'm-2'],
      spamType: 'fraud',
      freeText: 'too <many> offers',
    });
  });

  for (const [name, bytes] of fixtures('rcs/spam-report/tolerated')) {
    it(`${name}: an empty spam-type is none`, () => {
      expect(parseSpamReport(bytes)).to.deep.equal({
        chatbot: 'sip:shop@botplatform.example.net',
        messageIds: ['m-1'],
      });
    });
  }

  const places: Readonly<Record<string, string>> = {
    'too-many.xml': 'Message-ID',
    'other-root.xml': 'root',
    'wrong-namespace.xml': 'root',
    'truncated.xml': '2:66',
  };
  for (const [name, bytes] of fixtures('rcs/spam-report/invalid')) {
    it(`${name}: refused at ${places[name] ?? '?'}`, () => {
      expect(placeOfRefusal(() => parseSpamReport(bytes))).to.equal(places[name]);
    });
  }

  it('round trip', () => {
    const text = fc.stringMatching(/^[!-~]{1,30}$/);
    const report = fc.record(
      { chatbot: text, messageIds: fc.array(text, { maxLength: 10 }), spamType: text, freeText: text },
      { requiredKeys: ['messageIds'] },
    );
    fc.assert(fc.property(report, (made) => void expect(parseSpamReport(printSpamReport(made))).to.deep.equal(made)));
  });
});
