import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import type { Notify } from '../../lib/notify/notify.js';
import { laneOf, readItem } from '../../lib/notify/delivery/item.js';
import type { ChatComposingNotification, Notification } from '../../lib/resources/notification.js';
import type { Store } from '../../lib/store/store.js';
import {
  bot,
  chatMessage,
  hang,
  notifyOver,
  startPlatform,
  status,
  subscriptionRequest,
  tellOf,
  until,
  volatileStore,
  type Platform,
} from './harness.js';

const composing = (state: 'active' | 'idle'): ChatComposingNotification => ({
  kind: 'isComposing',
  bot: bot().uri,
  senderAddress: 'tel:+15550100001',
  sessionId: 'adhoc',
  dateTime: '2026-11-22T10:00:00Z',
  isComposing: { state },
});

const statusOf = (messageId: string): Notification => ({
  kind: 'messageStatus',
  bot: bot().uri,
  contact: 'tel:+15550100001',
  sessionId: 'adhoc',
  messageId,
  status: 'Delivered',
});

describe('notifications', () => {
  let platform: Platform;
  let store: Store;
  let notify: Notify;

  const subscribe = (more = {}, name = 'a'): ReturnType<Notify['subscriptions']['create']> =>
    notify.subscriptions.create(bot(name), 'chat', subscriptionRequest(platform.url, more));

  beforeEach(async () => {
    platform = await startPlatform();
    store = volatileStore();
    notify = await notifyOver(store);
  });

  afterEach(async () => {
    await notify.stop();
    await store.close();
    await platform.close();
  });

  describe('of one event', () => {
    it('are wanted where a live subscription of the bot takes them', async () => {
      expect(notify.notifications.wanted(bot().uri, 'chatMessage')).to.be.false;
      await subscribe({ adhocChatSupported: false });
      expect(notify.notifications.wanted(bot().uri, 'chatMessage')).to.be.false;
      await subscribe();
      expect(notify.notifications.wanted(bot().uri, 'chatMessage')).to.be.true;
      expect(notify.notifications.wanted(bot('b').uri, 'chatMessage')).to.be.false;
    });

    it('are one item for each subscription that takes it, each with its own id', async () => {
      const { subscription: first } = await subscribe({ callbackData: 'one' });
      const { subscription: second } = await subscribe({ callbackData: 'two' });
      await subscribe({ adhocChatSupported: false });
      await subscribe({}, 'b');
      await notify.subscriptions.create(bot(), 'spamreport', subscriptionRequest(platform.url));
      const items = notify.notifications.items(chatMessage('hi'));
      expect(items.map(({ queue }) => queue)).to.deep.equal(['notify', 'notify']);
      expect(new Set(items.map(({ id }) => id)).size).to.equal(2);
      const bodies = items.map((each) => readItem({ ...each, enqueuedAtMs: 0, attempts: 0 })!);
      expect(bodies.map(({ subscriptionId }) => subscriptionId)).to.have.members([first.id, second.id]);
      expect(bodies.map(({ body }) => (JSON.parse(body) as { callbackData: string }).callbackData)).to.have.members([
        'one',
        'two',
      ]);
      expect(bodies[0]?.about).to.deep.equal({
        kind: 'chatMessage',
        bot: bot().uri,
        contact: 'tel:+15550100001',
        messageId: 'm-hi',
        copies: 2,
      });
    });

    it('of a session go to those that take confirmed sessions', async () => {
      await subscribe();
      expect(notify.notifications.items(chatMessage('hi', { sessionId: 's1' }))).to.deep.equal([]);
      await subscribe({ adhocChatSupported: false, confirmedChatSupported: true });
      expect(notify.notifications.items(chatMessage('hi', { sessionId: 's1' }))).to.have.length(1);
    });

    it('of a message of the bot in a session go to those that take adhoc chat where nobody takes sessions', async () => {
      const told = { ...statusOf('m1'), sessionId: 's1' } as Notification;
      const { subscription: adhoc } = await subscribe();
      const takers = (): readonly unknown[] =>
        notify.notifications
          .items(told)
          .map((each) => readItem({ ...each, enqueuedAtMs: 0, attempts: 0 })?.subscriptionId);
      expect(takers()).to.deep.equal([adhoc.id]);
      const { subscription: confirmed } = await subscribe({ confirmedChatSupported: true });
      expect(takers()).to.deep.equal([confirmed.id]);
    });

    it('have one lane for the messages and the receipts of one user', async () => {
      await subscribe();
      const [message] = notify.notifications.items(chatMessage('hi'));
      const [receipt] = notify.notifications.items(statusOf('m1'));
      const [other] = notify.notifications.items(chatMessage('hi', { senderAddress: 'tel:+15550100002' }));
      expect(receipt?.lane).to.equal(message?.lane);
      expect(other?.lane).to.not.equal(message?.lane);
    });

    it('have lanes that no address can make collide', () => {
      const parts: [string, string, string][] = [
        ['s', 'a|b', 'c'],
        ['s', 'a', 'b|c'],
        ['s|a', 'b', 'c'],
        ['s', 'a%7Cb', 'c'],
        ['s', 'a', 'b%7Cc'],
      ];
      expect(new Set(parts.map((each) => laneOf(...each))).size).to.equal(parts.length);
    });
  });

  describe('told at once', () => {
    it('come without being stored [IWF-307]', async () => {
      await subscribe();
      notify.notifications.tell(composing('active'));
      await platform.received(1);
      expect(platform.calls[0]?.body).to.contain('isComposing');
      expect(await store.depth('notify')).to.equal(0);
    });

    it('are dropped behind items that wait', async () => {
      await subscribe();
      await tellOf(notify, store, chatMessage('first'));
      notify.notifications.tell(composing('active'));
      notify.start();
      await until(async () => (await store.depth('notify')) === 0);
      expect(platform.calls.map(({ text }) => text)).to.deep.equal(['first']);
    });

    it('are dropped where the callback fails, and never repeated [IWF-307]', async () => {
      await subscribe();
      platform.answer = status(503);
      notify.notifications.tell(composing('active'));
      await platform.received(1);
      platform.answer = status(204);
      await tellOf(notify, store, chatMessage('next'));
      notify.start();
      await platform.received(2);
      expect(platform.calls[1]?.text).to.equal('next');
    });

    it('come in order: of those that come while one is under way the last', async () => {
      await subscribe();
      const open: ServerResponse[] = [];
      platform.answer = (_call, response) => void open.push(response);
      notify.notifications.tell(composing('active'));
      await platform.received(1);
      notify.notifications.tell(composing('active'));
      notify.notifications.tell(composing('idle'));
      platform.answer = status(204);
      open[0]?.writeHead(204).end();
      await platform.received(2);
      expect(platform.calls).to.have.length(2);
    });

    it('are dropped while their bot pauses, as its platform has asked', async () => {
      const told: string[] = [];
      await notify.stop();
      const metrics = { count: (name: string) => void told.push(name), observe: () => undefined };
      notify = await notifyOver(store, { metrics });
      await subscribe();
      platform.answer = status(429, { 'Retry-After': '60' });
      notify.start();
      await tellOf(notify, store, chatMessage('too much', { senderAddress: 'tel:+15550109' }));
      await until(() => told.includes('notify_callbacks'));
      notify.notifications.tell(composing('active'));
      await until(() => told.includes('notify_told'));
      expect(platform.calls.map(({ text }) => text)).to.deep.equal(['too much']);
    });

    it('harm nobody where nobody listens', async () => {
      notify.notifications.tell(composing('active'));
      await subscribe();
      platform.answer = hang;
      notify.notifications.tell(composing('active'));
      await platform.received(1);
    });
  });
});
