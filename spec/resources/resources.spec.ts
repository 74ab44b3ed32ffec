import { expect } from 'chai';
import { ApiError, apiErrors } from '../../lib/resources/api-error.js';
import { parseAdhocContactList, printContactServiceCapabilities } from '../../lib/resources/capabilities.js';
import { parseIsComposing, printIsComposing } from '../../lib/resources/is-composing.js';
import { parseStatusRequest, printMessageStatusReport } from '../../lib/resources/message-status.js';
import { parsePrivacyCommandStatus } from '../../lib/resources/privacy-command.js';
import { printRequestError } from '../../lib/resources/request-error.js';
import { printResourceReference } from '../../lib/resources/resource-reference.js';
import { printSpamReport, printSpamReportList } from '../../lib/resources/spam-report.js';
import * as subscriptions from '../../lib/resources/subscription.js';
import * as urls from '../../lib/resources/urls.js';
import { refusal, refused } from './failure.js';

const serverRoot = 'https://gw.example/base';
const owner = { serverRoot, bot: 'sip:bot@example.net' };

describe('resources/is-composing', () => {
  it('reads and prints', () => {
    const state = {
      state: 'active',
      refresh: 60,
      contentType: 'text/plain',
      lastActive: '2026-11-22T10:00:00Z',
    } as const;
    expect(parseIsComposing({ isComposing: { ...state, refresh: '60', state: 'Active' } })).to.deep.equal(state);
    expect(JSON.stringify(printIsComposing({ refresh: 60, state: 'idle' }))).to.equal(
      '{"isComposing":{"state":"idle","refresh":60}}',
    );
  });

  it('refuses', () => {
    expect(refused(() => parseIsComposing({ isComposing: {} }))).to.equal('SVC0002 isComposing.state');
    expect(refused(() => parseIsComposing({ isComposing: { state: 'busy' } }))).to.equal('SVC0003 isComposing.state');
    expect(refused(() => parseIsComposing({ isComposing: { state: 'idle', refresh: 0 } }))).to.equal(
      'SVC0002 isComposing.refresh',
    );
  });
});

describe('resources/message-status', () => {
  it('reads what a bot may put', () => {
    expect(parseStatusRequest({ messageStatusReport: { status: 'displayed' } })).to.equal('Displayed');
    expect(parseStatusRequest({ messageStatusReport: { status: 'RevokeRequested', link: [] } })).to.equal(
      'RevokeRequested',
    );
    expect(refusal(() => parseStatusRequest({ messageStatusReport: { status: 'Sent' } })).variables).to.deep.equal([
      'messageStatusReport.status',
      'Delivered, Displayed, RevokeRequested',
    ]);
  });

  it('prints', () => {
    const printed = printMessageStatusReport({ resourceURL: 'u', status: 'Failed', description: 'SIP 404' });
    expect(JSON.stringify(printed)).to.equal(
      '{"messageStatusReport":{"status":"Failed","description":"SIP 404","resourceURL":"u"}}',
    );
  });
});

describe('resources/privacy-command', () => {
  it('reads the platform’s answer', () => {
    const answer = { result: 'Success', setting: 'On', alias: 'sip:t1@x;tk=on' } as const;
    expect(parsePrivacyCommandStatus({ privacyCommandStatus: answer })).to.deep.equal(answer);
    expect(parsePrivacyCommandStatus({ privacyCommandStatus: { result: 'FAILED' } })).to.deep.equal({
      result: 'Failed',
    });
    for (const [members, refusal] of [
      [{}, 'SVC0002 privacyCommandStatus.result'],
      [{ result: 'Perhaps' }, 'SVC0003 privacyCommandStatus.result'],
      [{ result: 'Success', setting: 'Maybe' }, 'SVC0003 privacyCommandStatus.setting'],
    ] as const)
      expect(refused(() => parsePrivacyCommandStatus({ privacyCommandStatus: members }))).to.equal(refusal);
  });
});

describe('resources/spam-report', () => {
  it('prints each report with its place', () => {
    const report = { reportId: 'r', senderAddress: 'tel:+1', chatbot: 'sip:b@x', messageId: ['m'], dateTime: 'd' };
    const places = `${serverRoot}/spamreport/v1/sip%3Abot%40example.net/reports`;
    const printed = { ...report, spamType: 'fraud', freeText: 'x', resourceURL: `${places}/r` };
    expect(printSpamReport({ ...report, spamType: 'fraud', freeText: 'x' }, owner)).to.deep.equal({
      spamReport: printed,
    });
    expect(printSpamReportList([report], owner)).to.deep.equal({
      spamReportList: { spamReport: [{ ...report, resourceURL: `${places}/r` }], resourceURL: places },
    });
  });
});

