import { expect } from 'chai';
import type { FurtherNotification } from '../../lib/resources/further-notification.js';
import { printNotification } from '../../lib/resources/notification.js';
import { resourceRoots } from '../../lib/resources/roots.js';
import { compile } from '../../lib/resources/forms/validator.js';
import { parseXml, printXml } from '../../lib/resources/forms/xml-form.js';

const bot = 'sip:b@x';
const delivery = { notificationId: 'n', callbackData: 'd', serverRoot: 'http://g', subscriptionId: 's' };
const dateTime = '2026-11-22T10:00:00Z';
const capabilities = { contactId: 'tel:1', serviceCapability: [{ capabilityId: 'Chat', status: 'Enabled' }] } as const;
const report = { reportId: 'r', senderAddress: 'tel:1', chatbot: bot, messageId: ['m1', 'm2'], spamType: '', dateTime };
const command = { commandId: 'c 1', action: 'AliasOn', senderAddress: 'tel:1', dateTime, renew: true };
const alias = { alias: 'sip:t@x', contentType: 'application/xml', bodyText: '<a>&</a>', dateTime };

/** Notification, root, its first links' rel, and its own members in order. */
const rows: [notification: FurtherNotification, root: string, rels: string[], members: string[]][] = [
  [
    { kind: 'chatEvent', bot, contact: 'tel:1', sessionId: 'i', eventType: 'SessionEnded' },
    'chatEventNotification',
    ['ChatSessionInformation', 'ChatNotificationSubscription'],
    ['eventType', 'sessionId'],
  ],
  [
    { kind: 'chatSessionInvitation', bot, originatorAddress: 'tel:1', subject: 'hi', sessionId: 'i' },
    'chatSessionInvitationNotification',
    ['ParticipantSessionStatus', 'ChatSessionInformation', 'ChatNotificationSubscription'],
    ['originatorAddress', 'subject', 'tParticipantAddress', 'sessionId'],
  ],
  [
    { kind: 'chatSubscriptionCancellation', bot },
    'chatSubscriptionCancellationNotification',
    ['ChatNotificationSubscription'],
    [],
  ],
  [
    { kind: 'capability', bot, capabilities },
    'capabilityNotification',
    ['CapabilityNotificationSubscription'],
    ['contactServiceCapabilities'],
  ],
  [
    { kind: 'spamReport', bot, report },
    'spamReportNotification',
    ['SpamReportNotificationSubscription'],
    ['spamReport'],
  ],
  [
    { kind: 'privacyCommand', bot, command },
    'privacyCommandNotification',
    ['PrivacyCommandStatus', 'AliasNotificationSubscription'],
    ['commandId', 'action', 'senderAddress', 'dateTime', 'renew'],
  ],
  [
    { kind: 'aliasLink', bot, report: alias },
    'aliasLinkNotification',
    ['AliasNotificationSubscription'],
    ['alias', 'contentType', 'bodyText', 'dateTime'],
  ],
];

describe('resources/further-notification', () => {
  for (const [notification, root, rels, members] of rows) {
    it(`prints ${root}: links, members in order, notificationId last; the same through XML`, () => {
      const printed = printNotification(notification, delivery);
      expect(Object.keys(printed)).to.deep.equal([root]);
      const body = printed[root] as { link: { rel: string; href: string }[] };
      expect(Object.keys(body)).to.deep.equal(['callbackData', 'link', ...members, 'notificationId']);
      expect(body.link.map(({ rel }) => rel)).to.deep.equal(rels);
      for (const { href } of body.link) expect(href).to.match(/^http:\/\/g\/\w+\/v1\/sip%3Ab%40x\//);
      const { schema } = resourceRoots[root]!;
      const again = compile(schema)(parseXml(printXml(printed))[root]);
      expect(again).to.deep.equal({ kind: 'value', value: body });
    });
  }

  it('says where a privacy command is answered', () => {
    expect(printNotification({ kind: 'privacyCommand', bot, command }, delivery)).to.have.nested.property(
      'privacyCommandNotification.link[0].href',
      'http://g/aliasmgmt/v1/sip%3Ab%40x/tel%3A1/commands/c%201/status',
    );
  });
});
