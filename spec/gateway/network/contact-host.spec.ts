import { expect } from 'chai';
import { loadConfig } from '../../../lib/config.js';
import { contactHost } from '../../../lib/gateway/network/contact-host.js';

function hostOf(env: Readonly<Record<string, string>>, ...listening: string[]): string {
  const config = loadConfig({
    env: { IWF_SERVERROOT: 'http://127.0.0.1:8080', IWF_PLATFORMS: '[{"id":"shop"}]', ...env },
  });
  return contactHost(config, { agent: { listening } });
}

describe('What Contact calls us (RFC 3261 §8.1.1.8)', () => {
  it('is left to the embedded engine, which knows the way', () => {
    expect(hostOf({}, 'udp/0.0.0.0:5060')).to.equal('localhost');
    expect(hostOf({ IWF_SIP__ADVERTISE: 'iwf.example.net' }, 'udp/0.0.0.0:5060')).to.equal('localhost');
  });

  const drachtio = { IWF_SIP__ENGINE: 'drachtio' };

  it('is the first address of a drachtio-server, with its transport', () => {
    expect(hostOf(drachtio, 'udp/192.0.2.1:5060', 'tcp/192.0.2.1:5060')).to.equal('192.0.2.1:5060');
    expect(hostOf(drachtio, 'tcp/192.0.2.1:5070', 'udp/192.0.2.1:5060')).to.equal('192.0.2.1:5070;transport=tcp');
    expect(hostOf(drachtio, 'tcp/[2001:db8::1]:5060')).to.equal('[2001:db8::1]:5060;transport=tcp');
  });

  it('is of the next hop’s transport, and one that others reach, in whatever order the server names them', () => {
    const hop = { ...drachtio, IWF_SIP__NEXTHOP: 'sip:192.0.2.9;transport=tcp' };
    const listening = ['tls/192.0.2.1:5061', 'tcp/127.0.0.1:5060', 'tcp/192.0.2.1:5060', 'udp/192.0.2.1:5060'];
    expect(hostOf(hop, ...listening)).to.equal('192.0.2.1:5060;transport=tcp');
    expect(hostOf(hop, ...listening.slice(0, 2))).to.equal('127.0.0.1:5060;transport=tcp');
    expect(hostOf(drachtio, ...listening.slice(1))).to.equal('192.0.2.1:5060;transport=tcp');
  });

  it('is the advertised host with the port of that address', () => {
    const advertised = { ...drachtio, IWF_SIP__ADVERTISE: 'iwf.example.net' };
    expect(hostOf(advertised, 'tls/192.0.2.1:5061')).to.equal('iwf.example.net:5061;transport=tls');
  });
});