describe('resources/capabilities', () => {
  it('prints in order', () => {
    const serviceCapability = [{ status: 'Enabled', capabilityId: 'Chat' }] as const;
    expect(JSON.stringify(printContactServiceCapabilities({ serviceCapability, contactId: 'tel:+1' }))).to.equal(
      '{"contactServiceCapabilities":{"contactId":"tel:+1","serviceCapability":[{"capabilityId":"Chat","status":"Enabled"}]}}',
    );
  });

  it('reads a list of contacts, collapsed or not', () => {
    expect(parseAdhocContactList({ adhocContactList: { contactId: 'tel:+1' } })).to.deep.equal(['tel:+1']);
    expect(parseAdhocContactList({ adhocContactList: { contactId: ['tel:+1', 'sip:a@b'] } })).to.have.length(2);
    expect(refused(() => parseAdhocContactList({ adhocContactList: { contactId: [] } }))).to.equal(
      'SVC0002 adhocContactList.contactId',
    );
    expect(refused(() => parseAdhocContactList({ adhocContactList: { contactId: ['tel:+1', ''] } }))).to.equal(
      'SVC0002 adhocContactList.contactId[1]',
    );
  });
});

describe('resources/subscription', () => {
  const { parseSubscription, parseSubscriptionUpdate, printSubscription, printSubscriptionList } = subscriptions;
  const callbackReference = { notifyURL: 'https://p.example/n' };

  it('reads either dialect, with the defaults of the API [IWF-1502]', () => {
    expect(parseSubscription('chat', { chatNotificationSubscription: { callbackReference } })).to.deep.equal({
      notifyURL: 'https://p.example/n',
      notificationFormat: 'JSON',
      confirmedChatSupported: false,
      adhocChatSupported: true,
    });
    const quoted = {
      callbackReference: { ...callbackReference, callbackData: 'é "x"', notificationFormat: 'xml' },
      clientCorrelator: 'c',
      duration: '600',
      confirmedChatSupported: 'true',
      adhocChatSupported: 'false',
    };
    expect(parseSubscription('spamreport', { spamReportNotificationSubscription: quoted })).to.deep.equal({
      notifyURL: 'https://p.example/n',
      callbackData: 'é "x"',
      notificationFormat: 'XML',
      clientCorrelator: 'c',
      duration: 600,
      confirmedChatSupported: true,
      adhocChatSupported: false,
    });
  });

  it('takes null for a member that is not set, at whatever depth', () => {
    const unset = { clientCorrelator: null, duration: null, confirmedChatSupported: null, adhocChatSupported: null };
    const reference = { ...callbackReference, callbackData: null, notificationFormat: null };
    expect(
      parseSubscription('chat', { chatNotificationSubscription: { callbackReference: reference, ...unset } }),
    ).to.deep.equal(parseSubscription('chat', { chatNotificationSubscription: { callbackReference } }));
    expect(
      refused(() => parseSubscription('chat', { chatNotificationSubscription: { callbackReference: null } })),
    ).to.equal('SVC0002 chatNotificationSubscription.callbackReference');
  });

  it('takes every duration that xsd:unsignedInt has', () => {
    const of = (duration: unknown) => ({ chatNotificationSubscription: { callbackReference, duration } });
    for (const longest of [4_294_967_295, '4294967295'])
      expect(parseSubscription('chat', of(longest))).to.have.property('duration', 4_294_967_295);
    expect(refused(() => parseSubscription('chat', of(4_294_967_296)))).to.match(/duration$/);
  });

  it('takes duration 0 for none', () => {
    const body = { aliasNotificationSubscription: { callbackReference, duration: 0 } };
    expect(parseSubscription('aliasmgmt', body)).not.to.have.property('duration');
  });

  const bad: [members: object, refusal: string][] = [
    [{}, 'callbackReference'],
    [{ callbackReference: {} }, 'callbackReference.notifyURL'],
    [{ callbackReference: { notifyURL: 'no scheme' } }, 'callbackReference.notifyURL'],
    [{ callbackReference: { notifyURL: 'http://a\r\nb' } }, 'callbackReference.notifyURL'],
    [{ callbackReference: { ...callbackReference, callbackData: 5 } }, 'callbackReference.callbackData'],
    [{ callbackReference, duration: -1 }, 'duration'],
    [{ callbackReference, duration: 'long' }, 'duration'],
    [{ callbackReference, adhocChatSupported: 'yes' }, 'adhocChatSupported'],
    [{ callbackReference, adhocChatSupported: 1 }, 'adhocChatSupported'],
  ];
  for (const [members, part] of bad) {
    it(`refuses ${JSON.stringify(members)}`, () => {
      const parse = () => parseSubscription('capabilitydiscovery', { capabilityNotificationSubscription: members });
      expect(refused(parse)).to.equal(`SVC0002 capabilityNotificationSubscription.${part}`);
    });
  }

  it('reads a new duration alone', () => {
    const update = (members: object) => parseSubscriptionUpdate('chat', { chatNotificationSubscription: members });
    expect(update({ duration: 7200, callbackReference: 'whatever' })).to.equal(7200);
    expect(update({})).to.equal(0);
  });

  it('returns correlator and callback data as they were given', () => {
    const callback = { ...callbackReference, callbackData: ' é\n', notificationFormat: 'json' };
    const asked = { callbackReference: callback, clientCorrelator: 'c 1' };
    const read = parseSubscription('chat', { chatNotificationSubscription: asked });
    expect(read).to.include({ notificationFormat: 'JSON' });
    const { duration = 600, ...members } = read;
    const kept = {
      ...members,
      id: 's',
      api: 'chat',
      platformId: 'p',
      bot: owner.bot,
      duration,
      expiresAtMs: 1,
    } as const;
    expect(printSubscription(kept, { serverRoot, nowMs: 0 })).to.deep.nested.include({
      'chatNotificationSubscription.clientCorrelator': 'c 1',
      'chatNotificationSubscription.callbackReference.callbackData': ' é\n',
      'chatNotificationSubscription.callbackReference.notificationFormat': 'JSON',
    });
  });

  it('prints what remains, rounded up, and never less than nothing', () => {
    const kept: subscriptions.Subscription = {
      ...({ id: 's 1', api: 'chat', platformId: 'p', bot: owner.bot, duration: 600, expiresAtMs: 10_500 } as const),
      ...({
        notifyURL: 'u',
        notificationFormat: 'JSON',
        confirmedChatSupported: false,
        adhocChatSupported: true,
      } as const),
    };
    const printed = printSubscription(kept, { serverRoot, nowMs: 10_000 });
    expect(JSON.stringify(printed)).to.equal(
      '{"chatNotificationSubscription":{"callbackReference":{"notifyURL":"u","notificationFormat":"JSON"},"duration":1,' +
        '"confirmedChatSupported":false,"adhocChatSupported":true,' +
        '"resourceURL":"https://gw.example/base/chat/v1/sip%3Abot%40example.net/subscriptions/s%201"}}',
    );
    expect(printSubscription(kept, { serverRoot, nowMs: 99_000 })).to.have.nested.property(
      'chatNotificationSubscription.duration',
      0,
    );
    const list = printSubscriptionList({ api: 'chat', bot: owner.bot }, [kept], { serverRoot, nowMs: 0 });
    expect(list).to.have.nested.property('chatSubscriptionList.chatNotificationSubscription[0].duration', 11);
    expect(list).to.have.nested.property(
      'chatSubscriptionList.resourceURL',
      'https://gw.example/base/chat/v1/sip%3Abot%40example.net/subscriptions',
    );
  });
});

