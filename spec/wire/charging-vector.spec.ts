import { expect } from 'chai';
import { parseChargingVector, printChargingVector } from '../../lib/wire/charging-vector.js';
import { DecodeError } from '../../lib/wire/decode-error.js';

describe('P-Charging-Vector', () => {
  for (const text of [
    'icid-value=1234bc9876e',
    'icid-value="AyretyU0dm+6O2IrT5tAFrbHLso=";orig-ioi=home1.net;term-ioi=home2.net',
    'icid-value=x;orig-ioi=""',
    `icid-value=${'x'.repeat(1024 - 'icid-value='.length)}`,
    'icid-value="a;\\"b";icid-generated-at=192.0.6.8;orig-ioi=home1.net',
  ]) {
    it(`reads and prints ${text.slice(0, 60)}`, () => {
      expect(printChargingVector(parseChargingVector(text))).to.equal(text);
    });
  }

  it('reads names in any case, and blanks around them', () => {
    expect(parseChargingVector(' ICID-Value = x ; Orig-IOI="a.net" ')).to.deep.equal({
      icid: 'x',
      origIoi: 'a.net',
      termIoi: undefined,
      others: [],
    });
  });

  for (const [text, place] of [
    ['', 'icid-value'],
    ['orig-ioi=home1.net', 'icid-value'],
    ['icid-value="a\\"b"; orig-ioi=home1.net;y"', 'parameter'],
    ['icid-value=a;x="', 'parameter'],
    ['icid-value=a;x="b"c', 'parameter'],
    ['icid-value=a;x="b\\"', 'parameter'],
    ['icid-value=a b', 'parameter'],
    [`icid-value=${'x'.repeat(1025 - 'icid-value='.length)}`, 'value'],
  ] as const) {
    it(`refuses ${text.slice(0, 30)}`, () => {
      expect(() => parseChargingVector(text))
        .to.throw(DecodeError)
        .with.property('place', place);
    });
  }
});
