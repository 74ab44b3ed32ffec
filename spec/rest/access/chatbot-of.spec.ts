import { expect } from 'chai';
import type { Chatbot } from '../../../lib/iwf/actions.js';
import type { RestDeps } from '../../../lib/rest/deps.js';
import { chatbotFinder } from '../../../lib/rest/access/chatbot-of.js';
import { refused } from '../../resources/failure.js';

const serverRoot = 'https://open.example';
const traits = { name: 'n', version: '#=1', roles: ['session'], mode: 'auto', serverRoot } as const;
const chatbot = (uri: string, platformId: string): Chatbot => ({ ...traits, uri, platformId });
const platform = { id: 'a', serverRoot };

describe('the chatbot of a request', () => {
  const configured = [chatbot('sip:own@x', 'a'), chatbot('sip:theirs@x', 'b')];
  let admitted: string[];
  let would: (platformId: string, uri: string) => Chatbot | undefined;

  beforeEach(() => {
    admitted = [];
    would = (platformId, uri) => chatbot(uri, platformId);
  });

  function find(userId: string, host = 'open.example', method = 'GET'): Promise<Chatbot> {
    const deps: Pick<RestDeps, 'directory' | 'rootChatbots' | 'chatbotRoots'> = {
      directory: {
        find: (uri) => configured.find((one) => one.uri === uri),
        ofPlatform: (id) => configured.filter(({ platformId }) => platformId === id),
      },
      rootChatbots: {
        would: (platformId, uri) => would(platformId, uri),
        admit: ({ uri }) => Promise.resolve(void admitted.push(uri)),
      },
      chatbotRoots: [{ platformId: 'a', serverRoot }],
    };
    const request = { method, url: '/', headers: { host } } as never;
    return chatbotFinder(deps as RestDeps)(platform, request, userId);
  }
  const refusal = async (userId: string, host?: string) => {
    const thrown: unknown = await find(userId, host).catch((error: unknown) => error);
    return refused(() => {
      throw thrown;
    });
  };

  it('under a root of chatbots is whoever is named, and known from the first POST on', async () => {
    expect((await find('sip:new@x')).uri).to.equal('sip:new@x');
    expect(admitted).to.deep.equal([]);
    await find('sip:new@x', 'open.example', 'POST');
    expect(admitted).to.deep.equal(['sip:new@x']);
  });

  it('is no other platform’s under a root of chatbots either', async () => {
    expect(await refusal('sip:theirs@x')).to.equal('SVC2008 chatbot');
    expect((await find('sip:own@x', 'open.example', 'POST')).uri).to.equal('sip:own@x');
    expect(admitted).to.deep.equal([]);
  });

  it('is nobody where the root takes him for none, or the request came in elsewhere', async () => {
    expect(await refusal('sip:new@x', 'gw.example')).to.equal('SVC2008 chatbot');
    would = () => undefined;
    expect(await refusal('sip:new@x')).to.equal('SVC2008 chatbot');
  });

  it('by acr:auth is the only one of the credential, under a root of chatbots too', async () => {
    for (const host of ['open.example', 'gw.example']) expect((await find('acr:auth', host)).uri).to.equal('sip:own@x');
    configured.push(chatbot('sip:second@x', 'a'));
    expect(await refusal('acr:auth')).to.equal('SVC0002 userId');
    configured.splice(0, 3, configured[1]!);
    expect(await refusal('acr:auth')).to.equal('SVC0002 userId');
  });
});
