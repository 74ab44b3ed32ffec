import { expect } from 'chai';
import fc from 'fast-check';
import { parseIsComposing, printIsComposing } from '../../lib/wire/is-composing.js';
import { fixture, fixtures } from './fixtures.js';
import { placeOfRefusal } from './refusal.js';

describe('is-composing', () => {
  for (const [name, bytes] of fixtures('is-composing/canonical')) {
    it(`${name}: parse and print give the same bytes`, () => {
      expect(printIsComposing(parseIsComposing(bytes)).toString()).to.equal(bytes.toString());
    });
  }

  const tolerated = [
    ['rfc3994-5-active.xml', { state: 'active', contentType: 'text/plain', refresh: 90 }],
    ['rfc3994-5-idle.xml', { state: 'idle', lastActive: '2003-01-27T10:43:00Z', contentType: 'audio' }],
    ['other-order.xml', { state: 'active', refresh: 60 }],
    ['unknown-state.xml', { state: 'idle' }],
    ['bad-refresh.xml', { state: 'active' }],
  ] as const;
  for (const [name, state] of tolerated) {
    it(name, () => expect(parseIsComposing(fixture(`is-composing/tolerated/${name}`))).to.deep.equal(state));
  }

  it('a refresh that is no number of seconds is as none', () => {
    for (const refresh of ['60s', 'x60', '0', '-1', '1234567890'])
      expect(
        parseIsComposing(`<isComposing><state>active</state><refresh>${refresh}</refresh></isComposing>`),
      ).to.deep.equal({ state: 'active' });
  });

  const places: Readonly<Record<string, string>> = {
    'no-state.xml': 'state',
    'other-root.xml': 'root',
    'wrong-namespace.xml': 'root',
    'truncated.xml': '2:21',
  };
  for (const [name, bytes] of fixtures('is-composing/invalid')) {
    it(`${name}: refused at ${places[name] ?? '?'}`, () => {
      expect(placeOfRefusal(() => parseIsComposing(bytes))).to.equal(places[name]);
    });
  }

  it('round trip', () => {
    const text = fc.stringMatching(/^[!-~]{1,30}$/);
    const state = fc.record(
      {
        state: fc.constantFrom('active' as const, 'idle' as const),
        lastActive: text,
        contentType: text,
        refresh: fc.integer({ min: 1, max: 999_999 }),
      },
      { requiredKeys: ['state'] },
    );
    fc.assert(fc.property(state, (made) => void expect(parseIsComposing(printIsComposing(made))).to.deep.equal(made)));
  });
});
