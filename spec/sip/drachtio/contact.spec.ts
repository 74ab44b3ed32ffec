import { expect } from 'chai';
import { withOwnContact } from '../../../lib/sip/drachtio/contact.js';

describe('Contact of a request through a drachtio-server, which rewrites and cuts one of another address', () => {
  const listening = ['tls/10.0.0.1:5061', 'tcp/127.0.0.1:5060', 'udp/10.0.0.1:5060', 'tcp/10.0.0.1:5060'];
  const tags = ';+g.3gpp.iari-ref="urn%3Aurn-7";+g.gsma.rcs.isbot';
  const contact = (value: string, nextHop?: string, addresses: readonly string[] = listening): string | undefined =>
    withOwnContact(
      { method: 'INVITE', uri: 'sip:a@b', headers: [['Contact', value]], ...(nextHop && { nextHop }) },
      addresses,
    ).headers[0]?.[1];

  it('has the address of the next hop’s transport, and all its feature tags', () => {
    const name = `<sip:shop@iwf.example.net:5061;x;transport=tls>${tags}`;
    expect(contact(name, 'sip:10.9.9.9;transport=TCP')).to.equal(`<sip:shop@10.0.0.1:5060;x;transport=tcp>${tags}`);
    expect(contact(name, 'sip:10.9.9.9;transport=udp')).to.equal(`<sip:shop@10.0.0.1:5060;x>${tags}`);
  });

  it('stays where it is one of the server’s, or where nobody knows the way', () => {
    const local = `<sip:shop@127.0.0.1:5060;transport=tcp>${tags}`;
    expect(contact(local, 'sip:127.0.0.1:5070;transport=tcp')).to.equal(local);
    expect(contact(local, 'sip:sbc.example.net')).to.equal(local);
    expect(contact(local)).to.equal(local);
    expect(contact('*', 'sip:h;transport=tcp')).to.equal('*');
    expect(contact(local, 'sip:10.9.9.9;transport=tcp', ['tcp/0.0.0.0:5060'])).to.equal(local);
  });
});
