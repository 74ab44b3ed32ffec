import { expect } from 'chai';
import { bot, contact, startWorld, type World } from '../world.js';

interface Reference {
  readonly resourceReference: { readonly resourceURL: string };
}

for (const engine of ['embedded', 'drachtio'] as const)
  describe(`a conversation over real sockets, engine ${engine}`, () => {
    let world: World;

    before(async () => {
      world = await startWorld({ engine, receipts: ['delivered', 'displayed'] });
    });
    after(() => world.stop());

    it('brings a message of the bot to the phone, and its receipts back [IWF-101][IWF-201]', async () => {
      const { phone, platform } = world;
      const sent = await platform.send(contact, {
        text: 'Grüße, 世界 🎉',
        reportRequest: ['Sent', 'Delivered', 'Displayed'],
        trafficType: 'advertisement',
      });
      expect(sent.status).to.equal(201);
      const { resourceURL } = (sent.body as Reference).resourceReference;
      expect(sent.location).to.equal(resourceURL);
      await phone.until(() => phone.inbox.length === 1);
      expect(phone.inbox[0]).to.include({
        text: 'Grüße, 世界 🎉',
        from: bot,
        trafficType: 'advertisement',
        way: 'session',
      });
      const displayed = await platform.waitFor(({ body }) => body['status'] === 'Displayed');
      expect(displayed.body).to.deep.include({ callbackData: 'the data', messageId: phone.inbox[0]?.messageId });
      expect(displayed.body['link']).to.deep.include({ rel: 'ChatMessage', href: resourceURL });
      const status = await platform.request('GET', `${resourceURL}/status`);
      expect(status.body).to.have.nested.property('messageStatusReport.status', 'Displayed');
    });

    it('brings a message of the phone to the bot, and the receipts of the bot back [IWF-102]', async () => {
      const { phone, platform } = world;
      const messageId = await phone.send(bot, 'hallo');
      const told = await platform.waitFor(({ body }) => body['messageId'] === messageId);
      expect(told.kind).to.equal('chatMessageNotification');
      expect(told.body).to.deep.include({ senderAddress: contact, sessionId: 'adhoc' });
      expect(told.body['chatMessage']).to.include({ text: 'hallo' });
      expect(told.webhookId).to.equal(told.body['notificationId']);
      const put = await platform.putStatus(contact, messageId, 'Displayed');
      expect(put.status).to.equal(204);
      await phone.until(() => phone.receipts.length === 1);
      expect(phone.receipts[0]).to.deep.equal({ messageId, status: 'displayed', way: 'session' });
    });

    it('takes a pager message [IWF-1103]', async () => {
      const { phone, platform } = world;
      const messageId = await phone.sendPager(bot, 'kurz');
      const told = await platform.waitFor(({ body }) => body['messageId'] === messageId);
      expect(told.body['chatMessage']).to.include({ text: 'kurz' });
    });

    it('says both ways who is typing [IWF-309]', async () => {
      const { phone, platform } = world;
      // Worth nothing behind a message that is still under way: typed again until it meets a free lane.
      const seen = platform.waitFor(({ body }) => body['isComposing'] !== undefined);
      const typing = new AbortController();
      void seen.finally(() => typing.abort());
      while (!typing.signal.aborted) await phone.sendComposing(bot, 'active');
      await seen;
      const posted = await platform.composing(contact, 'active');
      expect(posted.status).to.equal(204);
      await phone.until(() => phone.composing.includes('active'));
    });

    it('asks the network what a contact can do [IWF-501]', async () => {
      const answer = await world.platform.request(
        'GET',
        `/capabilitydiscovery/v1/${encodeURIComponent(bot)}/contactCapabilities/${encodeURIComponent(contact)}`,
      );
      expect(answer.status).to.equal(200);
      expect(JSON.stringify(answer.body)).to.include('ChatbotSession');
    });
  });
