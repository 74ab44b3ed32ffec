import { expect } from 'chai';
import fc from 'fast-check';
import { defaultPrivacyVocabulary, parsePrivacy, printPrivacy, type Privacy } from '../../../lib/wire/rcs/privacy.js';
import { fixture, fixtures } from '../fixtures.js';
import { placeOfRefusal } from '../refusal.js';

describe('privacy management', () => {
  for (const [name, bytes] of fixtures('rcs/privacy/canonical')) {
    it(`${name}: parse and print give the same bytes`, () => {
      expect(printPrivacy(parsePrivacy(bytes)).toString()).to.equal(bytes.toString());
    });
  }

  it('reads the settings', () => {
    expect(parsePrivacy(fixture('rcs/privacy/canonical/settings.xml'))).to.deep.equal({
      kind: 'answer',
      commandId: 'c-1',
      result: 'success',
      setting: 'on',
      alias: 'sip:Ab9@alias.example.net;tk=on',
    });
  });

  for (const [name, bytes] of fixtures('rcs/privacy/tolerated')) {
    it(`${name}: is the command aliason`, () => {
      expect(parsePrivacy(bytes)).to.deep.equal({ kind: 'command', commandId: 'c-1', action: 'aliason' });
    });
  }

  it('another network’s words come from its vocabulary [IWF-809]', () => {
    const vocabulary = {
      ...defaultPrivacyVocabulary,
      result: 'status',
      success: ['200', 'OK'] as const,
      failed: '500',
      setting: 'mode',
      on: 'ON',
      off: 'OFF',
    };
    const answer: Privacy = { kind: 'answer', commandId: 'c', result: 'success', setting: 'off' };
    const printed = printPrivacy(answer, vocabulary);
    expect(printed.toString()).to.contain('<status>200</status><mode>OFF</mode>');
    expect(parsePrivacy(printed, vocabulary)).to.deep.equal(answer);
    expect(
      parsePrivacy('<AM><Command-ID>c</Command-ID><status>404</status><mode>?</mode></AM>', vocabulary),
    ).to.deep.equal({
      kind: 'answer',
      commandId: 'c',
      result: 'failed',
    });
    const broken = { ...vocabulary, result: 'a b' };
    expect(placeOfRefusal(() => printPrivacy(answer, broken))).to.equal('vocabulary');
  });

  const places: Readonly<Record<string, string>> = {
    'no-command-id.xml': 'Command-ID',
    'no-action.xml': 'action',
    'other-root.xml': 'root',
    'wrong-namespace.xml': 'root',
    'truncated.xml': '2:74',
  };
  for (const [name, bytes] of fixtures('rcs/privacy/invalid')) {
    it(`${name}: refused at ${places[name] ?? '?'}`, () => {
      expect(placeOfRefusal(() => parsePrivacy(bytes))).to.equal(places[name]);
    });
  }

  it('round trip', () => {
    const text = fc.stringMatching(/^[!-~]{1,30}$/);
    const command = fc.record({ kind: fc.constant('command' as const), commandId: text, action: text });
    const answer = fc.record(
      {
        kind: fc.constant('answer' as const),
        commandId: text,
        result: fc.constantFrom('success' as const, 'failed' as const),
        setting: fc.constantFrom('on' as const, 'off' as const),
        alias: text,
      },
      { requiredKeys: ['kind', 'commandId', 'result'] },
    );
    fc.assert(
      fc.property(
        fc.oneof(command, answer),
        (made) => void expect(parsePrivacy(printPrivacy(made))).to.deep.equal(made),
      ),
    );
  });
});
