import { expect } from 'chai';
import { capabilitiesOfTags, optionsOutcome, tagsOfCapabilities } from '../../lib/mapping/capabilities.js';
import { capabilityIds, type CapabilityId } from '../../lib/resources/capabilities.js';
import { printContactParameters, readFeatureTags } from '../../lib/wire/feature-tags.js';

const icsi = (name: string) => `;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.${name}"`;
const iari = (name: string) => `;+g.3gpp.iari-ref="urn%3Aurn-7%3A3gpp-application.ims.iari.${name}"`;
const tags = (parameters: string) => readFeatureTags([`<sip:a@b>${parameters}`]);
const enabled = (parameters: string) =>
  capabilitiesOfTags(tags(parameters))
    .filter((c) => c.status === 'Enabled')
    .map((c) => (c.version === undefined ? c.capabilityId : `${c.capabilityId} ${c.version}`));

describe('capabilities', () => {
  const rows = [
    ['', []],
    [icsi('oma.cpm.session'), ['Chat']],
    [icsi('oma.cpm.msg'), ['StandaloneMessaging']],
    [';+g.gsma.rcs.cpm.pager-large', ['StandaloneMessaging']],
    [icsi('oma.cpm.filetransfer'), ['FileTransfer']],
    [iari('rcs.fthttp'), ['FileTransferHttp']],
    [iari('rcs.ftthumb'), ['FileTransferThumbnail']],
    [iari('rcs.geopush'), ['GeolocationPush']],
    [iari('rcs.chatbot'), ['ChatbotSession']],
    [iari('rcs.chatbot.sa') + ';+g.gsma.rcs.botversion="#=1,#=2"', ['ChatbotSA #=1,#=2']],
    [';+g.gsma.rcs.msgrevoke', ['MessageRevoke']],
    [icsi('mmtel'), ['IPVoiceCall']],
    [icsi('mmtel') + ';video', ['IPVoiceCall', 'IPVideoCall']],
  ] as const;
  for (const [parameters, list] of rows) {
    it(`${parameters || 'no tag'}: ${list.join() || 'none'}`, () => expect(enabled(parameters)).to.deep.equal(list));
  }

  it('lists every capability, with its status', () => {
    expect(capabilitiesOfTags(tags('')).map((c) => c.capabilityId)).to.deep.equal(capabilityIds);
    expect(capabilitiesOfTags(tags('')).every((c) => c.status === 'Disabled' && c.version === undefined)).to.equal(
      true,
    );
  });

  it('what is announced for a capability is read as that capability [IWF-519]', () => {
    const ids: readonly CapabilityId[] = capabilityIds.filter((id) => id !== 'IPVideoCall');
    for (const capabilityId of ids) {
      const printed = printContactParameters(tagsOfCapabilities([{ capabilityId }]));
      expect(enabled(printed), capabilityId).to.include(capabilityId);
      expect(tags(printed).isbot).to.equal(true);
    }
    expect(tagsOfCapabilities([{ capabilityId: 'MessageRevoke' }])).to.deep.include({ icsis: [], iaris: [] });
  });

  it('announces a chatbot’s roles once, with their versions, and leaves out what it does not know [IWF-1009]', () => {
    const roles = [
      { capabilityId: 'ChatbotSession', version: '#=1' },
      { capabilityId: 'ChatbotSA', version: '#=1, #=2' },
      { capabilityId: 'Chat' },
      { capabilityId: 'toString' },
    ];
    expect(tagsOfCapabilities(roles)).to.deep.equal({
      icsis: ['oma.cpm.session', 'oma.cpm.msg', 'oma.cpm.largemsg'],
      iaris: ['rcs.chatbot', 'rcs.chatbot.sa'],
      isbot: true,
      botVersions: ['#=1', '#=2'],
      msgrevoke: false,
    });
  });

  describe('answers to OPTIONS [IWF-505][IWF-506][IWF-507]', () => {
    const rcs = iari('rcs.fthttp');
    const outcomes = [
      [200, rcs, 'capabilities'],
      [480, rcs, 'capabilities'],
      [200, ';video', 'not-rcs'],
      [404, '', 'not-rcs'],
      [604, '', 'not-rcs'],
      [410, '', 'not-rcs'],
      [404, rcs, 'unknown'],
      [480, '', 'unknown'],
      [408, '', 'unknown'],
      [503, '', 'unknown'],
      [403, '', 'unknown'],
      [300, '', 'unknown'],
      [300, rcs, 'unknown'],
    ] as const;
    for (const [status, parameters, outcome] of outcomes) {
      it(`${status} ${parameters === '' ? 'without' : 'with'} ${parameters}: ${outcome}`, () => {
        expect(optionsOutcome(status, tags(parameters))).to.equal(outcome);
      });
    }
  });
});
