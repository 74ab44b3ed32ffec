import { expect } from 'chai';
import { type MessageEvent, needsContent, next, passedOver } from '../../../lib/iwf/messages/message-state.js';
import { toldAs } from '../../../lib/iwf/messages/message-log.js';
import type { MessageStatus } from '../../../lib/resources/message-status.js';

describe('life of an outbound message [IWF-218]', () => {
  const lives: readonly [title: string, events: readonly MessageEvent[], end: MessageStatus][] = [
    ['is sent, delivered and displayed', ['sent', 'delivered', 'displayed'], 'Displayed'],
    ['does not fall back when Delivered comes late', ['sent', 'displayed', 'delivered'], 'Displayed'],
    ['is delivered before its own MSRP 200 was seen', ['delivered', 'sent'], 'Delivered'],
    ['is sent once', ['sent', 'sent'], 'Sent'],
    ['lets a late receipt win over Expired', ['expired', 'delivered'], 'Delivered'],
    ['lets a receipt of another device win over Failed', ['sent', 'failed', 'delivered'], 'Delivered'],
    ['does not fail after it was delivered', ['sent', 'delivered', 'failed'], 'Delivered'],
    ['is revoked before it was sent', ['revoked'], 'Revoked'],
    ['stays revoked', ['revoked', 'sent', 'failed'], 'Revoked'],
    ['was displayed whatever the network says of its revoke', ['sent', 'revoked', 'displayed'], 'Displayed'],
    ['is delivered though a revoke failed', ['sent', 'revokeFailed', 'delivered'], 'Delivered'],
    ['fails though a revoke failed before', ['sent', 'revokeFailed', 'failed'], 'Failed'],
    ['expires though a revoke failed before', ['sent', 'revokeFailed', 'expired'], 'Expired'],
    ['is displayed after all', ['sent', 'failed', 'displayed'], 'Displayed'],
    ['goes on as SMS after all', ['expired', 'interworked'], 'Interworked'],
    ['fails no revoke before it was sent', ['revokeFailed'], 'Pending'],
    ['goes on as SMS, and is displayed there', ['sent', 'interworked', 'displayed'], 'Displayed'],
  ];
  for (const [title, events, end] of lives) {
    it(title, () => {
      const status = events.reduce<MessageStatus>((now, event) => next(now, event) ?? now, 'Pending');
      expect(status).to.equal(end);
    });
  }

  it('was sent before any receipt, and that is told, too', () => {
    for (const status of ['Delivered', 'Displayed', 'Interworked'] as const) {
      expect(passedOver('Pending', status)).to.deep.equal(['Sent']);
      expect(passedOver('Sent', status)).to.deep.equal([]);
    }
    for (const status of ['Sent', 'Failed', 'Expired', 'Revoked'] as const)
      expect(passedOver('Pending', status)).to.deep.equal([]);
  });

  it('keeps the content only while it may have to be sent again', () => {
    expect(needsContent('Pending')).to.equal(true);
    const others = ['Sent', 'Delivered', 'Displayed', 'Failed', 'Revoked', 'Expired'] as const;
    expect(others.map(needsContent)).to.not.include(true);
  });
});

describe('what a bot is told of a status', () => {
  it('is only Failed where nothing was asked [IWF-223]', () => {
    expect(toldAs('Failed', undefined)).to.equal('Failed');
    expect(toldAs('Delivered', undefined)).to.equal(undefined);
    expect(toldAs('Expired', undefined)).to.equal('Failed');
    expect(toldAs('Failed', [])).to.equal('Failed');
    expect(toldAs('Delivered', [])).to.equal(undefined);
  });
  it('is what reportRequest names [IWF-223]', () => {
    expect(toldAs('Delivered', ['Delivered'])).to.equal('Delivered');
    expect(toldAs('Failed', ['Delivered'])).to.equal(undefined);
    expect(toldAs('Sent', ['Sent'])).to.equal('Sent');
  });
  it('names Expired and Interworked only to who asked for them by name [IWF-204]', () => {
    expect(toldAs('Expired', ['Expired'])).to.equal('Expired');
    expect(toldAs('Expired', ['Failed'])).to.equal('Failed');
    expect(toldAs('Interworked', ['Delivered'])).to.equal('Delivered');
    expect(toldAs('Interworked', ['Interworked'])).to.equal('Interworked');
  });
  it('always tells the end of a revoke, and never Pending [IWF-417]', () => {
    expect(toldAs('Revoked', [])).to.equal('Revoked');
    expect(toldAs('RevokeFailed', undefined)).to.equal('RevokeFailed');
    expect(toldAs('Pending', ['Sent'])).to.equal(undefined);
  });
});
