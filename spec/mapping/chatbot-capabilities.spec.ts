import { expect } from 'chai';
import { announcedTags, type SourceView } from '../../lib/mapping/chatbot-capabilities.js';
import type { ContactCapability } from '../../lib/resources/capabilities.js';

const bot = { roles: ['session', 'standalone'], version: '#=1,#=2' } as const;
const user = 'tel:+15550100001';

function source(contacts: readonly string[] | undefined, ...capabilities: readonly ContactCapability[]): SourceView {
  return { contacts: contacts && new Set(contacts), serviceCapability: capabilities };
}
function enabled(capabilityId: ContactCapability['capabilityId'], version?: string): ContactCapability {
  return { capabilityId, status: 'Enabled', ...(version === undefined ? {} : { version }) };
}

describe('what is said of a chatbot', () => {
  it('is its configuration where no source speaks to the contact', () => {
    expect(announcedTags([], bot, user)).to.equal(undefined);
    expect(announcedTags([source(['tel:+1'], enabled('Chat'))], bot, user)).to.equal(undefined);
    expect(announcedTags([source([user], enabled('Chat'))], bot, undefined)).to.equal(undefined);
  });

  it('is what the sources that name him say, else those for all', () => {
    const sources = [source(undefined, enabled('ChatbotSA')), source([user], enabled('FileTransferHttp'))];
    expect(announcedTags(sources, bot, user)?.iaris).to.deep.equal(['rcs.fthttp']);
    expect(announcedTags(sources, bot, 'tel:+1')?.iaris).to.deep.equal(['rcs.chatbot.sa']);
  });

  it('is the word of the later source, capability by capability', () => {
    const sources = [
      source(undefined, enabled('FileTransferHttp'), enabled('GeolocationPush')),
      source(undefined, { capabilityId: 'FileTransferHttp', status: 'Disabled' }),
    ];
    expect(announcedTags(sources, bot, user)?.iaris).to.deep.equal(['rcs.geopush']);
  });

  for (const role of ['ChatbotSession', 'ChatbotSA'] as const)
    it(`offers the versions that both know, and no role without one: ${role}`, () => {
      const versions = (version?: string) => announcedTags([source(undefined, enabled(role, version))], bot, user);
      expect(versions('#=2,#=3')?.botVersions).to.deep.equal(['#=2']);
      expect(versions()?.botVersions).to.deep.equal(['#=1', '#=2']);
      expect(versions('#=3')?.iaris).to.deep.equal([]);
    });
});
