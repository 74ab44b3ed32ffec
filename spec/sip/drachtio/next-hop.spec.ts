import { expect } from 'chai';
import { withTransport } from '../../../lib/sip/drachtio/next-hop.js';

describe('the transport of a next hop that names none (RFC 3263 §4.1)', () => {
  for (const [nextHop, expected] of [
    ['sip:192.0.2.1', 'sip:192.0.2.1;transport=udp'],
    ['sip:192.0.2.1:5070;lr', 'sip:192.0.2.1:5070;lr;transport=udp'],
    ['sip:[2001:db8::1]', 'sip:[2001:db8::1];transport=udp'],
    ['sip:sbc.example.net:5060', 'sip:sbc.example.net:5060;transport=udp'],
    ['sips:sbc.example.net', 'sips:sbc.example.net;transport=tls'],
    ['sip:sbc.example.net', 'sip:sbc.example.net'],
    ['sip:192.0.2.1;Transport=TCP', 'sip:192.0.2.1;Transport=TCP'],
    ['not a URI', 'not a URI'],
  ] as const) {
    it(nextHop, () => expect(withTransport(nextHop)).to.equal(expected));
  }
});
