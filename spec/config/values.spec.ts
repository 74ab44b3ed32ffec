import { expect } from 'chai';
import { isDomain, parseBlock, parseListen, valuesOf } from '../../lib/config/values.js';

describe('config/values', () => {
  for (const [text, listen] of [
    ['udp/127.0.0.1:5060', { protocol: 'udp', host: '127.0.0.1', port: 5060 }],
    ['tcp/[::1]:5060', { protocol: 'tcp', host: '::1', port: 5060 }],
    ['tls/[::ffff:192.0.2.1]:0', { protocol: 'tls', host: '::ffff:192.0.2.1', port: 0 }],
    ['udp/gw.example.net:65535', { protocol: 'udp', host: 'gw.example.net', port: 65_535 }],
    ['udp/127.0.0.1:65536', undefined],
    ['udp/:5060', undefined],
    ['udp/127.0.0.1', undefined],
    ['udp/127.0.0.1:', undefined],
    ['udp/::1:5060', undefined],
    ['udp/[127.0.0.1]:5060', undefined],
    ['sctp/127.0.0.1:5060', undefined],
    ['xudp/127.0.0.1:5060', undefined],
    ['udp/127.0.0.1:5060x', undefined],
  ] as const)
    it(`listen ${text}: ${listen === undefined ? 'none' : JSON.stringify(listen)}`, () =>
      expect(parseListen(text)).to.deep.equal(listen));

  for (const [text, block] of [
    ['192.0.2.1', { address: '192.0.2.1', prefix: 32, family: 'ipv4' }],
    ['192.0.2.0/24', { address: '192.0.2.0', prefix: 24, family: 'ipv4' }],
    ['0.0.0.0/0', { address: '0.0.0.0', prefix: 0, family: 'ipv4' }],
    ['2001:db8::1', { address: '2001:db8::1', prefix: 128, family: 'ipv6' }],
    ['2001:db8::/32', { address: '2001:db8::', prefix: 32, family: 'ipv6' }],
    ['192.0.2.0/33', undefined],
    ['2001:db8::/129', undefined],
    ['gw.example.net', undefined],
  ] as const)
    it(`block ${text}: ${block === undefined ? 'none' : JSON.stringify(block)}`, () =>
      expect(parseBlock(text)).to.deep.equal(block));

  it('parts who is trusted by address from who is by name', () => {
    const trustedPeers = ['192.0.2.0/24', 'sbc.example.net', '2001:db8::1'];
    const rest = { trustedProxies: ['192.0.2.9'] };
    const complete = {
      rest,
      sip: { listen: ['udp/[::1]:5060', 'none'], trustedPeers },
      msrp: { connectTo: ['192.0.2.1'] },
    };
    const { sip, msrp, rest: parsed } = valuesOf(complete as never);
    expect(parsed).to.deep.equal({ trustedProxies: [{ address: '192.0.2.9', prefix: 32, family: 'ipv4' }] });
    expect(sip.trustedNames).to.deep.equal(['sbc.example.net']);
    expect(sip.trustedPeers.map(({ address, prefix }) => `${address}/${prefix}`)).to.deep.equal([
      '192.0.2.0/24',
      '2001:db8::1/128',
    ]);
    expect(sip.listen).to.deep.equal([{ protocol: 'udp', host: '::1', port: 5060 }]);
    expect(msrp).to.deep.equal({
      connectTo: [{ address: '192.0.2.1', prefix: 32, family: 'ipv4' }],
      trustedPeers: [],
    });
  });

  it('tells a domain from an address, and from a pattern', () => {
    for (const domain of ['gw.example.net', 'a-b.c-d', 'x.y1']) expect(isDomain(domain), domain).to.equal(true);
    for (const none of ['192.0.2.1', 'localhost', '*.example.net', 'a..b', '.a.b', 'a.1b', '2001:db8::1', ''])
      expect(isDomain(none), none).to.equal(false);
  });
});
