import { expect } from 'chai';
import type { Address } from '../../../lib/sip-engine/api.js';
import { createResolve, type Dns, type SrvRecord } from '../../../lib/sip-engine/transport/resolve.js';
import { parseSipUri } from '../../../lib/sip-engine/message/uri.js';
import { FakeClock } from '../../support/fake-clock.js';

const SRV: Readonly<Record<string, readonly SrvRecord[]>> = {
  '_sip._tcp.ims.example.net': [
    { name: 'b.example.net', port: 5070, priority: 2, weight: 1 },
    { name: 'a.example.net', port: 5060, priority: 1, weight: 1 },
  ],
};
const HOSTS: Readonly<Record<string, readonly string[]>> = {
  'a.example.net': ['192.0.2.1', '2001:db8::1'],
  'b.example.net': ['192.0.2.2'],
};

function stage(maxCached = 10): { ask: (uri: string) => Promise<string[]>; asked: string[]; clock: FakeClock } {
  const asked: string[] = [];
  const answer = <T>(name: string, from: Readonly<Record<string, readonly T[]>>): Promise<readonly T[]> => {
    asked.push(name);
    const found = from[name];
    return found ? Promise.resolve(found) : Promise.reject(new Error('ENOTFOUND'));
  };
  const dns: Dns = {
    addresses: (host) => (host === 'slow.example.net' ? new Promise(() => undefined) : answer(host, HOSTS)),
    srv: (name) => answer(name, SRV),
  };
  const clock = new FakeClock();
  const resolve = createResolve({ dns, clock, timeoutMs: 3000, cacheMs: 30_000, maxCached });
  const shown = ({ protocol, host, port }: Address): string => `${protocol} ${host} ${port}`;
  return { asked, clock, ask: async (uri) => (await resolve(parseSipUri(uri)!)).map(shown) };
}

describe('From a URI to addresses (RFC 3263 §4)', () => {
  it('asks nobody about numbers', async () => {
    const { ask, asked } = stage();
    expect(await ask('sip:a@192.0.2.7')).to.deep.equal(['udp 192.0.2.7 5060']);
    expect(await ask('sip:a@[2001:db8::7]:5070;transport=tcp')).to.deep.equal(['tcp 2001:db8::7 5070']);
    expect(await ask('sip:a@b.example.net;maddr=192.0.2.8')).to.deep.equal(['udp 192.0.2.8 5060']);
    expect(asked).to.deep.equal([]);
  });

  it('follows SRV by priority where there is no port', async () => {
    expect(await stage().ask('sip:ims.example.net')).to.deep.equal([
      'tcp 192.0.2.1 5060',
      'tcp 2001:db8::1 5060',
      'tcp 192.0.2.2 5070',
    ]);
  });

  it('goes by the host alone where a port is given, or no SRV exists', async () => {
    expect(await stage().ask('sip:b.example.net:5080')).to.deep.equal(['udp 192.0.2.2 5080']);
    expect(await stage().ask('sip:b.example.net;transport=tcp')).to.deep.equal(['tcp 192.0.2.2 5060']);
  });

  it('rejects where nothing is found, and after the time allowed', async () => {
    const { ask, clock } = stage();
    expect(await ask('sip:no.example.net').catch((error: unknown) => error)).to.be.instanceOf(Error);
    const slow = ask('sip:slow.example.net:5060').catch((error: unknown) => error);
    await clock.advance(3000);
    expect(await slow)
      .to.be.instanceOf(Error)
      .with.property('message', 'DNS timed out');
    expect(clock.pending).to.equal(0);
  });

  it('uses an answer again for a while, and remembers no more than so many', async () => {
    const { ask, asked, clock } = stage(1);
    await ask('sip:b.example.net:5060');
    await ask('sip:b.example.net:5060');
    expect(asked).to.have.length(1);
    await clock.advance(30_001);
    await ask('sip:b.example.net:5060');
    expect(asked).to.have.length(2);
    await ask('sip:a.example.net:5060');
    await ask('sip:b.example.net:5060');
    expect(asked).to.have.length(4);
  });
});
