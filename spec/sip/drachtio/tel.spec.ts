import { expect } from 'chai';
import { withoutTel } from '../../../lib/sip/drachtio/tel.js';

describe('a number as a SIP URI at the next hop (RFC 3261 §19.1.6)', () => {
  const at = (uri: string, nextHop?: string): string | undefined =>
    withoutTel({ method: 'MESSAGE', uri, headers: [], ...(nextHop === undefined ? {} : { nextHop }) })?.uri;

  for (const [uri, nextHop, expected] of [
    ['tel:+15550100001', 'sip:192.0.2.1:5070;transport=tcp', 'sip:+15550100001@192.0.2.1:5070;user=phone'],
    ['TEL:+1-555(0100)', 'sips:sbc.example.net', 'sip:+1-555(0100)@sbc.example.net;user=phone'],
    [
      'tel:110;phone-context=+49',
      'sip:[2001:db8::1]:5060',
      'sip:110%3Bphone-context=+49@[2001:db8::1]:5060;user=phone',
    ],
    ['tel:*21#;phone-context=a.example', 'sip:h', 'sip:*21%23%3Bphone-context=a.example@h;user=phone'],
    ['tel:+15550100001;cpc=ordinary', 'sip:h', 'sip:+15550100001@h;user=phone'],
    ['sip:+15550100001@ims.example.net;user=phone', 'sip:h', 'sip:+15550100001@ims.example.net;user=phone'],
  ] as const) {
    it(uri, () => expect(at(uri, nextHop)).to.equal(expected));
  }

  it('leads nowhere without a next hop', () => {
    expect(at('tel:+15550100001')).to.equal(undefined);
    expect(at('tel:+15550100001', 'not a URI')).to.equal(undefined);
    expect(at('sip:a@b')).to.equal('sip:a@b');
  });
});
