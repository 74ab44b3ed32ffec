import { expect } from 'chai';
import { isNamed as isNamedByEngine, reasonOf } from '../../lib/sip-engine/message/print.js';
import { isNamed, reasonPhrase } from '../../lib/sip/reason-phrase.js';

describe('the names of SIP statuses', () => {
  // A status without a name is counted as the x00 of its class, on either engine.
  it('are the same in the application and in the engine, which must not import each other', () => {
    const all = Array.from({ length: 600 }, (_, at) => 100 + at);
    const named = all.filter(isNamed);
    expect(named).to.include.members([200, 404, 407, 433, 491, 503, 606]);
    expect(all.filter(isNamedByEngine)).to.deep.equal(named);
    expect(named.map(reasonOf)).to.deep.equal(named.map(reasonPhrase));
  });
});
