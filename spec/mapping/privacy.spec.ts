import { expect } from 'chai';
import { mapPrivacyAction, mapPrivacyAnswer, settingAfter } from '../../lib/mapping/privacy.js';
import { privacyActions } from '../../lib/wire/rcs/privacy.js';

describe('privacy commands', () => {
  it('name every known action as the platform knows it, others verbatim [IWF-810]', () => {
    expect(privacyActions.map(mapPrivacyAction)).to.deep.equal(['FetchSettings', 'AliasOn', 'AliasOff', 'AliasLink']);
    expect(mapPrivacyAction('AliasDance')).to.equal('AliasDance');
  });

  it('are answered with the Command-ID [IWF-802]', () => {
    expect(mapPrivacyAnswer('c', { result: 'Success', setting: 'On', alias: 'sip:t@x' })).to.deep.equal({
      kind: 'answer',
      commandId: 'c',
      result: 'success',
      setting: 'on',
      alias: 'sip:t@x',
    });
    expect(mapPrivacyAnswer('c', { result: 'Failed' })).to.deep.equal({
      kind: 'answer',
      commandId: 'c',
      result: 'failed',
    });
  });

  it('change the setting by their success alone, and by what the platform says of it [IWF-811]', () => {
    expect(settingAfter('AliasOn', { result: 'Success', alias: 't' })).to.deep.equal({ setting: 'On', alias: 't' });
    expect(settingAfter('AliasOff', { result: 'Success' })).to.deep.equal({ setting: 'Off' });
    expect(settingAfter('FetchSettings', { result: 'Success', setting: 'On' })).to.deep.equal({ setting: 'On' });
    expect(settingAfter('FetchSettings', { result: 'Success' })).to.equal(undefined);
    expect(settingAfter('AliasOn', { result: 'Failed' })).to.equal(undefined);
  });
});
