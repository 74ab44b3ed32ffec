import { expect } from 'chai';
import { parseLinkReport } from '../../../lib/wire/rcs/link-report.js';
import { fixture } from '../fixtures.js';
import { placeOfRefusal } from '../refusal.js';

describe('alias link report [IWF-902]', () => {
  const rows = [
    ['elements.xml', { alias: 'sip:Ab9@alias.example.net', userAddress: 'tel:+15550100' }],
    ['tk.xml', { alias: 'sip:Ab9@alias.example.net;tk=on', userAddress: 'sip:+15550100@home.example' }],
    ['attributes.xml', { alias: 'sip:Ab9@alias.example.net', userAddress: 'tel:+15550100' }],
    ['nothing.xml', {}],
  ] as const;
  for (const [name, report] of rows) {
    it(name, () => expect(parseLinkReport(fixture(`rcs/link-report/${name}`))).to.deep.equal(report));
  }

  it('what is no XML is refused', () => {
    expect(placeOfRefusal(() => parseLinkReport('alias=sip:a@b'))).to.equal('1:13');
    expect(placeOfRefusal(() => parseLinkReport(Buffer.from([0xff])))).to.equal('document');
  });
});