describe('resources/request-error', () => {
  it('prints each identifier as the service’s or the policy’s exception', () => {
    for (const id of Object.keys(apiErrors) as (keyof typeof apiErrors)[]) {
      const exception = { messageId: id, text: apiErrors[id].text, variables: ['a', 'b'] };
      const kind = id.startsWith('SVC') ? 'serviceException' : 'policyException';
      expect(printRequestError(new ApiError(id, ['a', 'b']))).to.deep.equal({ requestError: { [kind]: exception } });
    }
  });
});

describe('resources/urls', () => {
  it('percent-encodes path variables with upper-case hex', () => {
    expect(urls.messageUrl(owner, { contact: 'tel:+15550100001', messageId: "a/b?c#d é%'(*)!" })).to.equal(
      'https://gw.example/base/chat/v1/sip%3Abot%40example.net/oneToOne/tel%3A%2B15550100001/adhoc/messages/' +
        'a%2Fb%3Fc%23d%20%C3%A9%25%27%28%2A%29%21',
    );
  });

  it('says the place of every resource', () => {
    const b = 'https://gw.example/base';
    const bot = 'sip%3Abot%40example.net';
    const place = { contact: 'tel:1', sessionId: 's', messageId: 'm' };
    expect([
      urls.messageStatusUrl(owner, place),
      urls.participantStatusUrl(owner, 'tel:1', 's'),
      urls.subscriptionUrl(owner, 'aliasmgmt', 'i'),
      urls.contactCapabilitiesUrl(owner, 'tel:1'),
      urls.capabilitySourceUrl(owner, 'i'),
      urls.spamReportUrl(owner, 'i'),
      urls.privacyCommandStatusUrl(owner, 'tel:1', 'i'),
      printResourceReference('x').resourceReference.resourceURL,
    ]).to.deep.equal([
      `${b}/chat/v1/${bot}/oneToOne/tel%3A1/s/messages/m/status`,
      `${b}/chat/v1/${bot}/oneToOne/tel%3A1/s/status`,
      `${b}/aliasmgmt/v1/${bot}/subscriptions/i`,
      `${b}/capabilitydiscovery/v1/${bot}/contactCapabilities/tel%3A1`,
      `${b}/capabilitydiscovery/v1/${bot}/capabilitySources/i`,
      `${b}/spamreport/v1/${bot}/reports/i`,
      `${b}/aliasmgmt/v1/${bot}/tel%3A1/commands/i/status`,
      'x',
    ]);
  });
});
