import { expect } from 'chai';
import { type Route, type RouteRule, routesOf } from '../../../lib/sip/routing/routes.js';

const others: Route = { nextHops: ['sip:home'], userUri: 'tel', pagerMaxBytes: 1300, headers: [], ioi: undefined };

function rule(match: string, nextHop: string, more: Partial<Route> = {}): RouteRule {
  return { ...others, match, nextHops: [nextHop], ...more };
}

describe('routes [IWF-1401]', () => {
  const routes = routesOf(
    [
      rule('+1', 'sip:north'),
      rule('+1555', 'sip:acme', { userUri: 'sip:{e164}@acme.example;user=phone' }),
      rule('Hub.example.net', 'sip:hub'),
    ],
    others,
    { defaultCountry: '+1' },
  );

  for (const [uri, hop] of [
    ['tel:+15550100001', 'sip:acme'],
    ['sip:+15550100001@ims.example;user=phone', 'sip:acme'],
    ['tel:+1444', 'sip:north'],
    ['tel:+49301234', 'sip:home'],
    ['sip:Token@HUB.example.net;p=1', 'sip:hub'],
    ['sip:Token@sub.hub.example.net', 'sip:home'],
    ['sip:+15550100001@hub.example.net', 'sip:acme'],
    // A reply goes to the form last received from the user, whatever it is.
    ['tel:+1-555-010-0001', 'sip:acme'],
    ['tel:5550100001;phone-context=+1', 'sip:acme'],
    ['tel:5550100001', 'sip:acme'],
    ['sip:%2B15550100001@ims.example;user=phone', 'sip:acme'],
    ['sip:+15550100001;npdi;rn=+1444@ims.example;user=phone', 'sip:acme'],
    ['sip:5550100001;phone-context=+1@ims.example;user=phone', 'sip:acme'],
    ['sip:token;a=b@hub.example.net', 'sip:hub'],
    ['tel:+', 'sip:home'],
    [`tel:+${'1'.repeat(5000)}`, 'sip:north'],
    ['nonsense', 'sip:home'],
  ] as const) {
    it(`lead ${uri.slice(0, 40)} to ${hop}`, () => {
      expect(routes.of(uri).nextHops).to.deep.equal([hop]);
    });
  }

  it('name the user as his operator wants it', () => {
    expect(routes.userUri('tel:+15550100001')).to.equal('sip:+15550100001@acme.example;user=phone');
    expect(routes.userUri('tel:+1444')).to.equal('tel:+1444');
  });

  it('know every next hop once', () => {
    expect(routes.nextHops).to.deep.equal(['sip:north', 'sip:acme', 'sip:hub', 'sip:home']);
  });
});
