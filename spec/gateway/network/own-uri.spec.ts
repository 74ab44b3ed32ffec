import { expect } from 'chai';
import { namesUs } from '../../../lib/gateway/network/own-uri.js';

describe('a Request-URI that names the gateway itself', () => {
  const names = {
    listening: ['udp/192.0.2.10:5060', 'tls/[2001:db8::1]:5061', 'tcp/192.0.2.10:5080'],
    hosts: ['iwf.example.net'],
    nobody: (user: string) => user !== 'shop',
  };

  for (const uri of [
    'sip:192.0.2.10',
    'sip:192.0.2.10:5080;transport=tcp',
    'sip:ping@192.0.2.10:5060',
    'sips:[2001:DB8::1]',
    'sip:ping@[2001:db8::1]:5061',
    'sip:IWF.example.net:5070',
  ]) {
    it(`has our place: ${uri}`, () => expect(namesUs(uri, names)).to.equal(true));
  }

  for (const uri of [
    'sip:shop@192.0.2.10',
    'sip:ping@iwf.example.net',
    'sip:192.0.2.10:5090',
    'sip:192.0.2.11',
    'tel:+15550100001',
    'sip:',
  ]) {
    it(`has not: ${uri}`, () => expect(namesUs(uri, names)).to.equal(false));
  }
});
