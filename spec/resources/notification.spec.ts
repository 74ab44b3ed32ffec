import { expect } from 'chai';
import { readdressed } from '../../lib/resources/notification-head.js';
import { printNotification, type Notification } from '../../lib/resources/notification.js';
import type { Subscription } from '../../lib/resources/subscription.js';

const delivery = {
  notificationId: 'n1',
  callbackData: 'x "y"',
  serverRoot: 'http://gw.example',
  subscriptionId: 's1',
};
const from = { bot: 'sip:bot@example.net', senderAddress: 'tel:+15550100001', sessionId: 'adhoc' };
const chat = 'http://gw.example/chat/v1/sip%3Abot%40example.net';
const user = `${chat}/oneToOne/tel%3A%2B15550100001`;

describe('resources/notification', () => {
  it('prints a message with the place for its receipt', () => {
    const printed = printNotification(
      {
        ...{ kind: 'chatMessage', ...from, messageId: 'm 2', dateTime: '2026-11-22T10:00:00Z', receiptAsked: true },
        ...{ message: { contentType: 'text/plain', text: 'hi' }, senderName: 'Ann' },
      } as const,
      delivery,
    );
    expect(JSON.stringify(printed)).to.equal(
      '{"chatMessageNotification":{"callbackData":"x \\"y\\"","link":[' +
        `{"rel":"MessageStatusReport","href":"${user}/adhoc/messages/m%202/status"},` +
        `{"rel":"ChatNotificationSubscription","href":"${chat}/subscriptions/s1"}],` +
        '"dateTime":"2026-11-22T10:00:00Z","chatMessage":{"text":"hi","contentType":"text/plain"},' +
        '"sessionId":"adhoc","messageId":"m 2","senderAddress":"tel:+15550100001","senderName":"Ann","notificationId":"n1"}}',
    );
  });

  it('gives no place for a receipt that was not asked for', () => {
    const notification = { kind: 'chatMessage', ...from, messageId: 'm', dateTime: 'd', receiptAsked: false } as const;
    const silent = { notificationId: 'n1', serverRoot: delivery.serverRoot, subscriptionId: 's1' };
    const printed = printNotification({ ...notification, message: { text: 'hi' } }, silent);
    expect(printed).to.have.nested.property('chatMessageNotification.link[0].rel', 'ChatNotificationSubscription');
    expect(printed).not.to.have.nested.property('chatMessageNotification.link[1]');
    expect(printed).not.to.have.nested.property('chatMessageNotification.callbackData');
  });

  it('prints that a user is writing', () => {
    const printed = printNotification(
      { kind: 'isComposing', ...from, dateTime: 'd', isComposing: { refresh: 60, state: 'active' } },
      delivery,
    );
    expect(JSON.stringify(printed)).to.contain(
      '"dateTime":"d","isComposing":{"state":"active","refresh":60},"sessionId":"adhoc","senderAddress"',
    );
    expect(printed).not.to.have.nested.property('chatMessageNotification.messageId');
  });

  it('is the same for another subscription but for what is that one’s own', () => {
    const status: Notification = {
      ...({ kind: 'messageStatus', bot: from.bot, contact: from.senderAddress, sessionId: 'adhoc' } as const),
      ...({ messageId: 'm1', status: 'Delivered' } as const),
    };
    const other: Subscription = {
      ...({ id: 's2', api: 'chat', platformId: 'p', bot: from.bot, notifyURL: 'u', callbackData: 'z' } as const),
      ...({ duration: 1, expiresAtMs: 1, notificationFormat: 'JSON' } as const),
      ...{ confirmedChatSupported: false, adhocChatSupported: true },
    };
    const own = { ...delivery, subscriptionId: 's2', callbackData: 'z' };
    expect(readdressed(printNotification(status, delivery), other, delivery.serverRoot)).to.deep.equal(
      printNotification(status, own),
    );
  });

  it('prints a status with the message’s Location first', () => {
    const printed = printNotification(
      {
        ...{ kind: 'messageStatus', bot: from.bot, contact: from.senderAddress, sessionId: 'adhoc', messageId: 'm1' },
        ...{ status: 'Failed', description: 'SIP 404 Not Found' },
      } as const,
      delivery,
    );
    expect(JSON.stringify(printed)).to.equal(
      '{"chatMessageStatusNotification":{"callbackData":"x \\"y\\"","link":[' +
        `{"rel":"ChatMessage","href":"${user}/adhoc/messages/m1"},` +
        `{"rel":"ChatNotificationSubscription","href":"${chat}/subscriptions/s1"}],` +
        '"status":"Failed","messageId":"m1","description":"SIP 404 Not Found","notificationId":"n1"}}',
    );
  });
});
