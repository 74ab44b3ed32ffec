import { expect } from 'chai';
import type { Chatbot } from '../../lib/iwf/actions.js';
import { chatbotDirectory, type ChatbotTraits } from '../../lib/iwf/chatbots.js';

const traits = (platformId: string, version = '#=1'): ChatbotTraits => ({
  version,
  roles: ['session'],
  mode: 'auto',
  platformId,
  serverRoot: 'https://gw.example',
});
const named: Chatbot = { ...traits('named', '#=9'), uri: 'sip:shop@bots.example.net', name: 'The shop' };
const other: Chatbot = { ...traits('other'), uri: 'sip:else@elsewhere.example', name: 'else' };

const directory = chatbotDirectory({
  chatbots: [named],
  domains: [
    { pattern: '*.example.net', traits: traits('wide') },
    { pattern: 'bots.example.net', traits: traits('exact', '#=2') },
    { pattern: '*.bots.example.net', traits: traits('narrow') },
  ],
  others: { find: (key) => (key === other.uri ? other : undefined) },
});

describe('who a chatbot is', () => {
  const rows: readonly (readonly [uri: string, platformId: string | undefined])[] = [
    ['sip:shop@bots.example.net', 'named'],
    ['SIP:shop@BOTS.example.net:5060;transport=tcp', 'named'],
    ['sip:Shop@bots.example.net', 'exact'],
    ['sip:any@bots.example.net', 'exact'],
    ['sip:any@a.bots.example.net', 'narrow'],
    ['sip:any@a.b.bots.example.net', 'narrow'],
    ['sip:any@shops.example.net', 'wide'],
    ['sip:any@example.net', undefined],
    ['sip:any@notexample.net', undefined],
    ['sip:bots.example.net', undefined],
    ['sip:else@elsewhere.example', 'other'],
    ['sip:nobody@elsewhere.example', undefined],
    ['tel:+15550100001', undefined],
    ['nonsense', undefined],
  ];
  for (const [uri, platformId] of rows) {
    it(`${uri}: ${platformId ?? 'nobody'}`, () => expect(directory.find(uri)?.platformId).to.equal(platformId));
  }

  it('a bot of a domain is what the domain says, under its user part', () => {
    expect(directory.find('sip:any@bots.example.net')).to.deep.equal({
      ...traits('exact', '#=2'),
      uri: 'sip:any@bots.example.net',
      name: 'any',
    });
  });
});
