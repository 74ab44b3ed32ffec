import { expect } from 'chai';
import { createOrigins } from '../../../lib/gateway/load/origins.js';
import type { Chatbot } from '../../../lib/iwf/actions.js';
import { chatbotDirectory } from '../../../lib/iwf/chatbots.js';

const shop: Chatbot = {
  uri: 'sip:shop@bots.example.net',
  name: 'shop',
  version: '#=1',
  roles: ['session'],
  mode: 'auto',
  platformId: 'one',
  serverRoot: 'https://gw.example',
};

describe('under whose name work is counted', () => {
  const origins = createOrigins(chatbotDirectory({ chatbots: [shop], domains: [] }));

  it('what users send: that of the chatbot, however it is written; those that nobody has are one', () => {
    expect(origins.ofUser(shop.uri)).to.equal(shop.uri);
    expect(origins.ofUser('SIP:shop@BOTS.example.net:5060;transport=tcp')).to.equal(shop.uri);
    const madeUp = Array.from({ length: 100 }, (_none, n) => origins.ofUser(`sip:made-up-${n}@bots.example.net`));
    expect(new Set([...madeUp, origins.ofUser('nonsense')])).to.deep.equal(new Set(['']));
  });

  it('what a platform sends: that of its chatbot, and never of another platform’s', () => {
    expect(origins.ofPlatform('one', shop.uri)).to.equal(shop.uri);
    expect(origins.ofPlatform('two', shop.uri)).to.equal('two');
    expect(origins.ofPlatform('two', 'sip:made-up@bots.example.net')).to.equal('two');
  });
});
